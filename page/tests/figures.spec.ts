import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { compare, sum } from "../src/format/decimal";
import { AURORA, amountIn, ask, chartOf, expect, open, test } from "./page";
import { en } from "./texts";

async function exported(page: Page, item: string): Promise<string> {
  await page.getByRole("button", { name: en.lines.export }).click();
  const saved = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: item }).click();
  return readFileSync(await (await saved).path(), "utf8");
}

test("each range shows what the API says of it, to the last digit", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  for (const [preset, from, to] of [
    ["7d", "2026-11-15", "2026-11-21"],
    ["lastMonth", "2026-10-01", "2026-10-31"],
    ["quarter", "2026-10-01", "2026-11-22"],
  ] as const) {
    await page.getByRole("radio", { name: en.range.presets[preset] }).click();
    const answer = await ask(page, AURORA, `/v1/dashboard?from=${from}&to=${to}`);
    const { totals } = await answer.json();
    await expect.poll(() => amountIn(page, "total-commission")).toBe(totals.usd.commission);
  }
  await expect(page.getByText("Days after 21 Nov 2026 aren't final")).toBeVisible();
  await expect(page.getByTestId("as-of")).toContainText("Complete through 21 Nov 2026");
});

test("a custom range is kept in the address, and a wrong one is refused", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  await page.locator(".range-days").click();
  const dialog = page.getByRole("dialog", { name: en.range.customTitle });
  await dialog.getByLabel(en.range.from).fill("2026-11-10");
  await dialog.getByLabel(en.range.to).fill("2026-11-09");
  await expect(dialog.getByRole("alert")).toHaveText(en.range.backwards);
  await dialog.getByLabel(en.range.to).fill("2026-11-12");
  await dialog.getByRole("button", { name: en.range.apply }).click();
  await expect(page).toHaveURL(/from=2026-11-10&to=2026-11-12/);
  await page.reload();
  await expect(page.locator(".range-days")).toContainText(/10\s?–\s?12 Nov 2026/);
});

test("parts add up to the whole: products, origins, links, statuses", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  const total = await amountIn(page, "total-commission");
  for (const title of [en.dashboard.byProduct, en.dashboard.byOrigin, en.dashboard.byLink]) {
    const last = page.getByRole("region", { name: title }).locator("td:last-child [data-value]");
    await last.first().waitFor();
    const parts = await last.evaluateAll((all) => all.map((it) => it.getAttribute("data-value")));
    expect(compare(sum(parts.map(String)), total), title).toBe(0);
  }
  const open_ = await amountIn(page, "total-pending");
  const paid = await amountIn(page, "total-paid");
  expect(compare(sum([open_, paid]), total)).toBe(0);
});

test("chart_is_read_by_arrow_keys_and_legend_hides_series", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  await chartOf(page);
  const slider = page.getByRole("slider");
  const readout = page.locator(".readout");
  await slider.focus();
  await expect(readout).toContainText("21 Nov 2026");
  await page.keyboard.press("ArrowLeft");
  await expect(readout).toContainText("20 Nov 2026");
  await expect(readout).toContainText("$229.88");
  await expect(readout.locator("[data-value='229.88328667']")).toHaveAttribute(
    "title",
    "$229.88328667",
  );
  await expect(slider).toHaveAttribute("aria-valuetext", /^20 Nov 2026: Total \$229\.88, Spot/);
  await page.getByRole("button", { name: en.products.futures, exact: true }).click();
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(readout).not.toContainText(en.products.futures);
});

test("chart_shows_the_previous_period_and_covers_nothing", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  const chart = await chartOf(page);
  const box = await chart.boundingBox();
  if (!box) throw new Error("no chart");
  await chart.hover({ position: { x: box.width - 20, y: 100 } });
  const readout = page.locator(".readout");
  await expect(readout).toContainText("21 Nov 2026");
  await expect(readout).toContainText(en.dashboard.beforeOn({ day: "22 Oct" }));
  const at = await readout.boundingBox();
  expect((at?.y ?? 0) + (at?.height ?? 0)).toBeLessThanOrEqual(box.y);
});

test("chart_click_opens_the_day", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  const chart = await chartOf(page);
  const width = (await chart.boundingBox())?.width ?? 0;
  await chart.click({ position: { x: width - 20, y: 150 } });
  await expect(page).toHaveURL(/\/earnings\?from=2026-11-21&to=2026-11-21$/);
  await expect(page.getByTestId("line").first()).toContainText("21 Nov 2026");
});

