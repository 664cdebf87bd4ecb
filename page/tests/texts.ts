import type { Language } from "../src/text/languages";
import { directionOf, LANGUAGES } from "../src/text/languages";
import { runtime } from "../src/text/runtime";
import type { Texts } from "../src/text/types";
import { objectOf, RUNTIME } from "../texts/compile";
import { readCatalogues } from "../texts/files";

const catalogues = readCatalogues();

/** Returns the texts of a language, compiled as the page has them. */
export function textsOf(language: Language): Texts {
  const catalogue = catalogues.get(language) ?? new Map();
  const make = new Function(RUNTIME, `return ${objectOf(catalogue, () => true)};`);
  return make(runtime(LANGUAGES[language].locale, directionOf(language) === "rtl"));
}

export const en = textsOf("en");
