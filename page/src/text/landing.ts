import { others } from "virtual:texts/landing";
import { texts as english } from "virtual:texts/landing-en";
import type { Language } from "./languages";
import type { LandingTexts } from "./parts";

/** A language and the landing's texts in it. */
export interface LandingTranslation {
  language: Language;
  texts: LandingTexts;
}

/** English comes with the landing, the others when they are needed; English where one does not come. */
export async function loadLanding(language: Language): Promise<LandingTranslation> {
  if (language === "en") return { language, texts: english };
  try {
    return { language, texts: (await others[language]()).texts };
  } catch {
    return { language: "en", texts: english };
  }
}
