/** The languages, in the order of the menus. A language's name is written in itself. */
export const LANGUAGES = {
  en: { name: "English", locale: "en-GB" },
  es: { name: "Español", locale: "es" },
  "pt-BR": { name: "Português (Brasil)", locale: "pt-BR" },
  tr: { name: "Türkçe", locale: "tr-TR" },
  ru: { name: "Русский", locale: "ru-RU" },
  vi: { name: "Tiếng Việt", locale: "vi-VN" },
  "zh-Hans": { name: "简体中文", locale: "zh-Hans-CN" },
  // Exchanges write digits 0 to 9 in Arabic too, as ids and amounts are copied and compared.
  ar: { name: "العربية", locale: "ar-u-ca-gregory-nu-latn" },
} as const;

export type Language = keyof typeof LANGUAGES;

export const LANGUAGE_CODES = Object.keys(LANGUAGES) as Language[];

/** The direction of a language's lines. */
export function directionOf(language: string): "ltr" | "rtl" {
  return language === "ar" ? "rtl" : "ltr";
}
