type Forms = Record<string, string>;

/** FSI and PDI of Unicode's bidirectional algorithm: the text between keeps its direction. */
const [ISOLATE, END] = ["\u2068", "\u2069"];

/** The functions that compiled messages call: `texts/compile.ts` generates the calls. */
export interface Runtime {
  number(value: number): string;
  /** Returns the text for its place in a message. */
  text(value: string): string;
  plural(value: number, forms: Forms): string;
  select(value: string, forms: Forms): string;
}

/**
 * Makes the functions for a locale. Where lines run from right to left, a text that is put into
 * a message is isolated: an id or an amount would otherwise change places with its neighbours.
 */
export function runtime(locale: string, isRightToLeft: boolean): Runtime {
  let rules: Intl.PluralRules | undefined;
  let numbers: Intl.NumberFormat | undefined;
  const formOf = (name: string, forms: Forms) =>
    (Object.hasOwn(forms, name) ? forms[name] : forms["other"]) ?? "";
  return {
    number: (value) => {
      numbers ??= new Intl.NumberFormat(locale);
      return numbers.format(value);
    },
    text: (value) => (isRightToLeft ? `${ISOLATE}${value}${END}` : value),
    plural: (value, forms) => {
      rules ??= new Intl.PluralRules(locale);
      const exact = `=${value}`;
      return formOf(Object.hasOwn(forms, exact) ? exact : rules.select(value), forms);
    },
    select: (value, forms) => formOf(value, forms),
  };
}
