import { compare, sum } from "../src/format/decimal";
import { formats } from "../src/format/formats";
import { AURORA, amountIn, ask, expect, JUNIPER, open, test } from "./page";
import { en } from "./texts";

const inDollars = (amount: string) => formats("en").usd(amount);
const DAYS = "from=2026-08-24&to=2026-11-21";

test("home_with_invitees_is_the_overview", async ({ page }) => {
  await open(page, "/", AURORA);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(en.overview.title);
});

test("home_without_invitees_is_the_link", async ({ page }) => {
  await open(page, "/", JUNIPER);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(en.links.title);
});

test("overview_figures_are_those_of_the_api", async ({ page }) => {
  await open(page, "/", AURORA);
  await expect(page.getByTestId("overview-paid")).toBeVisible();
  const quarter = await (await ask(page, AURORA, `/v1/dashboard?${DAYS}`)).json();
  const days: { day: string; commissionUsd: string }[] = quarter.series;
  const earned = (from: string, to: string) =>
    sum(days.filter((it) => it.day >= from && it.day <= to).map((it) => it.commissionUsd));
  expect(await amountIn(page, "overview-yesterday")).toBe(days.at(-1)?.commissionUsd);
  const month = await amountIn(page, "overview-month");
  expect(compare(month, earned("2026-11-01", "2026-11-21"))).toBe(0);
  const status = quarter.commissionByStatus.usd;
  expect(await amountIn(page, "overview-paid")).toBe(status.paid);
  const pending = sum([status.accrued, status.settled, status.reversed]);
  expect(await amountIn(page, "overview-pending")).toBe(pending);
  // Cents on the screen, the exact value in the tooltip.
  const money = page.getByTestId("overview-yesterday").locator(".money");
  await expect(money).toHaveText("$340.11");
  await expect(money).toHaveAttribute("title", "$340.11386006");
});

test("overview_figures_are_compared_with_the_time_before", async ({ page }) => {
  await open(page, "/", AURORA);
  const yesterday = page.getByTestId("overview-yesterday");
  await expect(yesterday).toContainText(en.overview.dayBefore({ usd: "$229.88" }));
  await expect(yesterday).toContainText("+48%");
  await expect(page.getByTestId("overview-month")).toContainText(/\$[\d,.]+ by 21 Oct/);
  await expect(yesterday.locator(".spark-bar, .spark-last")).toHaveCount(14);
});

test("sparkline_names_the_period_before", async ({ page }) => {
  await open(page, "/", AURORA);
  const spark = page.getByTestId("overview-yesterday").locator(".spark");
  await expect(spark).toHaveAttribute(
    "aria-label",
    /^8 – 21 Nov 2026: \$[\d,.]+ · 25 Oct – 7 Nov 2026: \$[\d,.]+$/,
  );
  await expect(spark.locator("title").last()).toHaveText(/^21 Nov: \$340\.11\s7 Nov: \$[\d.]+$/);
  const month = page.getByTestId("overview-month").locator(".spark");
  await expect(month).toHaveAttribute("aria-label", /\$6,921\.84 · .*\$4,753\.15$/);
});

test("pending_and_paid_have_bars_of_the_api", async ({ page }) => {
  await open(page, "/", AURORA);
  const periods = [
    ["2026-08-24", "2026-09-22"],
    ["2026-09-23", "2026-10-22"],
    ["2026-10-23", "2026-11-21"],
  ] as const;
  const pending = page.getByTestId("overview-pending").locator(".spark title");
  const paid = page.getByTestId("overview-paid").locator(".spark title");
  await expect(pending).toHaveCount(periods.length);
  await expect(paid).toHaveCount(periods.length);
  for (const [index, [from, to]] of periods.entries()) {
    const answer = await ask(page, AURORA, `/v1/dashboard?from=${from}&to=${to}`);
    const { usd } = (await answer.json()).commissionByStatus;
    const open = sum([usd.accrued, usd.settled, usd.reversed]);
    await expect(pending.nth(index)).toContainText(`: ${inDollars(open)}`);
    await expect(paid.nth(index)).toContainText(`: ${inDollars(usd.paid)}`);
  }
});

test("month_is_named_and_opens_its_days", async ({ page }) => {
  // The 1st: the last closed day is of the month before.
  const first = "2026-11-01";
  for (const dashboard of ["**/v1/dashboard", "**/v1/dashboard?**"]) {
    await page.route(dashboard, async (route) => {
      const url = new URL(route.request().url());
      if (!url.search) url.search = "?from=2026-10-02&to=2026-10-31";
      const response = await route.fetch({ url: url.href });
      const answer = await response.json();
      await route.fulfill({ response, json: { ...answer, dataAsOf: `${first}T00:00:00.000Z` } });
    });
  }
  await open(page, "/", AURORA);
  const card = page.getByTestId("overview-month");
  await expect(card).toContainText("October");
  await expect(card).toContainText(/by 30 Sep/);
  const earned = await amountIn(page, "overview-month");
  await card.getByRole("link").click();
  await expect(page).toHaveURL(/\/dashboard\?from=2026-10-01&to=2026-10-31$/);
  await page.getByTestId("total-commission").waitFor();
  await expect.poll(async () => compare(await amountIn(page, "total-commission"), earned)).toBe(0);
  await page.unrouteAll({ behavior: "wait" });
});

test("pending_names_the_time_before_and_opens_its_figure", async ({ page }) => {
  await open(page, "/", AURORA);
  const card = page.getByTestId("overview-pending");
  await expect(card).toContainText(/\$[\d,.]+ ready to pay · \$0\.00 in the 90 days before/);
  const pending = await amountIn(page, "overview-pending");
  await card.getByRole("link").click();
  await expect(page).toHaveURL(/\/dashboard\?range=90d$/);
  await expect(page.getByTestId("total-pending")).toBeVisible();
  await expect.poll(() => amountIn(page, "total-pending")).toBe(pending);
});

test("overview_says_which_rate_comes_next", async ({ page }) => {
  await open(page, "/", AURORA);
  await expect(page.getByTestId("tier-spot")).toContainText("41% → 50% from 1 Jan");
});

test("overview_link_is_copied", async ({ page }) => {
  await open(page, "/", AURORA);
  await page.getByRole("button", { name: en.links.copyLink }).click();
  const url = await page.evaluate(() => navigator.clipboard.readText());
  await expect(page.getByTestId("default-link")).toHaveText(url);
});

test("overview_tells_what_happened_and_what_needs_attention", async ({ page }) => {
  await open(page, "/", AURORA);
  const activity = page.getByRole("region", { name: en.overview.activity });
  await expect(activity).toContainText(en.overview.earned({ usd: "$340.11", count: 48 }));
  await expect(activity.getByText(/joined through/).first()).toBeVisible();
  const attention = page.getByRole("region", { name: en.overview.attention });
  await attention.getByRole("link", { name: /VIP level/ }).click();
  await expect(page).toHaveURL(/\/earnings\?reason=vip_above_limit/);
  await expect(page.getByTestId("line").first()).toBeVisible();
});

test("overview_yesterday_opens_its_entries", async ({ page }) => {
  await open(page, "/", AURORA);
  await page.getByTestId("overview-yesterday").getByRole("link").click();
  await expect(page).toHaveURL(/\/earnings\?from=2026-11-21&to=2026-11-21$/);
  await expect(page.getByTestId("line").first()).toContainText("21 Nov 2026");
});
