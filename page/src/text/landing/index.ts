import type { Language } from "../../format/formats";
import { type LandingTexts, landing } from "./en";

export type { LandingTexts } from "./en";

/** Each language under its own name, which needs no translation. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", tr: "Türkçe" };

/** English comes with the landing, the others when they are needed. */
export async function loadLanding(language: Language): Promise<LandingTexts> {
  return language === "tr" ? (await import("./tr")).landing : landing;
}
