import { readFileSync, writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type { Language } from "../src/text/languages";
import { fontsDigest } from "./fonts";
import { AURORA, expect, NOON, open, test } from "./page";
import { show, VIEWS } from "./views";

/** The digest of the fonts that the stored pictures were drawn with. */
const FONTS = new URL("pictures/fonts.txt", import.meta.url);

/** The port is in the links' addresses and QR codes. */
const PORT = "8790";

const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1440, height: 900 },
};

const NAMES = ["landing", "overview", "invitees", "lines", "new-link"];

/** So many pixels may differ: fewer than one changed digit has. */
const MAX_PIXELS = 5;

interface Picture {
  view: string;
  size: keyof typeof SIZES;
  colorScheme: "light" | "dark";
  language: Language;
}

const PICTURES: Picture[] = NAMES.flatMap((view) =>
  (["phone", "desktop"] as const).flatMap((size) =>
    (["light", "dark"] as const).map((colorScheme) => ({
      view,
      size,
      colorScheme,
      language: "en" as const,
    })),
  ),
);

PICTURES.push(
  { view: "overview", size: "phone", colorScheme: "light", language: "ar" },
  { view: "overview", size: "desktop", colorScheme: "dark", language: "ar" },
);

/** Skips the test, by a reason in its report, where the stored pictures cannot match. */
async function skipElsewhere(page: Page, address: string | undefined) {
  test.skip(new URL(address ?? "").port !== PORT, `pictures are of port ${PORT}`);
  await page.goto("/");
  const fonts = await fontsDigest(page);
  if (test.info().config.updateSnapshots === "all") writeFileSync(FONTS, `${fonts}\n`);
  const stored = readFileSync(FONTS, "utf8").trim();
  test.skip(fonts !== stored, `fonts ${fonts} differ from those of the pictures, ${stored}`);
}

for (const { view: name, size, colorScheme, language } of PICTURES) {
  const file = [name, size, colorScheme, language].join("-");
  test.describe(() => {
    test.use({ colorScheme, viewport: SIZES[size], locale: language });

    test(`picture_${file}_is_as_stored`, async ({ page, baseURL }) => {
      await page.clock.setFixedTime(NOON);
      await skipElsewhere(page, baseURL);
      const view = VIEWS.find((it) => it.name === name);
      if (!view) throw new Error(`there is no view ${name}`);
      await show(page, view);
      await page.waitForLoadState("networkidle");
      await expect(page).toHaveScreenshot(`${file}.png`, {
        animations: "disabled",
        maxDiffPixels: MAX_PIXELS,
      });
    });
  });
}

test("picture_of_another_figure_differs", async ({ page, baseURL }) => {
  await page.setViewportSize(SIZES.phone);
  await page.clock.setFixedTime(NOON);
  await skipElsewhere(page, baseURL);
  await open(page, "/", AURORA);
  const money = page.getByTestId("overview-yesterday").locator("[data-value]").first();
  await money.evaluate((it) => {
    it.textContent = (it.textContent ?? "").replace(/\d$/, (last) => `${(Number(last) + 1) % 10}`);
  });
  await page.waitForLoadState("networkidle");
  await expect(page).not.toHaveScreenshot("overview-phone-light-en.png", {
    animations: "disabled",
    maxDiffPixels: MAX_PIXELS,
  });
});
