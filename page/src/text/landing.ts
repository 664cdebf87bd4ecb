import { texts as english } from "virtual:texts/landing-en";
import type { Language } from "./languages";
import type { Texts } from "./types";

export type LandingTexts = Pick<Texts, "name" | "language" | "landing" | "benefit" | "legal">;

/** A language and the landing's texts in it. */
export interface LandingTranslation {
  language: Language;
  texts: LandingTexts;
}

type Load = () => Promise<{ texts: LandingTexts }>;

/** Each language is a chunk of its own. */
const OTHERS: Record<Exclude<Language, "en">, Load> = {
  es: () => import("virtual:texts/landing-es"),
  "pt-BR": () => import("virtual:texts/landing-pt-BR"),
  tr: () => import("virtual:texts/landing-tr"),
  ru: () => import("virtual:texts/landing-ru"),
  vi: () => import("virtual:texts/landing-vi"),
  "zh-Hans": () => import("virtual:texts/landing-zh-Hans"),
  ar: () => import("virtual:texts/landing-ar"),
};

/** English comes with the landing, the others when they are needed; English where one does not come. */
export async function loadLanding(language: Language): Promise<LandingTranslation> {
  if (language === "en") return { language, texts: english };
  try {
    return { language, texts: (await OTHERS[language]()).texts };
  } catch {
    return { language: "en", texts: english };
  }
}
