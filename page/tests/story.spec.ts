import { readFileSync } from "node:fs";
import jsQR from "jsqr";
import { PNG } from "pngjs";
import { compare, sum, truncate } from "../src/format/decimal";
import { AURORA, amountIn, ask, codeOf, expect, NOON, open, setClock, test } from "./page";
import { en } from "./texts";

const { landing } = en;

/** A row of the export by its columns; none of the values here is quoted. */
function rowsOf(csv: string): Record<string, string>[] {
  const [head = "", ...lines] = csv.trimEnd().split("\n");
  const names = head.split(",");
  return lines.map((line) =>
    Object.fromEntries(line.split(",").map((value, index) => [names[index], value])),
  );
}

test.describe.configure({ mode: "serial" });

test("from the copied link to the exported commission", async ({ page }) => {
  const invitee = "20000001";

  // The affiliate copies the link; the QR code on the screen is that link.
  await page.goto("/");
  await page
    .getByRole("button", { name: /Aurora/ })
    .first()
    .click();
  await page.getByTestId("overview-yesterday").waitFor();
  await page.getByRole("link", { name: en.nav.links, exact: true }).click();
  await page.getByRole("button", { name: en.links.copyLink }).first().click();
  await expect(page.getByRole("button", { name: en.common.copied })).toBeVisible();
  const url = await page.evaluate(() => navigator.clipboard.readText());
  await expect(page.getByTestId("default-link")).toHaveText(url);
  const qr = page.getByRole("img", { name: en.links.qrOf({ url }) });
  await expect(qr).toBeVisible();
  const { data, width, height } = PNG.sync.read(await qr.screenshot());
  expect(jsQR(new Uint8ClampedArray(data), width, height)?.data).toBe(url);

  // The invitee opens it, signs in, reads the window, and binds.
  await page.evaluate(() => localStorage.clear());
  await page.goto(`/join${new URL(url).search}`);
  await page.getByRole("button", { name: landing.signIn }).click();
  await page.getByRole("button", { name: new RegExp(`^${invitee}`) }).click();
  const window = page.getByRole("dialog", { name: en.join.window.title });
  await expect(window).toContainText("1***1");
  await expect(window).toContainText(en.join.window.forLifeText);
  await window.getByRole("button", { name: en.join.window.bind }).click();
  await expect(page.getByRole("heading", { name: en.join.bound })).toBeVisible();
  await page.getByRole("link", { name: en.join.seeInviter }).click();
  await expect(page.getByText("1***1")).toBeVisible();

  // The invitee trades; the night is booked.
  const trade = {
    specversion: "1.0",
    source: "story",
    id: "1",
    type: "exchange.fee.charged.v1",
    data: {
      tradeId: "story-1",
      uid: invitee,
      product: "spot",
      kind: "trade",
      asset: "XMR",
      amount: "0.00524900",
      amountUsd: "1.75",
      volumeUsd: "1750",
      vipLevel: 0,
      at: NOON,
    },
  };
  const taken = await page.request.post("/sandbox/events", { data: [trade] });
  expect(await taken.json()).toEqual({ accepted: 1, failed: [] });
  await page.getByRole("button", { name: en.sandbox.nextDay }).click();
  await expect(page.getByText(en.sandbox.passed({ day: "22 Nov 2026" })).first()).toBeVisible({
    timeout: 30_000,
  });

  // The dashboard shows what the lines give.
  const days = "from=2026-11-22&to=2026-11-22";
  await open(page, `/dashboard?${days}`, AURORA);
  await expect(page.getByTestId("as-of")).toContainText("Complete through 22 Nov 2026");
  const lines: Record<string, string>[] = [];
  const answer = await ask(page, AURORA, `/v1/dashboard/commissions?${days}&limit=200`);
  lines.push(...(await answer.json()).lines);
  const dollars = (rows: Record<string, string>[]) =>
    sum(rows.map((it) => it["commissionUsd"] ?? ""));
  const total = await amountIn(page, "total-commission");
  expect(compare(total, dollars(lines))).toBe(0);

  // The export adds up to the total on the screen, per asset and in dollars.
  await page.getByRole("button", { name: en.lines.export }).click();
  const saved = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: en.lines.exportCsv }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toBe("commissions_2026-11-22_2026-11-22.csv");
  const rows = rowsOf(readFileSync(await file.path(), "utf8"));
  expect(compare(dollars(rows), total)).toBe(0);
  // On the screen in cents, and exactly in the tooltip.
  const whole = page.getByTestId("total-commission").locator(".money");
  expect((await whole.getAttribute("title"))?.replace(/[$,]/g, "")).toBe(total);
  expect((await whole.textContent())?.replace(/[$,]/g, "")).toBe(truncate(total, 2));
  for (const asset of new Set(rows.map((it) => it["asset"]))) {
    const of = rows.filter((it) => it["asset"] === asset).map((it) => it["commission"] ?? "");
    const cells = page.getByTestId(`asset-${asset}`).locator("[data-value]");
    expect(compare(sum(of), (await cells.nth(1).getAttribute("data-value")) ?? "")).toBe(0);
  }

  // The trade's own line: 0.00524900 XMR × 41 %, rounded down.
  await open(page, `/earnings?${days}&uid=${invitee}`, AURORA);
  const line = page.getByTestId("line");
  await expect(line).toHaveCount(1);
  await expect(line).toContainText("0.00215209 XMR");
});

test("a window that has expired is opened anew, and says so", async ({ page }) => {
  await setClock(page, "2026-11-23T12:00:00.000Z");
  await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "20000005");
  const bind = page.getByRole("button", { name: en.join.window.bind });
  await bind.waitFor();
  await setClock(page, "2026-11-23T12:11:00.000Z");
  await bind.click();
  await expect(page.getByRole("alert")).toContainText(en.join.window.renewed);
  await bind.click();
  await expect(page.getByRole("heading", { name: en.join.bound })).toBeVisible();
});

test("binding needs nothing but the keyboard", async ({ page }) => {
  await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "20000006");
  await expect(page.getByRole("dialog", { name: en.join.window.title })).toBeFocused();
  // A key that was pressed too early decides nothing.
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: en.join.window.later })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: en.join.window.bind })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: en.join.bound })).toBeVisible();
});
