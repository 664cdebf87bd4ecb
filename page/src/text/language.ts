import type { Language } from "../format/formats";

export const LANGUAGES: readonly Language[] = ["en", "tr"];

const STORED = "language";

/** The chosen language, or else the first of the browser's that there is. */
export function preferredLanguage(): Language {
  const wished = [localStorage.getItem(STORED), ...navigator.languages];
  const found = wished.map((it) => LANGUAGES.find((language) => it?.startsWith(language)));
  return found.find((it) => it !== undefined) ?? "en";
}

export function keepLanguage(language: Language) {
  localStorage.setItem(STORED, language);
}
