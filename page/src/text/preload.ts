import { others } from "virtual:texts/page";
import type { Language } from "./languages";

/**
 * Starts loading a language; its failure is reported by `load`. That is in another module because
 * English comes with it, which must not delay the first script.
 */
export function preloadTexts(language: Language) {
  if (language !== "en") others[language]().catch(() => {});
}
