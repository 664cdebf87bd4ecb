import type { Language } from "./languages";
import type { Texts as AllTexts } from "./types";

/** The texts of the application: all but the landing's. */
export type Texts = Omit<AllTexts, "landing">;

type Load = () => Promise<{ texts: Texts }>;

/** Each language but English is a chunk of its own. */
export const OTHERS: Record<Exclude<Language, "en">, Load> = {
  es: () => import("virtual:texts/page-es"),
  "pt-BR": () => import("virtual:texts/page-pt-BR"),
  tr: () => import("virtual:texts/page-tr"),
  ru: () => import("virtual:texts/page-ru"),
  vi: () => import("virtual:texts/page-vi"),
  "zh-Hans": () => import("virtual:texts/page-zh-Hans"),
  ar: () => import("virtual:texts/page-ar"),
};

/** Starts loading a language, before the application asks for it; a failure is for later. */
export function preloadTexts(language: Language) {
  if (language !== "en") OTHERS[language]().catch(() => {});
}
