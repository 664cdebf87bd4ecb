import { expect, test } from "vitest";
import { dayAfterQuarter, daysIn, lastDayBefore, monday, monthBefore } from "./days";
import { carried, daysOf, rangeBefore, read, write } from "./range";

const CLOSED = "2026-11-21";

test("presets end with the last closed day, or today where the period runs", () => {
  expect(daysOf("yesterday", CLOSED)).toEqual({ from: CLOSED, to: CLOSED });
  expect(daysOf("7d", CLOSED)).toEqual({ from: "2026-11-15", to: CLOSED });
  expect(daysOf("30d", CLOSED)).toEqual({ from: "2026-10-23", to: CLOSED });
  expect(daysOf("month", CLOSED)).toEqual({ from: "2026-11-01", to: "2026-11-22" });
  expect(daysOf("lastMonth", CLOSED)).toEqual({ from: "2026-10-01", to: "2026-10-31" });
  expect(daysOf("quarter", CLOSED)).toEqual({ from: "2026-10-01", to: "2026-11-22" });
});

test("on the first day of a month, that month is one day long", () => {
  expect(daysOf("month", "2026-11-30")).toEqual({
    from: "2026-12-01",
    to: "2026-12-01",
  });
  expect(daysOf("lastMonth", "2026-02-28").to).toBe("2026-02-28");
});

test("no preset is longer than the API allows", () => {
  const { from, to } = daysOf("365d", CLOSED);
  expect(daysIn(from, to)).toBe(365);
});

test("a range survives the address, and nonsense does not", () => {
  const custom = { from: "2026-10-01", to: "2026-10-03" };
  expect(read(write(new URLSearchParams("uid=1"), custom))).toEqual(custom);
  expect(write(new URLSearchParams("uid=1&range=7d"), custom).toString()).toBe(
    "uid=1&from=2026-10-01&to=2026-10-03",
  );
  for (const query of ["from=2026-10-03&to=2026-10-01", "from=x&to=y", "range=forever", ""]) {
    expect(read(new URLSearchParams(query))).toEqual({ preset: "30d" });
  }
});

test("days are counted in UTC, weeks begin on Monday", () => {
  expect(lastDayBefore("2026-11-22T00:00:00.000Z")).toBe(CLOSED);
  expect(monday("2026-11-22")).toBe("2026-11-16");
  expect(monday("2026-11-16")).toBe("2026-11-16");
});

test("range_before_ends_where_the_range_begins", () => {
  expect(rangeBefore({ from: "2026-11-15", to: CLOSED })).toEqual({
    from: "2026-11-08",
    to: "2026-11-14",
  });
});

test("carried_query_holds_the_range_alone", () => {
  expect(carried(new URLSearchParams("uid=1&range=7d"))).toBe("?range=7d");
  expect(carried(new URLSearchParams("uid=1"))).toBe("");
});

test("month_before_is_at_most_its_last_day", () => {
  expect(monthBefore("2026-11-21")).toBe("2026-10-21");
  expect(monthBefore("2026-03-31")).toBe("2026-02-28");
});

test("quarter_ends_before_the_next_one_begins", () => {
  expect(dayAfterQuarter("2026-Q4")).toBe("2027-01-01");
  expect(dayAfterQuarter("2026-Q1")).toBe("2026-04-01");
});
