import { others } from "virtual:texts/page";
import { texts as english } from "virtual:texts/page-en";
import type { Language } from "./languages";
import type { PageTexts } from "./parts";

/** A language and its texts. */
export interface Translation {
  language: Language;
  texts: PageTexts;
}

/** Loads a language; if it fails, returns English, which is always loaded. */
export async function loadOrEnglish(language: Language): Promise<Translation> {
  try {
    return { language, texts: await load(language) };
  } catch {
    return { language: "en", texts: english };
  }
}

/** English comes with the page, the others when they are needed. Rejects where one does not come. */
export async function load(language: Language): Promise<PageTexts> {
  if (import.meta.env.DEV && location.search.includes("lang=en-XA")) {
    return (await import("virtual:texts/page-en-XA")).texts;
  }
  return language === "en" ? english : (await others[language]()).texts;
}
