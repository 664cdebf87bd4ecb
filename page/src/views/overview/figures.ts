import type { Schemas } from "../../api/client";
import { type Day, firstOfMonth, monthBefore, plusDays } from "../../format/days";
import { compare, subtract, sum } from "../../format/decimal";
import type { Days } from "../../format/range";
import { pending } from "../dashboard/pending";

type Summary = Schemas["DashboardSummary"];
type Status = Schemas["StatusUsdAmounts"];
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

/** The days of the last closed day's month, as closed, against the same days of the month before. */
export function monthSoFar(series: Series, lastClosed: Day): Against {
  const { days, before } = sparkOfMonth(series, lastClosed);
  return { now: earned(days), before: earned(before) };
}

/** The closed days of a month, up to the last closed day, and the same days of the month before. */
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

/** What is pending and what is paid of the earnings of some days. */
export interface Period extends Days {
  pending: string;
  paid: string;
}

const STATUSES = ["accrued", "settled", "paid", "reversed"] as const;

/**
 * The quarter's days in the order of time, as the 30 days that `month` and its previous figures
 * have, and those before. No answer has statuses by day, and the two answers may be of different
 * moments: `null` where they do not add up.
 */
export function periodsOf(quarter: Summary, month: Summary): Period[] | null {
  const { previous } = month;
  if (quarter.dataAsOf !== month.dataAsOf || quarter.to !== month.to) return null;
  if (quarter.from >= previous.from) return null;
  const now = month.commissionByStatus.usd;
  const before = previous.commissionByStatus.usd;
  const rest = Object.fromEntries(
    STATUSES.map((name) => [
      name,
      subtract(quarter.commissionByStatus.usd[name], sum([now[name], before[name]])),
    ]),
  ) as unknown as Status;
  // A payment between the two answers is missing from what was ready to pay.
  if (compare(sum([rest.accrued, rest.settled]), "0") < 0) return null;
  const parts: [Days, Status][] = [
    [{ from: quarter.from, to: plusDays(previous.from, -1) }, rest],
    [previous, before],
    [month, now],
  ];
  const periods = parts.map(([{ from, to }, status]) => ({
    from,
    to,
    pending: pending(status),
    paid: status.paid,
  }));
  const whole = periods.every((it) => {
    const total = sum([it.pending, it.paid]);
    return compare(total, earned(between(quarter.series, it.from, it.to))) === 0;
  });
  return whole ? periods : null;
}
