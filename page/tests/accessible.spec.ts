import { expectNoFindings } from "./axe";
import { expect, test } from "./page";
import { show, VIEWS } from "./views";

const LANGUAGES = { en: "en-GB", tr: "tr-TR" };

for (const colorScheme of ["light", "dark"] as const) {
  for (const [language, locale] of Object.entries(LANGUAGES)) {
    test.describe(() => {
      test.use({ colorScheme, locale });
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
}
