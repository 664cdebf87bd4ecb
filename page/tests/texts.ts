import type { Language } from "../src/text/languages";
import { directionOf, LANGUAGES } from "../src/text/languages";
import { runtime } from "../src/text/runtime";
import type { Texts } from "../src/text/types";
import { objectOf, RUNTIME } from "../texts/compile";
import { readCatalogues } from "../texts/files";
import { pseudo } from "../texts/pseudo";

const catalogues = readCatalogues();

/** Whether tests go through every language. That takes minutes. */
export const ALL_LANGUAGES = process.env["ALL_LANGUAGES"] === "1";

/** Returns the texts of a language, compiled as the page has them. */
export function textsOf(language: Language): Texts {
  const catalogue = catalogues.get(language) ?? new Map();
  const make = new Function(RUNTIME, `return ${objectOf(catalogue, () => true)};`);
  return make(runtime(LANGUAGES[language].locale, directionOf(language) === "rtl"));
}

export const en = textsOf("en");

/** Returns a module of the pseudo-locale's texts, in place of a language's. */
export function pseudoModule(): string {
  const texts = objectOf(pseudo(catalogues.get("en") ?? new Map()), () => true);
  return `const ${RUNTIME} = (${runtime})("en", false);\nexport const texts = ${texts};`;
}
