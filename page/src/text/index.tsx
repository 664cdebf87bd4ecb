import { createContext, type ReactNode, useContext, useMemo } from "react";
import { type Formats, formats } from "../format/formats";
import type { Language } from "./languages";
import type { PageTexts } from "./parts";

export { declareLanguage, keepLanguage, LANGUAGE_CHOICES, preferredLanguage } from "./language";
export type { Language } from "./languages";
export { load, loadOrEnglish, type Translation } from "./load";
export type { PageTexts as Texts } from "./parts";

interface Words {
  t: PageTexts;
  f: Formats;
  choose: (language: Language) => void;
}

const Context = createContext<Words | null>(null);

interface Props {
  language: Language;
  texts: PageTexts;
  choose: (language: Language) => void;
  children: ReactNode;
}

export function TextProvider({ language, texts, choose, children }: Props) {
  const words = useMemo(
    () => ({ t: texts, f: formats(language), choose }),
    [language, texts, choose],
  );
  return <Context value={words}>{children}</Context>;
}

/** The texts and the formats of the language that was chosen. */
export function useWords(): Words {
  const words = useContext(Context);
  if (!words) throw new Error("no TextProvider");
  return words;
}
