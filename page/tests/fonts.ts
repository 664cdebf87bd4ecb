import { createHash } from "node:crypto";
import type { Page } from "@playwright/test";

/** Letters of all scripts that the stored pictures have, and figures. */
const SAMPLE = "Hamburgefonstiv 0123456789 $%·→ ابجد";

/**
 * Returns a digest of how this machine draws the page's fonts. Machines with the same digest draw
 * the same pictures; with other fonts or another rasterizer, every picture differs.
 */
export async function fontsDigest(page: Page): Promise<string> {
  const pixels = await page.evaluate((sample) => {
    const canvas = document.createElement("canvas");
    canvas.width = 900;
    canvas.height = 240;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    const { fontFamily } = getComputedStyle(document.body);
    const faces = [`400 15px ${fontFamily}`, `650 24px ${fontFamily}`, "400 15px monospace"];
    for (const [index, face] of faces.entries()) {
      context.font = face;
      context.fillText(sample, 10, 60 * (index + 1));
    }
    return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data).join();
  }, SAMPLE);
  return createHash("sha256").update(pixels).digest("hex").slice(0, 16);
}
