import { LANGUAGE_CODES } from "../src/text/languages";
import { expectNoFindings } from "./axe";
import { AURORA, expect, open, test } from "./page";
import { ALL_LANGUAGES, en } from "./texts";
import { show, VIEWS } from "./views";

/** Both themes and directions; with `ALL_LANGUAGES`, every language. */
const CASES = ALL_LANGUAGES
  ? LANGUAGE_CODES.flatMap((language) =>
      (["light", "dark"] as const).map((colorScheme) => ({ colorScheme, language })),
    )
  : ([
      { colorScheme: "light", language: "en" },
      { colorScheme: "light", language: "ar" },
      { colorScheme: "dark", language: "en" },
      { colorScheme: "dark", language: "tr" },
    ] as const);

for (const { colorScheme, language } of CASES) {
  test.describe(() => {
    test.use({ colorScheme, locale: language });
    test(`axe finds nothing: ${colorScheme}, ${language}`, async ({ page }) => {
      for (const view of VIEWS) {
        await test.step(view.name, async () => {
          await show(page, view);
          await expect(page.locator("html")).toHaveAttribute("lang", language);
          await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
          await expectNoFindings(page, view.name);
        });
      }
    });
  });
}

test.describe("forced colours", () => {
  test.use({ contextOptions: { forcedColors: "active", reducedMotion: "reduce" } });
  test("segment_selected_is_marked_in_forced_colours", async ({ page }) => {
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
