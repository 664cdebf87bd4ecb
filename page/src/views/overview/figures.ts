import type { Schemas } from "../../api/client";
import { type Day, firstOfMonth, monthBefore, plusDays } from "../../format/days";
import { sum } from "../../format/decimal";

type Series = readonly Schemas["DayFigures"][];

/** So many days are enough for this month and the same part of the last one. */
export const OVERVIEW_DAYS = 90;

export interface Against {
  now: string;
  before: string;
}

/** Days with the earnings of each, and the days with which they are compared. */
export interface Spark {
  days: Series;
  before: Series;
}

/** Returns the sum of the days' earnings. */
export function earned(days: Series): string {
  return sum(["0.00", ...days.map((day) => day.commissionUsd)]);
}

function between(series: Series, from: Day, to: Day): Series {
  return series.filter(({ day }) => day >= from && day <= to);
}

/** The last closed day against the day before; `null` where there is no such day. */
export function lastDay(series: Series): (Against & { day: Day }) | null {
  const [before, now] = series.slice(-2);
  if (!before || !now) return null;
  return { day: now.day, now: now.commissionUsd, before: before.commissionUsd };
}

/** The running month's closed days against the same days of the month before. */
export function monthSoFar(series: Series, lastClosed: Day): Against {
  const { days, before } = sparkOfMonth(series, lastClosed);
  return { now: earned(days), before: earned(before) };
}

/** The days of the running month, as far as they are closed, and the same days of the last one. */
export function sparkOfMonth(series: Series, lastClosed: Day): Spark {
  const lastMonth = monthBefore(lastClosed);
  return {
    days: between(series, firstOfMonth(lastClosed), lastClosed),
    before: between(series, firstOfMonth(lastMonth), lastMonth),
  };
}

/** The last days, and as many before them. */
export function sparkOfDays(series: Series, lastClosed: Day, count: number): Spark {
  const first = plusDays(lastClosed, 1 - count);
  return {
    days: between(series, first, lastClosed),
    before: between(series, plusDays(first, -count), plusDays(first, -1)),
  };
}
