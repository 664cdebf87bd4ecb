import type { Day } from "./days";
import { decimals, truncate } from "./decimal";

export type Language = "en" | "tr";

const LOCALES: Record<Language, string> = { en: "en-GB", tr: "tr-TR" };

/** A decimal text as `Intl` takes it: exactly, without a float between. */
type Exact = `${number}`;

export interface ExactAmount {
  /** To the hundredth for dollars; the whole amount otherwise. */
  main: string;
  /** The decimals after that, shown smaller. */
  rest: string;
}

/** Numbers and dates as the language writes them. Amounts go in as decimal texts. */
export interface Formats {
  language: Language;
  locale: string;
  day(day: Day): string;
  shortDay(day: Day): string;
  /** A range, without what its two ends have in common. */
  days(range: { from: Day; to: Day }): string;
  instant(at: string): string;
  utcInstant(at: string): string;
  utcTime(at: string): string;
  count(value: number): string;
  percent(rate: string): string;
  /** With all its decimals. */
  amount(amount: string): string;
  /** In dollars to the cent, rounded towards zero: for labels that stand beside an exact figure. */
  usd(amount: string): string;
  usdShort(amount: number): string;
  exactUsd(amount: string): ExactAmount;
}

export function formats(language: Language): Formats {
  const locale = LOCALES[language];
  const date = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  const day = date({ day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const shortDay = date({ day: "numeric", month: "short", timeZone: "UTC" });
  const instant = date({ dateStyle: "medium", timeStyle: "short" });
  const utcInstant = date({ dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
  const utcTime = date({ timeStyle: "short", timeZone: "UTC" });
  const count = new Intl.NumberFormat(locale);
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 4 });
  const dollars = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" } as const;
  const short = new Intl.NumberFormat(locale, {
    ...dollars,
    notation: "compact",
    maximumFractionDigits: 1,
  });
  const usd = new Intl.NumberFormat(locale, dollars);
  const amount = (text: string, style: Intl.NumberFormatOptions = {}) => {
    const digits = decimals(text);
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(locale, { ...style, ...options }).format(text as Exact);
  };
  return {
    language,
    locale,
    day: (it) => day.format(Date.parse(`${it}T00:00:00Z`)),
    days: ({ from, to }) =>
      day.formatRange(Date.parse(`${from}T00:00:00Z`), Date.parse(`${to}T00:00:00Z`)),
    shortDay: (it) => shortDay.format(Date.parse(`${it}T00:00:00Z`)),
    instant: (at) => instant.format(Date.parse(at)),
    utcInstant: (at) => `${utcInstant.format(Date.parse(at))} UTC`,
    utcTime: (at) => `${utcTime.format(Date.parse(at))} UTC`,
    count: (value) => count.format(value),
    percent: (rate) => percent.format(rate as Exact),
    amount,
    usd: (text) => usd.format(truncate(text, 2) as Exact),
    usdShort: (value) => short.format(value),
    exactUsd: (text) => {
      const whole = amount(text, dollars);
      const cut = Math.max(0, decimals(text) - 2);
      return { main: whole.slice(0, whole.length - cut), rest: whole.slice(whole.length - cut) };
    },
  };
}
