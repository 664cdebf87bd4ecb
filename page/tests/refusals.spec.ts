import type { Page } from "@playwright/test";
import { AURORA, codeOf, expect, open, test, users } from "./page";
import { en, textsOf } from "./texts";

const { landing } = en;
const tr = textsOf("tr");

/** What stands on the page where a bind is refused. */
async function expectRefusal(page: Page, reason: keyof typeof en.bindReasons, texts = en) {
  const refusal = page.getByTestId(`refused-${reason}`);
  await expect(refusal.getByRole("heading")).toHaveText(texts.bindReasons[reason].title);
  await expect(refusal).toContainText(texts.bindReasons[reason].text);
  await expect(page.getByRole("button", { name: texts.join.window.bind })).toHaveCount(0);
}

test("every refusal of the sample programme has its own words", async ({ page }) => {
  const { refused } = await users(page);
  expect(refused.length).toBeGreaterThanOrEqual(13);
  for (const { uid, via, reason } of refused) {
    await open(page, `/join?ref=${await codeOf(page, via)}`, uid);
    await expectRefusal(page, reason as keyof typeof en.bindReasons);
  }
});

test("where time heals it, the instant is told, here and in UTC", async ({ page }) => {
  await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "30000003");
  await expectRefusal(page, "recently_active");
  const from = page.getByTestId("eligible-from");
  // Istanbul is three hours ahead. At 20:04:51 the minute has begun already: the next one is named.
  await expect(from.getByRole("time")).toHaveText("23 Nov 2026, 23:05");
  await expect(from).toContainText("23 Nov 2026, 20:05 UTC");
});

test("bound_user_is_led_to_the_inviter", async ({ page }) => {
  await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "40000001");
  await expect(page.getByRole("heading", { name: en.join.alreadyThis })).toBeVisible();
  await page.getByRole("link", { name: en.join.seeInviter }).click();
  await expect(page.getByText("1***1")).toBeVisible();
});

test("own_link_says_so_and_leads_to_the_links", async ({ page }) => {
  await open(page, `/join?ref=${await codeOf(page, AURORA)}`, AURORA);
  await expectRefusal(page, "self_referral");
  await page.getByRole("link", { name: en.join.ownAction }).click();
  await expect(page.getByTestId("default-link")).toBeVisible();
});

test("a link that does not exist, and an address without one", async ({ page }) => {
  await open(page, "/join?ref=ZZZZZZZZ", "20000003");
  await expectRefusal(page, "unknown_link");
  await open(page, "/join?ref=a%20b", "20000003");
  await expect(page.getByRole("heading", { name: landing.incompleteTitle })).toBeVisible();
});

/** A window that the sample cannot bring about: the programme made it so in the past. */
async function answerWith(page: Page, reason: string) {
  await page.route("**/v1/bind?**", async (route) => {
    const response = await route.fetch();
    const window = await response.json();
    const checks = [{ reason, met: false, sentence: "-" }];
    const { confirmation: _, expiresAt: __, ...rest } = window;
    await route.fulfill({ response, json: { ...rest, eligible: false, checks } });
  });
}

test("a link for new users only, in both languages", async ({ page }) => {
  await answerWith(page, "link_not_recall_capable");
  await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "20000003");
  await expectRefusal(page, "link_not_recall_capable");
  await page.getByRole("button", { name: en.account.signedInAs({ uid: "20000003" }) }).click();
  await page.getByRole("menuitemradio", { name: "Türkçe" }).click();
  await page.keyboard.press("Escape");
  await expectRefusal(page, "link_not_recall_capable", tr as typeof en);
});

test("what changes between the window and the decision is told with its reason", async ({
  page,
}) => {
  await page.route("**/v1/bind", async (route) => {
    const problem = {
      type: "urn:problem-type:recall:recently_active",
      title: "-",
      status: 422,
      detail: "-",
      code: "recently_active",
      rule: "90-days",
      checks: [{ reason: "recently_active", met: false, sentence: "-" }],
      eligibleFrom: "2027-02-20T12:00:00.000Z",
    };
    await route.fulfill({ status: 422, contentType: "application/problem+json", json: problem });
  });
  await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "20000004");
  await page.getByRole("button", { name: en.join.window.bind }).click();
  await expectRefusal(page, "recently_active");
  await expect(page.getByTestId("eligible-from")).toContainText("20 Feb 2027, 12:00 UTC");
});

test("whoever decides nothing can come back to it", async ({ page }) => {
  await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "20000004");
  await page.getByRole("button", { name: en.join.window.later }).click();
  await expect(page.getByText(en.join.closed)).toBeVisible();
  await page.getByRole("button", { name: en.join.reopen }).click();
  await expect(page.getByRole("dialog", { name: en.join.window.title })).toBeVisible();
});
