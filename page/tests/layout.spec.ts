import { AURORA, expect, open, test } from "./page";
import { en } from "./texts";

test("table_head_stays_in_sight", async ({ page }) => {
  await open(page, "/earnings?range=7d", AURORA);
  await expect(page.getByTestId("line")).toHaveCount(50);
  await page.mouse.wheel(0, 1_500);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(1_000);
  const head = page.getByRole("columnheader", { name: en.lines.fees });
  await expect(head).toBeInViewport();
  const [at, above] = [await head.boundingBox(), await page.locator(".view-head").boundingBox()];
  expect(Math.abs((at?.y ?? 0) - (above?.y ?? 0) - (above?.height ?? 0))).toBeLessThan(2);
});

test.describe("phone", () => {
  test.use({ viewport: { width: 390, height: 800 } });

  test("link_actions_are_in_sight_on_a_phone", async ({ page }) => {
    await open(page, "/links", AURORA);
    const link = page.getByTestId("link").filter({ hasText: "newsletter" });
    for (const name of [
      en.links.copyOf({ name: "newsletter" }),
      en.links.showQrOf({ name: "newsletter" }),
      en.links.actions({ name: "newsletter" }),
    ]) {
      const button = link.getByRole("button", { name });
      await button.scrollIntoViewIfNeeded();
      await expect(button).toBeInViewport({ ratio: 1 });
    }
    await link.getByRole("button", { name: en.links.copyOf({ name: "newsletter" }) }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("ref=");
  });

  test("rows_are_cards_on_a_phone", async ({ page }) => {
    for (const address of ["/earnings?range=7d", "/invitees", "/links", "/dashboard"]) {
      await open(page, address, AURORA);
      await page.locator(".card-row").first().waitFor();
      await expect(page.locator("table")).toHaveCount(0);
    }
  });
});

test("print_shows_figures_and_nothing_to_press", async ({ page }) => {
  await open(page, "/dashboard?range=7d", AURORA);
  await expect(page.getByTestId("total-commission")).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await expect(page.getByTestId("total-commission")).toBeVisible();
  await expect(page.locator(".range-days")).toBeVisible();
  await expect(page.getByRole("navigation")).toBeHidden();
  await expect(page.getByRole("button", { name: en.lines.export })).toBeHidden();
  await expect(page.getByRole("radiogroup").first()).toBeHidden();
  await expect(page.getByRole("button", { name: en.sandbox.nextDay })).toBeHidden();
});

test("total_too_large_to_add_up_says_so", async ({ page }) => {
  await page.route("**/v1/dashboard/commissions?**", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), totals: null } });
  });
  await open(page, "/earnings?reason=zero_fee", AURORA);
  await expect(page.getByText(en.lines.noTotal)).toBeVisible();
  await expect(page.getByTestId("line").first()).toBeVisible();
});
