import type { Language } from "./languages.ts";
import type { Texts } from "./types.ts";

/** The groups that the landing needs: it is loaded without the other texts. */
export const LANDING_GROUPS = ["name", "language", "landing", "benefit", "legal"] as const;

export type LandingTexts = Pick<Texts, (typeof LANDING_GROUPS)[number]>;

/** The texts of the application: all but the landing's own. */
export type PageTexts = Omit<Texts, "landing">;

/** Loads each language that does not come with the code. */
export type Loads<T> = Record<Exclude<Language, "en">, () => Promise<{ texts: T }>>;
