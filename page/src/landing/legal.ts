import type { Programme } from "../programme";
import type { LandingTexts } from "../text/parts";
import { element } from "./dom";

/** Links to the programme's own pages, as far as its file names them. */
export function legalLinks(programme: Programme, texts: LandingTexts): HTMLElement | null {
  const links = (["terms", "privacy", "support"] as const).flatMap((page) => {
    const href = programme[page];
    if (!href) return [];
    const attributes = { href, rel: "noopener noreferrer", target: "_blank" };
    return [element("a", { className: "link", attributes }, texts.legal[page])];
  });
  if (links.length === 0) return null;
  return element(
    "nav",
    { className: "landing-legal", attributes: { "aria-label": texts.legal.label } },
    ...links,
  );
}
