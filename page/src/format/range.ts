import { type Day, daysIn, firstOfMonth, firstOfQuarter, isDay, plusDays } from "./days";

/** The ranges that are offered by name. */
export const PRESETS = [
  "yesterday",
  "7d",
  "30d",
  "90d",
  "month",
  "lastMonth",
  "quarter",
  "365d",
] as const;
export type Preset = (typeof PRESETS)[number];

export type Range = { preset: Preset } | { from: Day; to: Day };

/** The API takes at most so many days. */
export const MAX_DAYS = 366;

export interface Days {
  from: Day;
  to: Day;
}

/**
 * The days of a preset. Presets end with the last closed day, so that they show whole days; those of
 * a running month or quarter go on to today, `lastClosed` plus one.
 */
export function daysOf(preset: Preset, lastClosed: Day): Days {
  const today = plusDays(lastClosed, 1);
  switch (preset) {
    case "yesterday":
      return { from: lastClosed, to: lastClosed };
    case "7d":
      return { from: plusDays(lastClosed, -6), to: lastClosed };
    case "30d":
      return { from: plusDays(lastClosed, -29), to: lastClosed };
    case "90d":
      return { from: plusDays(lastClosed, -89), to: lastClosed };
    case "365d":
      return { from: plusDays(lastClosed, -364), to: lastClosed };
    case "month":
      return { from: firstOfMonth(today), to: today };
    case "lastMonth": {
      const to = plusDays(firstOfMonth(today), -1);
      return { from: firstOfMonth(to), to };
    }
    case "quarter":
      return { from: firstOfQuarter(today), to: today };
  }
}

/** Reads what `write` wrote into the address; the last 30 days where it says nothing usable. */
export function read(query: URLSearchParams): Range {
  const [from, to, preset] = [query.get("from"), query.get("to"), query.get("range")];
  if (isDay(from) && isDay(to) && from <= to) return { from, to };
  return { preset: PRESETS.find((it) => it === preset) ?? "30d" };
}

const NAMES = ["from", "to", "range"];

/** What an address says of its range, for the addresses that it leads to. */
export function carried(query: URLSearchParams): string {
  const own = [...query].filter(([name]) => NAMES.includes(name));
  return own.length > 0 ? `?${new URLSearchParams(own)}` : "";
}

/** The range of equal length that ends where this one begins. */
export function rangeBefore({ from, to }: Days): Days {
  const count = daysIn(from, to);
  return { from: plusDays(from, -count), to: plusDays(from, -1) };
}

/** Puts the range into the address, so that it can be shared and gone back to. */
export function write(query: URLSearchParams, range: Range): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const name of NAMES) next.delete(name);
  if ("from" in range) {
    next.set("from", range.from);
    next.set("to", range.to);
  } else if (range.preset !== "30d") {
    next.set("range", range.preset);
  }
  return next;
}
