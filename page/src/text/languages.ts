/** The languages, in the order of the menus. */
export const LANGUAGES = {
  en: { name: "English", locale: "en-GB" },
  es: { name: "Español", locale: "es" },
  "pt-BR": { name: "Português (Brasil)", locale: "pt-BR" },
  tr: { name: "Türkçe", locale: "tr-TR" },
  ru: { name: "Русский", locale: "ru-RU" },
  vi: { name: "Tiếng Việt", locale: "vi-VN" },
  "zh-Hans": { name: "简体中文", locale: "zh-Hans-CN" },
  // Exchanges write amounts in Arabic as $1,234.50, since they are copied and compared.
  ar: { name: "العربية", locale: "ar-u-ca-gregory-nu-latn", numbers: "en-US" },
} as const satisfies Record<string, Locale>;

export interface Locale {
  /** The language's name in itself. */
  name: string;
  /** The locale of dates and plurals, and of numbers without `numbers`. */
  locale: string;
  numbers?: string;
}

export type Language = keyof typeof LANGUAGES;

export const LANGUAGE_CODES = Object.keys(LANGUAGES) as Language[];

/** The direction of a language's lines. */
export function directionOf(language: string): "ltr" | "rtl" {
  return language === "ar" ? "rtl" : "ltr";
}
