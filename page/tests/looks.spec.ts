import { expect, test } from "./page";
import { show, VIEWS } from "./views";

const WIDTHS = { phone: 390, tablet: 820, desktop: 1280 };

for (const colorScheme of ["light", "dark"] as const) {
  for (const [name, width] of Object.entries(WIDTHS)) {
    test.describe(() => {
      test.use({ colorScheme, viewport: { width, height: 860 } });
      test(`every view fits: ${name}, ${colorScheme}`, async ({ page }) => {
        for (const view of VIEWS) {
          await test.step(view.name, async () => {
            await show(page, view);
            const path = `tests/output/looks/${view.name}-${name}-${colorScheme}.png`;
            await page.screenshot({ path, animations: "disabled" });
            // Tables scroll by themselves; the page never sideways.
            const { clientWidth, scrollWidth } = await page.evaluate(() => {
              const { clientWidth, scrollWidth } = document.documentElement;
              return { clientWidth, scrollWidth };
            });
            expect.soft(scrollWidth, view.name).toBe(clientWidth);
          });
        }
      });
    });
  }
}
