import type { Page } from "@playwright/test";

/** Amounts that are cut off, or that leave the window. */
export function clippedAmounts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    for (const money of document.querySelectorAll<HTMLElement>(".money, .number, .meter-text")) {
      const box = money.getBoundingClientRect();
      if (box.width === 0) continue;
      const text = money.textContent ?? "";
      if (box.left < 0 || box.right > document.documentElement.clientWidth + 0.5) {
        found.push(`${text} leaves the window`);
      }
      if (money.scrollWidth > money.clientWidth + 1 && money.clientWidth > 0) {
        found.push(`${text} is wider than its box`);
      }
      for (let up = money.parentElement; up; up = up.parentElement) {
        if (getComputedStyle(up).overflowX === "visible") continue;
        const outer = up.getBoundingClientRect();
        if (box.left < outer.left - 0.5 || box.right > outer.right + 0.5) {
          found.push(`${text} is cut off by ${up.className || up.tagName}`);
        }
      }
    }
    return found;
  });
}

/** Texts that leave the window, their button, or a box that hides the rest. */
export function cutTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const outside = (inner: DOMRect, outer: DOMRect) =>
      inner.left < outer.left - 1 || inner.right > outer.right + 1;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      const text = node.textContent?.trim();
      if (!text || !parent?.checkVisibility() || parent.closest(".hidden, .skip, select, svg"))
        continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      const control = parent.closest("button, .button, .badge, .segment, .nav-item");
      if (control && outside(box, control.getBoundingClientRect())) {
        found.push(`${text} leaves ${control.className}`);
      }
      let scrolls = false;
      for (let up: HTMLElement | null = parent; up && !scrolls; up = up.parentElement) {
        const { overflowX } = getComputedStyle(up);
        scrolls = overflowX === "auto" || overflowX === "scroll";
        if (overflowX === "hidden" && outside(box, up.getBoundingClientRect())) {
          found.push(`${text} is cut off by ${up.className || up.tagName}`);
        }
      }
      if (!scrolls && outside(box, document.documentElement.getBoundingClientRect())) {
        found.push(`${text} leaves the window`);
      }
    }
    return found;
  });
}

/** What the page says of its width if it has to be scrolled sideways. */
export function scrolledSideways(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    return scrollWidth > clientWidth ? [`the page is ${scrollWidth} px wide`] : [];
  });
}

/** Waits until the page has drawn itself for a new width. */
export async function settled(page: Page) {
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
}
