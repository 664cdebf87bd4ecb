import { AURORA, amountIn, ask, chartOf, codeOf, expect, open, test, users } from "./page";
import { en } from "./texts";

const problem = (code: string, status: number) => ({
  status,
  contentType: "application/problem+json",
  json: { type: `urn:problem-type:recall:${code}`, title: "-", status, detail: "-", code },
});

test("a slow API shows that something is coming, and then the thing", async ({ page }) => {
  await page.route("**/v1/dashboard**", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await route.continue();
  });
  await open(page, "/dashboard", AURORA);
  await expect(page.locator(".skeleton")).toBeVisible();
  await expect(page.getByTestId("total-commission")).toBeVisible();
  await expect(page.locator(".skeleton")).toHaveCount(0);
});

test("a view opens with the figures of the range that it names, and with none before", async ({
  page,
}) => {
  await page.route("**/v1/dashboard?**", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await route.continue();
  });
  await open(page, "/dashboard?range=7d", AURORA);
  await expect(page.getByRole("radio", { name: en.range.presets["7d"] })).toBeChecked();
  await expect(page.locator(".skeleton")).toBeVisible();
  await expect(page.getByTestId("total-commission")).toHaveCount(0);
  const week = await (
    await ask(page, AURORA, "/v1/dashboard?from=2026-11-15&to=2026-11-21")
  ).json();
  await expect(page.getByTestId("total-commission")).toBeVisible();
  expect(await amountIn(page, "total-commission")).toBe(week.totals.usd.commission);
});

test.describe("small window", () => {
  test.use({ viewport: { width: 1280, height: 400 } });
  test("range_is_asked_for_once_and_the_chart_when_seen", async ({ page }) => {
    const asked: string[] = [];
    const charts: string[] = [];
    page.on("request", (request) => {
      const { pathname, search } = new URL(request.url());
      if (request.method() === "GET" && pathname === "/v1/dashboard") {
        asked.push(pathname + search);
      }
      if (pathname.startsWith("/assets/chart")) charts.push(pathname);
    });
    await open(page, "/dashboard", AURORA);
    await expect(page.getByTestId("total-commission")).toBeVisible();
    await page.waitForLoadState("networkidle");
    expect(asked).toEqual(["/v1/dashboard"]);
    expect(charts).toEqual([]);
    await chartOf(page);
    expect(charts).toHaveLength(1);
    expect(asked.slice(1)).toEqual(["/v1/dashboard?from=2026-09-23&to=2026-10-22"]);
  });
});

test("stopped_binds_are_explained_in_plain_words", async ({ page }) => {
  let stopped = true;
  await page.route("**/v1/bind?**", (route) =>
    stopped ? route.fulfill(problem("binds_stopped", 503)) : route.continue(),
  );
  const code = await codeOf(page, AURORA);
  const [dormant] = (await users(page)).dormant;
  await open(page, `/join?ref=${code}`, dormant?.uid);
  await expect(page.getByRole("alert")).toContainText(en.problems.codes.binds_stopped);
  stopped = false;
  await page.getByRole("button", { name: en.common.retry }).click();
  await expect(page.getByText(en.join.window.title)).toBeVisible();
});

test("notices_of_the_operator_are_shown", async ({ page }) => {
  await page.route("**/v1/dashboard**", async (route) => {
    const answer = await route.fetch();
    const notices = [{ code: "payments_stopped", since: "2026-11-22T08:00:00.000Z" }];
    await route.fulfill({ response: answer, json: { ...(await answer.json()), notices } });
  });
  const words = en.notices.payments_stopped({ since: "22 Nov 2026, 11:00" });
  for (const address of ["/", "/dashboard"]) {
    await open(page, address, AURORA);
    await expect(page.getByText(words)).toBeVisible();
  }
});

test("a failing API is told in words, and trying again helps", async ({ page }) => {
  let failing = true;
  await page.route("**/v1/dashboard**", (route) =>
    failing ? route.fulfill(problem("internal", 500)) : route.continue(),
  );
  await open(page, "/dashboard", AURORA);
  await expect(page.getByRole("alert")).toContainText(en.problems.codes.internal);
  failing = false;
  await page.getByRole("button", { name: en.common.retry }).click();
  await expect(page.getByTestId("total-commission")).toBeVisible();
});

test("a throttled request is tried again before anybody is bothered", async ({ page }) => {
  let refused = 0;
  await page.route("**/v1/link", (route) =>
    refused++ < 2 ? route.fulfill(problem("throttled", 429)) : route.continue(),
  );
  await open(page, "/links", AURORA);
  await expect(page.getByTestId("default-link")).toBeVisible();
  expect(refused).toBe(3);
});

test("no connection is not taken for a failure of ours", async ({ page }) => {
  await page.route("**/v1/**", (route) => route.abort("connectionrefused"));
  await open(page, "/earnings", AURORA);
  await expect(page.getByRole("alert")).toContainText(en.problems.codes.offline);
});

test("one part that fails leaves the others", async ({ page }) => {
  await page.route("**/v1/links", (route) => route.fulfill(problem("internal", 500)));
  await page.route("**/v1/link/qr.svg**", (route) => route.fulfill(problem("internal", 500)));
  await open(page, "/links", AURORA);
  await expect(page.getByTestId("default-link")).toContainText("/join?ref=");
  await expect(page.getByText(en.links.qrFailed)).toBeVisible();
  await expect(page.getByRole("alert")).toContainText(en.problems.codes.internal);
});

