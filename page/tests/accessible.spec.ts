import { AURORA, expect, open, test } from "./page";
import { en } from "./texts";

test.describe("forced colours", () => {
  test.use({ contextOptions: { forcedColors: "active", reducedMotion: "reduce" } });
  test("segment_and_tab_are_marked_in_forced_colours", async ({ page }) => {
    await open(page, "/dashboard", AURORA);
    const segment = page.locator(".segment:has(:checked)").first();
    await expect(segment).toBeVisible();
    const colour = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((it) => getComputedStyle(it).backgroundColor);
    expect(await colour(".segment:has(:checked)")).not.toBe(
      await colour(".segment:not(:has(:checked))"),
    );
    const marks = await page.locator(".nav-item").evaluateAll((items) =>
      items.map((it) => {
        const { width, height, backgroundColor } = getComputedStyle(it, "::after");
        const isSeen = width !== "auto" && height === "2px";
        return isSeen && backgroundColor !== getComputedStyle(document.body).backgroundColor;
      }),
    );
    expect(marks.filter(Boolean)).toHaveLength(1);
    await expect(page.locator(".nav-item").nth(marks.indexOf(true))).toHaveAttribute(
      "aria-current",
      "page",
    );
  });
});

test("fields_have_16_px_text_so_that_ios_does_not_zoom", async ({ page }) => {
  for (const address of ["/invitees", "/earnings"]) {
    await open(page, address, AURORA);
    const fields = page.locator("input:not([type=radio]), select");
    await page.getByRole("searchbox").waitFor();
    const sizes = await fields.evaluateAll((all) =>
      all.map((it) => Number.parseFloat(getComputedStyle(it).fontSize)),
    );
    expect(Math.min(...sizes), address).toBeGreaterThanOrEqual(16);
  }
});

test("expanders_have_names_of_their_own", async ({ page }) => {
  await open(page, "/earnings?range=7d", AURORA);
  await expect(page.getByTestId("line")).toHaveCount(50);
  const names = await page
    .locator(".expand")
    .evaluateAll((all) => all.map((it) => it.getAttribute("aria-label")));
  expect(new Set(names).size).toBe(names.length);
});

test("menu_button_keeps_focus_and_opens_by_key", async ({ page }) => {
  await open(page, "/links", AURORA);
  const share = page.getByRole("button", { name: en.sharing.share, exact: true });
  const code = page.waitForResponse(/\/assets\/menu-.*\.js$/);
  await share.focus();
  await (await code).finished();
  await page.waitForLoadState("networkidle");
  await expect(share).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menu")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem").first()).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
  await expect(share).toBeFocused();
});

test("menu_opens_when_its_code_comes_amid_the_click", async ({ page }) => {
  await page.route("**/assets/menu-*.js", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue();
  });
  await open(page, "/links", AURORA);
  const share = page.getByRole("button", { name: en.sharing.share, exact: true });
  const code = page.waitForResponse(/\/assets\/menu-.*\.js$/);
  await share.hover();
  await page.mouse.down();
  await (await code).finished();
  await page.waitForLoadState("networkidle");
  await page.mouse.up();
  await expect(page.getByRole("menu")).toBeVisible();
});
