import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { plusDays } from "../../format/days";
import { pointsOf, totalOf } from "./points";

function days(count: number): Schemas["DayFigures"][] {
  return Array.from({ length: count }, (_, index) => ({
    day: plusDays("2026-06-01", index),
    final: index < count - 1,
    commissionUsd: "0.30000003",
    sharedUsd: "0",
    volumeUsd: "10.00000000",
    commissionUsdByProduct: { spot: "0.10000001", margin: "0.10000001", futures: "0.10000001" },
    commissionByAsset: {},
    newInvitees: 1,
    activeInvitees: 2,
  }));
}

test("short ranges go by days", () => {
  const points = pointsOf(days(3), "commission");
  expect(points.map((point) => point.day)).toEqual(["2026-06-01", "2026-06-02", "2026-06-03"]);
  expect(points[0] && totalOf(points[0], ["spot", "futures"])).toBe("0.20000002");
});

test("long ranges go by weeks, which add up exactly and are final when all their days are", () => {
  const points = pointsOf(days(140), "volume");
  expect(points).toHaveLength(20);
  expect(points[0]).toEqual({
    day: "2026-06-01",
    weekly: true,
    final: true,
    values: { volume: "70.00000000" },
  });
  expect(points.at(-1)?.final).toBe(false);
});

test("weeks_before_are_those_of_the_days_compared_with", () => {
  // 143 days from a Thursday: the first week has four days, as has the one that it is compared with.
  const series = days(286);
  const now = pointsOf(series.slice(143), "volume");
  const before = pointsOf(series.slice(0, 143), "volume", 143);
  expect(before.map((point) => point.values)).toEqual(now.map((point) => point.values));
  expect([before[0]?.day, before[1]?.day]).toEqual(["2026-06-01", "2026-06-05"]);
  expect(before[0]?.values).toEqual({ volume: "40.00000000" });
});

test("activity is never added up over days", () => {
  expect(pointsOf(days(140), "active")).toHaveLength(140);
});
