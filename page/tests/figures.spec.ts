import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { compare, sum } from "../src/format/decimal";
import { en } from "../src/text/en";
import { AURORA, amountIn, ask, expect, open, test } from "./page";

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
  await expect(page.getByText("Days after 21 Nov 2026 are not final")).toBeVisible();
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
    const parts = await last.evaluateAll((all) => all.map((it) => it.getAttribute("data-value")));
    expect(compare(sum(parts.map(String)), total), title).toBe(0);
  }
  const open_ = await amountIn(page, "total-pending");
  const paid = await amountIn(page, "total-paid");
  expect(compare(sum([open_, paid]), total)).toBe(0);
});

test("the chart is read by the arrow keys, and its legend hides series", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  const slider = page.getByRole("slider");
  await slider.focus();
  await expect(page.locator(".tooltip")).toContainText("21 Nov 2026");
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator(".tooltip")).toContainText("20 Nov 2026");
  await expect(page.locator(".tooltip")).toContainText("$229.88328667");
  await expect(slider).toHaveAttribute("aria-valuetext", /^20 Nov 2026: Total \$229\.88, Spot/);
  await page.getByRole("button", { name: en.products.futures, exact: true }).click();
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator(".tooltip")).not.toContainText(en.products.futures);
});

test("the chart follows the pointer, and is a table for who prefers that", async ({ page }) => {
  await open(page, "/dashboard", AURORA);
  const chart = page.locator(".chart");
  const width = (await chart.boundingBox())?.width ?? 0;
  await chart.hover({ position: { x: width - 20, y: 100 } });
  await expect(page.locator(".tooltip")).toContainText("21 Nov 2026");
  await page.getByRole("button", { name: en.dashboard.asTable }).click();
  const table = page.getByRole("region", { name: en.dashboard.overTime }).getByRole("table");
  await expect(table.getByRole("row")).toHaveCount(31);
  await page.getByRole("radio", { name: en.dashboard.metrics.volume }).click();
  await expect(table.getByRole("columnheader")).toHaveText([en.dashboard.day, en.dashboard.volume]);
});

test("invitees are searched, filtered, sorted and paged", async ({ page }) => {
  await open(page, "/invitees", AURORA);
  const rows = page.locator("tbody tr");
  await expect(rows).toHaveCount(25);
  await page.getByRole("button", { name: en.invitees.next }).click();
  await expect(page.getByText(en.invitees.page("2", "4"))).toBeVisible();
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
  await open(page, "/lines?from=2026-11-20&to=2026-11-21", AURORA);
  const line = page.getByTestId("line");
  await line.first().getByRole("button").click();
  const steps = page.locator(".steps");
  // 0.00145342 BNB × 41 % = 0.0005959022, rounded down.
  await expect(steps).toContainText("0.00145342 BNB");
  await expect(steps).toContainText("0.0005959022 BNB");
  await expect(steps).toContainText("Rounded down to 8 decimals");
  await expect(steps.locator(".step-result")).toContainText("0.00059590 BNB");
  await expect(page.getByText(en.zeroReasons.vip_above_limit).first()).toBeVisible();
});

test("lines are filtered, and what is exported is what is shown", async ({ page }) => {
  await open(page, "/lines?from=2026-11-20&to=2026-11-21", AURORA);
  await page.getByLabel(en.lines.product).selectOption("margin");
  await page.getByLabel(en.lines.asset).selectOption("USDT");
  await expect(page).toHaveURL(/product=margin&asset=USDT/);
  await expect(page.getByText("all that there are")).toBeVisible();
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
  await open(page, "/lines?range=7d", AURORA);
  await expect(page.getByTestId("line")).toHaveCount(50);
  await page.getByRole("button", { name: en.lines.loadMore }).click();
  await expect(page.getByTestId("line")).toHaveCount(100);
});

test("in Turkish, numbers and days are Turkish, and the choice is kept", async ({ page }) => {
  await open(page, "/dashboard?from=2026-11-20&to=2026-11-21", AURORA);
  await page.getByRole("button", { name: en.account.signedInAs(AURORA) }).click();
  await page.getByRole("menuitemradio", { name: "Türkçe" }).click();
  await expect(page.getByTestId("total-commission")).toContainText("$569,99714673");
  await page.reload();
  await expect(page.getByTestId("as-of")).toContainText("21 Kas 2026 sonuna kadar tam");
  await expect(page.locator("html")).toHaveAttribute("lang", "tr");
});
