import { createHash } from "node:crypto";
import type { Page } from "@playwright/test";
import { AURORA, expect, open, test } from "./page";
import { en } from "./texts";

const CLIENT = "recall-page";

function unsigned(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part(claims)}.${"A".repeat(342)}`;
}

/** An issuer of the page's own origin, which its Content-Security-Policy lets it talk to. */
async function issuer(page: Page, baseURL: string) {
  const url = `${baseURL}/issuer`;
  const asked: URLSearchParams[] = [];
  await page.route("**/config.json", (route) =>
    route.fulfill({
      json: { signIn: { kind: "oidc", issuer: url, clientId: CLIENT, scope: "openid" } },
    }),
  );
  await page.route("**/issuer/.well-known/openid-configuration", (route) =>
    route.fulfill({
      json: {
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
      },
    }),
  );
  await page.route("**/issuer/authorize?**", (route) => {
    const query = new URL(route.request().url()).searchParams;
    asked.push(query);
    const back = new URL(query.get("redirect_uri") ?? "");
    back.searchParams.set("code", "the-code");
    back.searchParams.set("state", query.get("state") ?? "");
    return route.fulfill({ status: 302, headers: { location: back.href } });
  });
  await page.route("**/issuer/token", async (route) => {
    const body = new URLSearchParams(route.request().postData() ?? "");
    const first = asked.at(-1);
    const challenge = createHash("sha256")
      .update(body.get("code_verifier") ?? "")
      .digest("base64url");
    if (challenge !== first?.get("code_challenge") || body.get("code") !== "the-code") {
      return route.fulfill({ status: 400, json: { error: "invalid_grant" } });
    }
    const answer = await page.request.post("/sandbox/token", { data: { uid: AURORA } });
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: url, aud: CLIENT, sub: AURORA, nonce: first.get("nonce") };
    return route.fulfill({
      json: {
        access_token: (await answer.json()).token,
        token_type: "Bearer",
        expires_in: 3600,
        id_token: unsigned({ ...claims, iat: now, exp: now + 300 }),
      },
    });
  });
  return asked;
}

test("the issuer's sign-in leads back to where it began", async ({ page, baseURL }) => {
  const asked = await issuer(page, baseURL ?? "");
  await page.goto("/earnings?range=7d");
  await page.getByRole("button", { name: en.signIn.action }).click();
  await expect(page).toHaveURL(/\/earnings\?range=7d$/);
  await expect(page.getByTestId("line").first()).toBeVisible();
  const query = asked[0];
  expect(query?.get("code_challenge_method")).toBe("S256");
  expect(query?.get("client_id")).toBe(CLIENT);
});

test("sign_in_names_the_programme_where_known", async ({ page, baseURL }) => {
  await issuer(page, baseURL ?? "");
  await page.goto("/");
  await page.getByRole("button", { name: en.signIn.action, exact: true }).waitFor();
  await page.evaluate(() => localStorage.setItem("programme", '{"brand":"Welcome Back"}'));
  await page.reload();
  const action = en.signIn.actionTo({ brand: "Welcome Back" });
  await expect(page.getByRole("button", { name: action })).toBeVisible();
});

test("an answer that nobody asked for signs nobody in", async ({ page, baseURL }) => {
  await issuer(page, baseURL ?? "");
  await page.goto("/signed-in?code=the-code&state=forged");
  await expect(page.getByRole("heading", { name: en.signIn.failedTitle })).toBeVisible();
});

test("a forged state is refused", async ({ page, baseURL }) => {
  await issuer(page, baseURL ?? "");
  await page.route("**/issuer/authorize?**", (route) =>
    route.fulfill({
      status: 302,
      headers: { location: `${baseURL}/signed-in?code=the-code&state=forged` },
    }),
  );
  await page.goto("/dashboard");
  await page.getByRole("button", { name: en.signIn.action }).click();
  await expect(page.getByRole("heading", { name: en.signIn.failedTitle })).toBeVisible();
});

test("signing out leaves nothing of the user behind", async ({ page }) => {
  await page.goto("/dashboard");
  await page
    .getByRole("button", { name: /Aurora/ })
    .first()
    .click();
  await expect(page.getByTestId("total-commission")).toBeVisible();
  await page.getByRole("button", { name: en.account.signedInAs({ uid: AURORA }) }).click();
  await page.getByRole("menuitem", { name: en.account.switchUser }).click();
  await expect(page.getByRole("heading", { name: en.signIn.sandboxTitle })).toBeVisible();
  const left = await page.evaluate(() => [sessionStorage, localStorage].flatMap(Object.keys));
  // The programme's own name is the same for everyone.
  expect(left.filter((key) => key !== "programme")).toEqual([]);
});

test("session_new_tab_stays_signed_in", async ({ page, context }) => {
  await open(page, "/dashboard", AURORA);
  await expect(page.getByTestId("total-commission")).toBeVisible();
  const second = await context.newPage();
  await second.goto("/invitees");
  await expect(second.locator("[data-testid=invitee]").first()).toBeVisible();
});

test("session_sign_out_reaches_all_tabs", async ({ page, context }) => {
  await open(page, "/dashboard", AURORA);
  const second = await context.newPage();
  await second.goto("/invitees");
  await expect(second.locator("[data-testid=invitee]").first()).toBeVisible();
  await page.getByRole("button", { name: en.account.signedInAs({ uid: AURORA }) }).click();
  await page.getByRole("menuitem", { name: en.account.switchUser }).click();
  await expect(second.getByRole("heading", { name: en.signIn.sandboxTitle })).toBeVisible();
  await expect(second.locator("[data-testid=invitee]")).toHaveCount(0);
});
