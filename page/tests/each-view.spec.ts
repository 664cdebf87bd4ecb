import type { Page } from "@playwright/test";
import { LANGUAGE_CODES, type Language } from "../src/text/languages";
import { expectNoFindings } from "./axe";
import { clippedAmounts, scrolledSideways, settled } from "./fits";
import { expect, test } from "./page";
import { ALL_LANGUAGES } from "./texts";
import { show, VIEWS } from "./views";

/** The widths of a phone that is small, a phone, a tablet, and windows. */
const WIDTHS = [320, 390, 820, 1024, 1440, 1280];

/** The last width, at which axe looks at a view. */
const DESKTOP = 1280;
const HEIGHT = 860;

interface Case {
  language: Language;
  /** The view is loaded at the first. */
  widths: number[];
  /** Those in which axe looks at it; the view is loaded in the first. */
  themes: ("light" | "dark")[];
}

/**
 * Each view is loaded once in each case. Without `ALL_LANGUAGES`, both directions, scripts, and
 * wide texts.
 */
const CASES: Case[] = ALL_LANGUAGES
  ? LANGUAGE_CODES.map((language) => ({ language, widths: WIDTHS, themes: ["light", "dark"] }))
  : [
      { language: "en", widths: WIDTHS, themes: ["light", "dark"] },
      { language: "ar", widths: [390, DESKTOP], themes: ["light"] },
      { language: "tr", widths: [DESKTOP], themes: ["dark"] },
      // The widest texts of the navigation, of tables, and of the other parts.
      { language: "vi", widths: [1024], themes: [] },
      { language: "es", widths: [820], themes: [] },
      { language: "ru", widths: [320, 820, 1024], themes: [] },
    ];

/** Whether pictures of all views are saved, to be looked at. */
const LOOKS = process.env["LOOKS"] === "1";

async function look(page: Page, name: string, widths: number[]) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: HEIGHT });
    await settled(page);
    const path = `tests/output/looks/${name}-${width}.png`;
    await page.screenshot({ path, animations: "disabled" });
  }
}

for (const { language, widths, themes } of CASES) {
  const [width = DESKTOP] = widths;
  const [colorScheme = "light"] = themes;
  test.describe(() => {
    test.use({ colorScheme, viewport: { width, height: HEIGHT }, locale: language });
    test(`every_view_fits_and_is_accessible_in_${language}`, async ({ page }) => {
      test.slow();
      for (const view of VIEWS) {
        await test.step(view.name, async () => {
          await page.setViewportSize({ width, height: HEIGHT });
          await page.emulateMedia({ colorScheme });
          await show(page, view);
          await expect(page.locator("html")).toHaveAttribute("lang", language);
          for (const width of widths) {
            await page.setViewportSize({ width, height: HEIGHT });
            await settled(page);
            const found = (
              await Promise.all([clippedAmounts(page), scrolledSideways(page)])
            ).flat();
            expect.soft(found, `${view.name} at ${width} px`).toEqual([]);
          }
          for (const theme of themes) {
            await page.emulateMedia({ colorScheme: theme });
            await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
            await expectNoFindings(page, `${view.name}, ${theme}`);
            if (LOOKS) await look(page, `${view.name}-${theme}-${language}`, widths);
          }
        });
      }
    });
  });
}
