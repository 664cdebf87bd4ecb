import { createContext, type ReactNode, useContext, useMemo } from "react";
import { type Formats, formats, type Language } from "../format/formats";
import { en } from "./en";

/** The catalogue's shape: a text that a language lacks does not compile. */
type Shape<T> = T extends string
  ? string
  : T extends (...args: infer Args) => string
    ? (...args: Args) => string
    : { [Key in keyof T]: Shape<T[Key]> };

export type Texts = Shape<typeof en>;

export { keepLanguage, LANGUAGES, preferredLanguage } from "./language";

/** English comes with the page, the others when they are needed. */
export async function load(language: Language): Promise<Texts> {
  return language === "tr" ? (await import("./tr")).tr : en;
}

interface Words {
  t: Texts;
  f: Formats;
  choose: (language: Language) => void;
}

const Context = createContext<Words | null>(null);

interface Props {
  language: Language;
  texts: Texts;
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
