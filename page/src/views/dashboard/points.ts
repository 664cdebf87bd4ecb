import type { Schemas } from "../../api/client";
import { type Day, monday, plusDays } from "../../format/days";
import { sum } from "../../format/decimal";
import type { Texts } from "../../text";

/** Beyond so many days the chart goes by weeks. */
const MAX_BARS = 100;

/** A day, or a week, of a chart. Values are decimal texts, exact however they are added up. */
export interface Point {
  day: Day;
  weekly: boolean;
  final: boolean;
  values: Record<string, string>;
}

export const METRICS = ["commission", "volume", "active", "joined"] as const;
export type Metric = (typeof METRICS)[number];

/** What each metric is made of, in the order of stacking. */
export const SERIES: Record<Metric, readonly string[]> = {
  commission: ["spot", "margin", "futures"],
  volume: ["volume"],
  active: ["active"],
  joined: ["joined"],
};

/** Whether a metric counts people; the others are dollars. */
export function isCount(metric: Metric): boolean {
  return metric === "active" || metric === "joined";
}

function valuesOf(day: Schemas["DayFigures"], metric: Metric): Record<string, string> {
  switch (metric) {
    case "commission":
      return { ...day.commissionUsdByProduct };
    case "volume":
      return { volume: day.volumeUsd };
    case "active":
      return { active: String(day.activeInvitees) };
    case "joined":
      return { joined: String(day.newInvitees) };
  }
}

function join(points: Point[], names: readonly string[]): Record<string, string> {
  const total = (name: string) => sum(points.map((point) => point.values[name] ?? "0"));
  return Object.fromEntries(names.map((name) => [name, total(name)]));
}

/**
 * The days of a range, or its weeks where it is long. Those of the period before are `shift` days
 * earlier, and grouped as the days that they are compared with.
 */
export function pointsOf(series: Schemas["DayFigures"][], metric: Metric, shift = 0): Point[] {
  const days = series.map((day) => ({
    day: day.day,
    weekly: false,
    final: day.final,
    values: valuesOf(day, metric),
  }));
  // Whoever was active on several days of a week would be counted several times.
  if (days.length <= MAX_BARS || metric === "active") return days;
  const weeks = new Map<Day, Point[]>();
  for (const point of days) {
    const week = monday(plusDays(point.day, shift));
    weeks.set(week, [...(weeks.get(week) ?? []), point]);
  }
  return [...weeks].map(([week, points]) => ({
    day: shift === 0 ? week : (points[0]?.day ?? week),
    weekly: true,
    final: points.every((point) => point.final),
    values: join(points, SERIES[metric]),
  }));
}

/** The sum of what is shown of a point. */
export function totalOf(point: Point, shown: readonly string[]): string {
  return sum(shown.map((name) => point.values[name] ?? "0"));
}

/** The lines of a point. */
export function addressOf(point: Point): string {
  const to = point.weekly ? plusDays(point.day, 6) : point.day;
  return `/earnings?${new URLSearchParams({ from: point.day, to })}`;
}

export function nameOf(series: string, t: Texts): string {
  const names: Record<string, string> = {
    ...t.products,
    volume: t.dashboard.volume,
    active: t.dashboard.active,
    joined: t.dashboard.joined,
    before: t.dashboard.before,
  };
  return names[series] ?? series;
}
