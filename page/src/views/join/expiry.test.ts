import { expect, test } from "vitest";
import { minutesLeft } from "./expiry";

const NOON = Date.parse("2026-11-22T12:00:00.000Z");

test("minutes_are_rounded_up_and_end_at_zero", () => {
  expect(minutesLeft("2026-11-22T12:10:00.000Z", NOON)).toBe(10);
  expect(minutesLeft("2026-11-22T12:00:00.001Z", NOON)).toBe(1);
  expect(minutesLeft("2026-11-22T12:00:00.000Z", NOON)).toBe(0);
  expect(minutesLeft("2026-11-22T11:59:00.000Z", NOON)).toBe(0);
});

test("clock_far_off_gives_no_minutes", () => {
  expect(minutesLeft("2026-11-22T13:00:01.000Z", NOON)).toBeNull();
  expect(minutesLeft("2026-11-20T12:10:00.000Z", NOON)).toBeNull();
});
