import type { Page } from "@playwright/test";
import { LANGUAGE_CODES, type Language } from "../src/text/languages";
import { expectNoFindings } from "./axe";
import { clippedAmounts, scrolledSideways, settled } from "./fits";
import { expect, test } from "./page";
import { ALL_LANGUAGES } from "./texts";
import { show, VIEWS } from "./views";

/** The widths of a phone that is small, a phone, a tablet, and windows. */
const WIDTHS = [320, 390, 820, 1024, 1280, 1440];
const HEIGHT = 860;

const THEMES = ["light", "dark"] as const;
type Theme = (typeof THEMES)[number];

interface Case {
  language: Language;
  /** The view is loaded at the first, and then resized. */
  widths: number[];
  /** The widths and themes in which axe looks at it; the view is loaded in the first theme. */
  axe: [number, Theme][];
}

const PHONE_AND_WINDOW: Case["axe"] = [
  [390, "light"],
  [390, "dark"],
  [1280, "dark"],
  [1280, "light"],
];

/**
 * Each view is loaded once in each case. Without `ALL_LANGUAGES`, both directions, scripts, and
 * wide texts.
 */
const CASES: Case[] = ALL_LANGUAGES
  ? LANGUAGE_CODES.map((language) => ({ language, widths: WIDTHS, axe: PHONE_AND_WINDOW }))
  : [
      {
        language: "en",
        widths: WIDTHS,
        axe: [
          [390, "light"],
          [1280, "light"],
          [1280, "dark"],
        ],
      },
      {
        language: "ar",
        widths: [320, 390, 820, 1440],
        axe: [
          [390, "dark"],
          [1440, "light"],
        ],
      },
      {
        language: "tr",
        widths: [320, 390, 820, 1440],
        axe: [
          [390, "light"],
          [1440, "dark"],
        ],
      },
      // The widest texts of the navigation, of tables, and of the other parts.
      { language: "vi", widths: [1024], axe: [] },
      { language: "es", widths: [820], axe: [] },
      { language: "ru", widths: [320, 820, 1024], axe: [] },
    ];

/** Whether pictures of all views are saved, to be looked at. */
const LOOKS = process.env["LOOKS"] === "1";

async function look(page: Page, name: string) {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    await settled(page);
    const path = `tests/output/looks/${name}-${theme}.png`;
    await page.screenshot({ path, animations: "disabled" });
  }
}

/** Measures a view that is loaded, and has axe look at it, at one width after the other. */
async function expectFits(page: Page, name: string, { language, widths, axe }: Case) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: HEIGHT });
    await settled(page);
    const found = (await Promise.all([clippedAmounts(page), scrolledSideways(page)])).flat();
    expect.soft(found, `${name} at ${width} px`).toEqual([]);
    for (const [, theme] of axe.filter(([at]) => at === width)) {
      await page.emulateMedia({ colorScheme: theme });
      // The page learns of the change when it draws itself.
      await settled(page);
      await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
      await expectNoFindings(page, `${name}, ${theme}, ${width} px`);
    }
    if (LOOKS) await look(page, `${name}-${language}-${width}`);
  }
}

for (const it of CASES) {
  const { language } = it;
  const width = it.widths[0] ?? 1280;
  const colorScheme = it.axe[0]?.[1] ?? "light";
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
          await expectFits(page, view.name, it);
        });
      }
    });
  });
}