test("a refused change says so and changes nothing", async ({ page }) => {
  await page.route("**/v1/links", (route) =>
    route.request().method() === "POST"
      ? route.fulfill(problem("too_many_links", 409))
      : route.continue(),
  );
  await open(page, "/links", AURORA);
  await page.getByRole("button", { name: en.links.new }).click();
  await page.getByRole("button", { name: en.links.make }).click();
  await expect(page.getByRole("alert")).toHaveText(en.problems.codes.too_many_links);
});

test("an export that breaks off saves nothing", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  await page.route("**/v1/dashboard/commissions**", (route) => route.abort());
  await page.getByRole("button", { name: en.lines.export }).click();
  await page.getByRole("menuitem", { name: en.lines.exportCsv }).click();
  await expect(page.getByText(en.lines.exportFailed).first()).toBeVisible();
});

test("an expired token is renewed without a word", async ({ page }) => {
  await open(page, "/links", AURORA);
  await expect(page.getByTestId("default-link")).toBeVisible();
  await page.evaluate(() => {
    const session = JSON.parse(localStorage.getItem("session") ?? "{}");
    localStorage.setItem("session", JSON.stringify({ ...session, token: "none.of.them" }));
  });
  await page.reload();
  await expect(page.getByTestId("default-link")).toBeVisible();
});

test("without its config the page says what is missing", async ({ page }) => {
  await page.route("**/config.json", (route) => route.fulfill({ json: { signIn: {} } }));
  await page.goto("/");
  await expect(page.getByText(en.problems.config)).toBeVisible();
});

test("range_change_offline_keeps_figures_and_says_so", async ({ page, context }) => {
  await open(page, "/dashboard", AURORA);
  await expect(page.getByTestId("total-commission")).toBeVisible();
  const before = await amountIn(page, "total-commission");
  await context.setOffline(true);
  await expect(page.getByText(en.problems.youAreOffline)).toBeVisible();
  await page.getByRole("radio", { name: en.range.presets["7d"] }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText(
    /Couldn't load 15\s?–\s?21 Nov 2026\. .* 23 Oct – 21 Nov 2026\./,
  );
  await expect(alert).toContainText(en.problems.codes.offline);
  expect(await amountIn(page, "total-commission")).toBe(before);
  await context.setOffline(false);
  await expect(page.getByText(en.problems.youAreOffline)).toHaveCount(0);
  await expect(alert).toHaveCount(0);
  await expect.poll(() => amountIn(page, "total-commission")).not.toBe(before);
});

test("range_change_answered_500_keeps_figures_and_toolbar", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  await expect(page.getByTestId("total-commission")).toBeVisible();
  const before = await amountIn(page, "total-commission");
  let failing = true;
  await page.route("**/v1/dashboard?**", (route) =>
    failing ? route.fulfill(problem("internal", 500)) : route.continue(),
  );
  await page.getByRole("radio", { name: en.range.presets["7d"] }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText(en.problems.codes.internal);
  expect(await amountIn(page, "total-commission")).toBe(before);
  await expect(page.getByRole("radio", { name: en.range.presets["90d"] })).toBeVisible();
  await expect(page.getByTestId("as-of")).toBeVisible();
  failing = false;
  await alert.getByRole("button", { name: en.common.retry }).click();
  await expect(alert).toHaveCount(0);
  await expect.poll(() => amountIn(page, "total-commission")).not.toBe(before);
});

test("view_with_missing_file_keeps_navigation", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  await expect(page.getByTestId("total-commission")).toBeVisible();
  await page.route("**/assets/invitees-*.js", (route) => route.abort());
  const navigation = page.getByRole("navigation", { name: en.nav.label });
  await navigation.getByRole("link", { name: en.nav.invitees }).click();
  await expect(page.getByRole("alert")).toContainText(en.problems.partMissing);
  await navigation.getByRole("link", { name: en.nav.dashboard }).click();
  await expect(page.getByTestId("total-commission")).toBeVisible();
});

test("poster_with_missing_file_leaves_the_links", async ({ page }) => {
  await page.route("**/assets/poster-window-*.js", (route) => route.abort());
  await open(page, "/links", AURORA);
  await page.getByRole("button", { name: en.links.download }).first().click();
  await page.getByRole("menuitem", { name: en.sharing.poster }).click();
  await expect(page.getByText(en.problems.partMissing).first()).toBeVisible();
  await expect(page.getByTestId("default-link")).toBeVisible();
});

test("broken_view_offers_support_where_named", async ({ page }) => {
  await page.route("**/v1/dashboard", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const programme = { ...answer.programme, support: "https://example.com/help" };
    await route.fulfill({ response, json: { ...answer, programme } });
  });
  await page.route("**/v1/dashboard/referrals**", (route) =>
    route.fulfill({ json: { dataAsOf: null, referrals: [{ uid: "1" }], nextCursor: null } }),
  );
  await open(page, "/links", AURORA);
  await page.getByTestId("default-link").waitFor();
  const navigation = page.getByRole("navigation", { name: en.nav.label });
  await navigation.getByRole("link", { name: en.nav.invitees }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText(en.problems.brokenText);
  await expect(alert.getByRole("link", { name: en.join.support })).toHaveAttribute(
    "href",
    "https://example.com/help",
  );
});

test("chart_with_missing_file_becomes_a_table", async ({ page }) => {
  await page.route("**/assets/chart-*.js", (route) => route.abort());
  await open(page, "/dashboard", AURORA);
  const overTime = page.getByRole("region", { name: en.dashboard.overTime });
  await overTime.scrollIntoViewIfNeeded();
  await expect(overTime.getByRole("cell", { name: "$340.11" })).toBeVisible();
});
