import { LANGUAGE_CODES, LANGUAGES } from "../src/text/languages";
import { clippedAmounts, cutTexts, scrolledSideways, settled } from "./fits";
import { AURORA, expect, open, test } from "./page";
import { ALL_LANGUAGES, en, pseudoModule, textsOf } from "./texts";
import { show, VIEWS } from "./views";

const ar = textsOf("ar");

/** The views with the widest texts; `ALL_LANGUAGES` measures every view. */
const WIDE = [
  "overview",
  "links",
  "dashboard",
  "invitees",
  "lines",
  "landing",
  "window",
  "refused",
];

const WIDTHS = [320, 1440];

test.describe("pseudo-locale", () => {
  test.use({ locale: "tr", viewport: { width: 320, height: 860 } });

  test("longer_texts_are_not_cut_off", async ({ page }) => {
    const body = pseudoModule();
    await page.route(/\/assets\/(page|landing)-tr-.*\.js$/, (route) =>
      route.fulfill({ body, contentType: "text/javascript" }),
    );
    for (const view of VIEWS.filter(({ name }) => ALL_LANGUAGES || WIDE.includes(name))) {
      await test.step(view.name, async () => {
        await page.setViewportSize({ width: 320, height: 860 });
        await show(page, view);
        await expect(page.locator("body")).toContainText("~");
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 860 });
          await settled(page);
          const found = (
            await Promise.all([cutTexts(page), clippedAmounts(page), scrolledSideways(page)])
          ).flat();
          expect.soft(found, `${view.name} at ${width} px`).toEqual([]);
        }
      });
    }
  });
});

test.describe("arabic", () => {
  test.use({ locale: "ar-EG", viewport: { width: 1440, height: 860 } });

  test("arabic_runs_from_right_to_left", async ({ page }) => {
    await open(page, "/dashboard", AURORA);
    await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(ar.dashboard.title);
    const brand = await page.locator(".brand").boundingBox();
    const menu = await page.locator(".user-menu").boundingBox();
    expect(brand?.x ?? 0).toBeGreaterThan(menu?.x ?? 0);
  });

  test("amounts_and_ids_stay_left_to_right", async ({ page }) => {
    await open(page, "/earnings?range=7d", AURORA);
    await page.getByTestId("line").first().waitFor();
    const directions = await page
      .locator(".money, .mono")
      .evaluateAll((all) => [...new Set(all.map((it) => getComputedStyle(it).direction))]);
    expect(directions).toEqual(["ltr"]);
  });
});

test("language_menu_lists_own_names_and_keeps_the_choice", async ({ page }) => {
  await open(page, "/links", AURORA);
  await page.getByRole("button", { name: en.account.signedInAs({ uid: AURORA }) }).click();
  const choices = page.getByRole("group", { name: en.language }).getByRole("menuitemradio");
  await expect(choices).toHaveText(LANGUAGE_CODES.map((it) => LANGUAGES[it].name));
  await choices.filter({ hasText: LANGUAGES.ar.name }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(ar.links.title);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(ar.links.title);
  await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
});

test("language_of_the_address_holds_on_the_landing_and_after_it", async ({ page }) => {
  await open(page, "/join.html?ref=6TKU9VDE&lang=vi");
  await expect(page.locator("html")).toHaveAttribute("lang", "vi");
  await expect(page.getByRole("combobox")).toHaveValue("vi");
  await open(page, "/links", AURORA);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(textsOf("vi").links.title);
});

test("language_that_does_not_load_leaves_the_page_as_it_is", async ({ page }) => {
  await page.route("**/assets/page-ru-*.js", (route) => route.abort());
  await open(page, "/links", AURORA);
  await page.getByRole("button", { name: en.account.signedInAs({ uid: AURORA }) }).click();
  await page.getByRole("menuitemradio", { name: LANGUAGES.ru.name }).click();
  await expect(page.getByText(en.problems.partMissing).first()).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test.describe("landing without its language", () => {
  test.use({ locale: "ru" });

  test("landing_whose_language_does_not_load_is_english", async ({ page }) => {
    await page.route("**/assets/landing-ru-*.js", (route) => route.abort());
    await open(page, "/join.html?ref=6TKU9VDE");
    await expect(page.getByRole("button", { name: en.landing.signIn })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
  });
});
