import { LANGUAGES, type Language, type Locale } from "../text/languages";
import type { Day } from "./days";
import { decimals, isZero, truncate } from "./decimal";

/** A decimal text as `Intl` takes it: exactly, without a float between. */
type Exact = `${number}`;

/** Zero has no sign where it is shown. */
function positiveZero(text: string): Exact {
  return (isZero(text) ? "0" : text) as Exact;
}

/** Numbers and dates as the language writes them. Amounts go in as decimal texts. */
export interface Formats {
  language: Language;
  locale: string;
  day(day: Day): string;
  shortDay(day: Day): string;
  /** The name of a day's month, alone. */
  month(day: Day): string;
  /** A range, without what its two ends have in common. */
  days(range: { from: Day; to: Day }): string;
  instant(at: string): string;
  utcInstant(at: string): string;
  utcTime(at: string): string;
  count(value: number): string;
  percent(rate: string): string;
  /** With all its decimals. */
  amount(amount: string): string;
  /** In dollars to the cent, rounded towards zero; what is less than a cent says so. */
  usd(amount: string): string;
  /** In whole dollars, rounded towards zero. */
  usdWhole(amount: string): string;
  /** In dollars with all its decimals. */
  usdExact(amount: string): string;
  usdShort(amount: number): string;
  /** How much a figure has changed, as a percentage with its sign. */
  change(ratio: number): string;
}

/** Returns a function that makes its value at the first call. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Formats amounts. Keeps a format per number of decimals: making one is slower than using it. */
function amounts(locale: string, style: Intl.NumberFormatOptions = {}): (text: string) => string {
  const made = new Map<number, Intl.NumberFormat>();
  return (text) => {
    const digits = decimals(text);
    let format = made.get(digits);
    if (!format) {
      const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
      format = new Intl.NumberFormat(locale, { ...style, ...options });
      made.set(digits, format);
    }
    return format.format(text as Exact);
  };
}

export function formats(language: Language): Formats {
  const { locale, numbers = locale }: Locale = LANGUAGES[language];
  const date = (options: Intl.DateTimeFormatOptions) =>
    once(() => new Intl.DateTimeFormat(locale, options));
  const number = (options?: Intl.NumberFormatOptions) =>
    once(() => new Intl.NumberFormat(numbers, options));
  const day = date({ day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const shortDay = date({ day: "numeric", month: "short", timeZone: "UTC" });
  const month = date({ month: "long", timeZone: "UTC" });
  const minutes = {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "numeric",
    minute: "2-digit",
  } as const;
  const instant = date(minutes);
  const utcInstant = date({ ...minutes, timeZone: "UTC" });
  const utcTime = date({ timeStyle: "short", timeZone: "UTC" });
  const count = number();
  const percent = number({ style: "percent", maximumFractionDigits: 4 });
  const dollars = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" } as const;
  const short = number({
    ...dollars,
    notation: "compact",
    maximumFractionDigits: 1,
  });
  const usd = number(dollars);
  const whole = number({ ...dollars, maximumFractionDigits: 0 });
  const signed = { style: "percent", signDisplay: "exceptZero" } as const;
  const smallChange = number({ ...signed, maximumFractionDigits: 1 });
  const bigChange = number({ ...signed, maximumFractionDigits: 0 });
  const amount = amounts(numbers);
  const usdExact = amounts(numbers, dollars);
  return {
    language,
    locale,
    day: (it) => day().format(Date.parse(`${it}T00:00:00Z`)),
    days: ({ from, to }) =>
      day().formatRange(Date.parse(`${from}T00:00:00Z`), Date.parse(`${to}T00:00:00Z`)),
    shortDay: (it) => shortDay().format(Date.parse(`${it}T00:00:00Z`)),
    month: (it) => month().format(Date.parse(`${it}T00:00:00Z`)),
    instant: (at) => instant().format(Date.parse(at)),
    utcInstant: (at) => `${utcInstant().format(Date.parse(at))} UTC`,
    utcTime: (at) => `${utcTime().format(Date.parse(at))} UTC`,
    count: (value) => count().format(value),
    percent: (rate) => percent().format(rate as Exact),
    amount,
    usd: (text) => {
      const cents = truncate(text, 2);
      if (!isZero(cents) || isZero(text)) return usd().format(positiveZero(cents));
      return text.startsWith("-") ? `>${usd().format(-0.01)}` : `<${usd().format(0.01)}`;
    },
    usdWhole: (text) => whole().format(positiveZero(truncate(text, 0))),
    usdExact,
    usdShort: (value) => short().format(value),
    change: (ratio) => (Math.abs(ratio) < 0.1 ? smallChange : bigChange)().format(ratio),
  };
}
