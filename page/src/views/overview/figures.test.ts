import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { plusDays } from "../../format/days";
import { earned, lastDay, monthSoFar, periodsOf, sparkOfDays, sparkOfMonth } from "./figures";

/** 90 days that end on 21 November; each earned its day of the month in dollars. */
const series = Array.from({ length: 90 }, (_, index) => {
  const day = plusDays("2026-11-21", index - 89);
  return { day, commissionUsd: `${Number(day.slice(8))}.00` } as Schemas["DayFigures"];
});

test("last_day_is_compared_with_the_day_before", () => {
  expect(lastDay(series)).toEqual({ day: "2026-11-21", now: "21.00", before: "20.00" });
  expect(lastDay(series.slice(0, 1))).toBeNull();
});

test("month_is_compared_with_the_same_days_of_the_last", () => {
  expect(monthSoFar(series, "2026-11-21")).toEqual({ now: "231.00", before: "231.00" });
  const { days, before } = sparkOfMonth(series, "2026-11-21");
  expect([days.length, before.length, before[0]?.day]).toEqual([21, 21, "2026-10-01"]);
});

test("last_days_are_compared_with_as_many_before", () => {
  const { days, before } = sparkOfDays(series, "2026-11-21", 14);
  expect([days[0]?.day, days.at(-1)?.day]).toEqual(["2026-11-08", "2026-11-21"]);
  expect([before[0]?.day, before.at(-1)?.day]).toEqual(["2026-10-25", "2026-11-07"]);
  expect(earned(days)).toBe("203.00");
});

test("month_end_is_compared_with_the_whole_last_month", () => {
  const longer = series.map((it) => ({ ...it, day: plusDays(it.day, 9) }));
  const { before } = monthSoFar(longer, "2026-11-30");
  const october = longer.filter(({ day }) => day >= "2026-10-01" && day <= "2026-10-30");
  expect(Number(before)).toBe(october.reduce((all, it) => all + Number(it.commissionUsd), 0));
});

type Summary = Schemas["DashboardSummary"];

const statuses = (accrued: string, settled: string, paid: string, reversed = "0.00") => ({
  commissionByStatus: { usd: { accrued, settled, paid, reversed } },
});

/** The 90 days from 24 August, and the 30 from 23 October with the 30 before. */
const quarter = {
  dataAsOf: "2026-11-22T00:00:00Z",
  from: "2026-08-24",
  to: "2026-11-21",
  series,
  ...statuses("30.00", "41.00", "1348.00", "-7.00"),
} as Summary;
const month = {
  dataAsOf: quarter.dataAsOf,
  from: "2026-10-23",
  to: quarter.to,
  ...statuses("30.00", "40.00", "404.00"),
  previous: {
    from: "2026-09-23",
    to: "2026-10-22",
    ...statuses("0.00", "0.00", "472.00", "-7.00"),
  },
} as Summary;

test("periods_add_up_to_the_figures_of_the_quarter", () => {
  expect(periodsOf(quarter, month)).toEqual([
    { from: "2026-08-24", to: "2026-09-22", pending: "1.00", paid: "472.00" },
    { from: "2026-09-23", to: "2026-10-22", pending: "-7.00", paid: "472.00" },
    { from: "2026-10-23", to: "2026-11-21", pending: "70.00", paid: "404.00" },
  ]);
});

test("periods_of_answers_that_do_not_fit_are_not_shown", () => {
  const paid = statuses("30.00", "1.00", "1388.00", "-7.00");
  expect(periodsOf({ ...quarter, ...paid } as Summary, month)).toBeNull();
  const other = { ...quarter, dataAsOf: "2026-11-21T00:00:00Z" };
  expect(periodsOf(other, month)).toBeNull();
  const corrected = statuses("30.00", "41.00", "1349.00", "-7.00");
  expect(periodsOf({ ...quarter, ...corrected } as Summary, month)).toBeNull();
  expect(periodsOf({ ...quarter, from: "2026-09-23" }, month)).toBeNull();
});
