import { texts as english } from "virtual:texts/page-en";
import type { Language } from "./languages";
import type { Texts as AllTexts } from "./types";

/** The texts of the application: all but the landing's. */
export type Texts = Omit<AllTexts, "landing">;

type Load = () => Promise<{ texts: Texts }>;

/** Each language is a chunk of its own. */
const OTHERS: Record<Exclude<Language, "en">, Load> = {
  es: () => import("virtual:texts/page-es"),
  "pt-BR": () => import("virtual:texts/page-pt-BR"),
  tr: () => import("virtual:texts/page-tr"),
  ru: () => import("virtual:texts/page-ru"),
  vi: () => import("virtual:texts/page-vi"),
  "zh-Hans": () => import("virtual:texts/page-zh-Hans"),
  ar: () => import("virtual:texts/page-ar"),
};

/** A language and its texts. */
export interface Translation {
  language: Language;
  texts: Texts;
}

/** Loads a language; English, which is always there, where it cannot be loaded. */
export async function loadOrEnglish(language: Language): Promise<Translation> {
  try {
    return { language, texts: await load(language) };
  } catch {
    return { language: "en", texts: english };
  }
}

/** English comes with the page, the others when they are needed. Rejects where one does not come. */
export async function load(language: Language): Promise<Texts> {
  if (import.meta.env.DEV && location.search.includes("lang=en-XA")) {
    return (await import("virtual:texts/page-en-XA")).texts;
  }
  return language === "en" ? english : (await OTHERS[language]()).texts;
}