test("chart_becomes_a_table_on_request", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  await page.getByRole("button", { name: en.dashboard.asTable }).click();
  const table = page.getByRole("region", { name: en.dashboard.overTime }).getByRole("table");
  await expect(table.getByRole("row")).toHaveCount(31);
  await page.getByRole("radio", { name: en.dashboard.metrics.volume }).click();
  const heads = [en.dashboard.day, en.dashboard.volume, en.dashboard.before];
  await expect(table.getByRole("columnheader")).toHaveText(heads);
  // Weeks are compared too.
  await page.getByRole("radio", { name: en.range.presets["365d"] }).click();
  await expect(table.getByRole("rowheader").first()).toContainText("Week of 17 Nov 2025");
  await expect(table.getByRole("columnheader")).toHaveText(heads);
});

test("invitees are searched, filtered, sorted and paged", async ({ page }) => {
  await open(page, "/invitees", AURORA);
  const rows = page.getByTestId("invitee");
  await expect(rows).toHaveCount(25);
  await page.getByRole("button", { name: en.invitees.next }).click();
  await expect(page.getByText(en.invitees.page({ page: "2", pages: "4" }))).toBeVisible();
  await page.getByRole("button", { name: en.invitees.commission }).click();
  await expect(page.getByRole("columnheader", { name: en.invitees.commission })).toHaveAttribute(
    "aria-sort",
    "descending",
  );
  await expect(rows.first()).toContainText("40000004");
  await page.getByLabel(en.invitees.origin).selectOption("signup");
  await expect(page.getByText("46 invitees")).toBeVisible();
  await page.getByLabel(en.invitees.search).fill("4000000");
  await expect(page.getByText(en.invitees.none)).toBeVisible();
  await page.getByRole("button", { name: en.invitees.clear }).click();
  await page.getByLabel(en.invitees.search).fill("40000001");
  await expect(rows).toHaveCount(1);
  const csv = await exported(page, en.lines.exportCsv);
  expect(csv.split("\n")).toHaveLength(3);
  expect(csv).toContain("\n40000001,recall,");
});

test("a line opens up to fees, rate and rounding; a zero says why", async ({ page }) => {
  await open(page, "/earnings?from=2026-11-20&to=2026-11-21&sort=day", AURORA);
  const line = page.getByTestId("line");
  await line.first().getByRole("button").click();
  const steps = page.locator(".steps");
  // 0.00145342 BNB × 41 % = 0.0005959022, rounded down.
  await expect(steps).toContainText("0.00145342 BNB");
  await expect(steps).toContainText("0.0005959022 BNB");
  await expect(steps).toContainText("Rounded down to 8 decimals");
  await expect(steps.locator(".step-result")).toContainText("0.00059590 BNB");
  await expect(
    page.locator(".reason", { hasText: en.zeroShort.vip_above_limit }).first(),
  ).toBeVisible();
});

test("lines are filtered, and what is exported is what is shown", async ({ page }) => {
  await open(page, "/earnings?from=2026-11-20&to=2026-11-21", AURORA);
  await page.getByLabel(en.lines.product).selectOption("margin");
  await page.getByLabel(en.lines.asset).selectOption("USDT");
  await expect(page).toHaveURL(/product=margin&asset=USDT/);
  await expect(page.getByText(/entries in total/)).toBeVisible();
  const text = await exported(page, en.lines.exportJson);
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.every((it) => it.product === "margin" && it.asset === "USDT")).toBe(true);
  expect(lines).toHaveLength(await page.getByTestId("line").count());
  const shown = await amountIn(page, "lines-sum");
  expect(compare(sum(lines.map((it) => it.commissionUsd)), shown)).toBe(0);
  await page.getByLabel(en.lines.uid).fill("no body");
  await expect(page.getByRole("alert")).toHaveText(en.lines.badUid);
});

test("long lists come page by page", async ({ page }) => {
  await open(page, "/earnings?range=7d", AURORA);
  await expect(page.getByTestId("line")).toHaveCount(50);
  await page.getByRole("button", { name: en.lines.loadMore }).click();
  await expect(page.getByTestId("line")).toHaveCount(100);
});

test("in Turkish, numbers and days are Turkish, and the choice is kept", async ({ page }) => {
  await open(page, "/dashboard?from=2026-11-20&to=2026-11-21", AURORA);
  await page.getByRole("button", { name: en.account.signedInAs({ uid: AURORA }) }).click();
  await page.getByRole("menuitemradio", { name: "Türkçe" }).click();
  await expect(page.getByTestId("total-commission")).toContainText("$569,99");
  await page.reload();
  await expect(page.getByTestId("as-of")).toContainText("21 Kas 2026 sonuna kadar tam");
  await expect(page.locator("html")).toHaveAttribute("lang", "tr");
});

