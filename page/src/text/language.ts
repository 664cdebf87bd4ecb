import { directionOf, LANGUAGE_CODES, LANGUAGES, type Language } from "./languages";

const STORED = "language";

/** The parameter of an address that chooses the language. */
const PARAMETER = "lang";

/** Returns the supported language for a tag such as `pt-PT` or `zh-CN`. */
export function languageOf(tag: string | null): Language | undefined {
  if (!tag) return undefined;
  // Traditional characters are another script: the browser's next language is better.
  if (/^zh\b.*-(Hant|TW|HK|MO)\b/i.test(tag)) return undefined;
  const [language] = tag.toLowerCase().split("-");
  return LANGUAGE_CODES.find((it) => it.toLowerCase().split("-")[0] === language);
}

/** Returns the address's language, else the chosen one, else the browser's first supported one. */
export function preferredLanguage(): Language {
  const asked = languageOf(new URLSearchParams(location.search).get(PARAMETER));
  if (asked) localStorage.setItem(STORED, asked);
  const wished = [localStorage.getItem(STORED), ...navigator.languages];
  return wished.map(languageOf).find((it) => it !== undefined) ?? "en";
}

/** Keeps the user's choice, over what the address asked for. */
export function keepLanguage(language: Language) {
  localStorage.setItem(STORED, language);
  const address = new URL(location.href);
  if (!address.searchParams.has(PARAMETER)) return;
  address.searchParams.delete(PARAMETER);
  history.replaceState(history.state, "", address);
}

/** Sets the document's language and direction. */
export function declareLanguage(language: Language) {
  document.documentElement.lang = language;
  document.documentElement.dir = directionOf(language);
}

/** The languages for a menu. */
export const LANGUAGE_CHOICES = LANGUAGE_CODES.map((value) => ({
  value,
  text: LANGUAGES[value].name,
  lang: value,
}));
