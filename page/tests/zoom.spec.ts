import type { Page } from "@playwright/test";
import { clippedAmounts, cutTexts, scrolledSideways, settled } from "./fits";
import { expect, test } from "./page";
import { show, VIEWS } from "./views";

/** A window of 1280 by 860 px. */
const WINDOW = { width: 1280, height: 860 };
const ZOOM = 2;

async function expectFits(page: Page, name: string) {
  await settled(page);
  const found = (
    await Promise.all([clippedAmounts(page), cutTexts(page), scrolledSideways(page)])
  ).flat();
  expect.soft(found, name).toEqual([]);
}

test.describe("zoomed page", () => {
  test.use({
    viewport: { width: WINDOW.width / ZOOM, height: WINDOW.height / ZOOM },
    deviceScaleFactor: ZOOM,
  });

  test("every_view_fits_at_200_percent", async ({ page }) => {
    test.slow();
    for (const view of VIEWS) {
      await test.step(view.name, async () => {
        await show(page, view);
        await expectFits(page, view.name);
      });
    }
  });
});

test.describe("zoomed text", () => {
  test.use({ viewport: WINDOW });

  test("every_view_fits_with_text_of_32_px", async ({ page }) => {
    test.slow();
    const settings = await page.context().newCDPSession(page);
    await settings.send("Page.setFontSizes", { fontSizes: { standard: 32, fixed: 26 } });
    for (const view of VIEWS) {
      await test.step(view.name, async () => {
        await show(page, view);
        await expect(page.locator("html")).toHaveCSS("font-size", "32px");
        await expectFits(page, view.name);
      });
    }
  });
});