test("earnings_begin_with_the_newest_and_total_the_whole_filter", async ({ page }) => {
  await open(page, "/earnings", AURORA);
  const line = page.getByTestId("line");
  await expect(line).toHaveCount(50);
  await expect(line.first()).toContainText("21 Nov 2026");
  const { totals } = await (await ask(page, AURORA, "/v1/dashboard")).json();
  expect(await amountIn(page, "lines-sum")).toBe(totals.usd.commission);
  await page.getByRole("columnheader", { name: en.lines.day }).getByRole("button").click();
  await expect(page).toHaveURL(/sort=day/);
  await expect(line.first()).toContainText("23 Oct 2026");
});

test("yesterday_is_a_preset", async ({ page }) => {
  await open(page, "/earnings", AURORA);
  await page.getByRole("radio", { name: en.range.presets.yesterday }).click();
  await expect(page.locator(".range-days")).toContainText("21 Nov 2026");
  const days = () => page.getByTestId("line").locator(".expand").allTextContents();
  await expect.poll(async () => [...new Set(await days())]).toEqual(["21 Nov 2026"]);
});

test("zero_is_never_called_paid", async ({ page }) => {
  await open(page, "/earnings?from=2026-10-20&to=2026-10-25&reason=vip_above_limit", AURORA);
  const line = page.getByTestId("line").first();
  await expect(line).toBeVisible();
  await expect(line).not.toContainText(en.statuses.paid);
  await line.getByRole("button").click();
  const facts = page.locator(".facts");
  await expect(facts).toContainText(en.statusHelp.nothing);
  await expect(facts).not.toContainText(en.statuses.paid);
  await expect(facts).not.toContainText(en.lines.compute.reference);
});

test("zeros_open_their_entries_by_reason", async ({ page }) => {
  await open(page, "/dashboard?range=7d", AURORA);
  await page.getByRole("link", { name: en.zeroReasons.vip_above_limit }).click();
  await expect(page).toHaveURL(/reason=vip_above_limit&from=2026-11-15&to=2026-11-21/);
  const outcomes = page.getByTestId("line").locator(".reason");
  await expect(outcomes.first()).toHaveText(en.zeroShort.vip_above_limit);
  expect(new Set(await outcomes.allTextContents())).toEqual(
    new Set([en.zeroShort.vip_above_limit]),
  );
});

test("invitee_who_earned_nothing_says_why", async ({ page }) => {
  await open(page, "/invitees?sort=commission&status=active", AURORA);
  const row = page.getByTestId("invitee").filter({ has: page.locator(".why") });
  await expect(row.first()).toBeVisible();
  await row.first().locator(".why").click();
  await expect(page).toHaveURL(/\/earnings\?uid=\d+&reason=/);
  await expect(page.getByTestId("line").first()).toBeVisible();
});

test("invitee_list_survives_reload_and_back", async ({ page }) => {
  await open(page, "/invitees", AURORA);
  await page.getByLabel(en.invitees.origin).selectOption("recall");
  await page.getByRole("button", { name: en.invitees.commission }).click();
  await page.getByRole("button", { name: en.invitees.next }).click();
  await expect(page).toHaveURL(/origin=recall&sort=-commission&page=2/);
  const first = await page.getByTestId("invitee").first().textContent();
  await page.reload();
  await expect(page.getByTestId("invitee").first()).toHaveText(first ?? "");
  await page.goBack();
  await expect(page.getByText(en.invitees.page({ page: "1", pages: "3" }))).toBeVisible();
});

test("range_is_carried_from_view_to_view", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  await page.getByRole("radio", { name: en.range.presets["7d"] }).click();
  const navigation = page.getByRole("navigation", { name: en.nav.label });
  await navigation.getByRole("link", { name: en.nav.invitees }).click();
  await navigation.getByRole("link", { name: en.nav.lines }).click();
  await expect(page).toHaveURL(/\/earnings\?range=7d$/);
  await expect(page.getByRole("radio", { name: en.range.presets["7d"] })).toBeChecked();
});

test("old_address_of_earnings_still_works", async ({ page }) => {
  await open(page, "/lines?range=7d&product=spot", AURORA);
  await expect(page).toHaveURL(/\/earnings\?range=7d&product=spot$/);
});
