import type { Schemas } from "../../api/client";
import { type Day, firstOfMonth, monthBefore } from "../../format/days";
import { sum } from "../../format/decimal";

type Series = readonly Schemas["DayFigures"][];

/** So many days are enough for this month and the same part of the last one. */
export const OVERVIEW_DAYS = 90;

export interface Against {
  now: string;
  before: string;
}

function earned(days: Series): string {
  return sum(["0.00", ...days.map((day) => day.commissionUsd)]);
}

/** The last closed day against the day before; `null` where there is no such day. */
export function lastDay(series: Series): (Against & { day: Day }) | null {
  const [before, now] = series.slice(-2);
  if (!before || !now) return null;
  return { day: now.day, now: now.commissionUsd, before: before.commissionUsd };
}

/** The running month's closed days against the same days of the month before. */
export function monthSoFar(series: Series, lastClosed: Day): Against {
  const between = (from: Day, to: Day) => series.filter(({ day }) => day >= from && day <= to);
  const lastMonth = monthBefore(lastClosed);
  return {
    now: earned(between(firstOfMonth(lastClosed), lastClosed)),
    before: earned(between(firstOfMonth(lastMonth), lastMonth)),
  };
}

/** The days of the running month, as far as they are closed. */
export function daysOfMonth(series: Series, lastClosed: Day): Series {
  return series.filter(({ day }) => day >= firstOfMonth(lastClosed) && day <= lastClosed);
}
