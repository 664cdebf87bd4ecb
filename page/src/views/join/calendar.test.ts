import { expect, test } from "vitest";
import { calendarOf, nextMinute } from "./calendar";

const NOW = Date.parse("2026-11-22T12:00:00.000Z");
const reminder = {
  id: "6TKU9VDE-2026@127.0.0.1",
  at: "2026-11-23T20:05:00.000Z",
  title: "Accept, now; or never\\",
  text: "Open the link:\nhttps://example.com/join?ref=6TKU9VDE",
  url: "https://example.com/join?ref=6TKU9VDE",
};

test("reminder_starts_at_the_instant_in_utc", () => {
  const lines = calendarOf(reminder, NOW).split("\r\n");
  expect(lines).toContain("DTSTART:20261123T200500Z");
  expect(lines).toContain("DTEND:20261123T202000Z");
  expect(lines).toContain("DTSTAMP:20261122T120000Z");
  expect(lines.at(-1)).toBe("");
});

test("text_in_calendar_is_escaped", () => {
  const calendar = calendarOf(reminder, NOW);
  expect(calendar).toContain("SUMMARY:Accept\\, now\\; or never\\\\\r\n");
  expect(calendar).toContain("DESCRIPTION:Open the link:\\nhttps://example.com/join?ref=6TKU9VDE");
});

test("long_line_is_folded_between_characters", () => {
  const title = "Davetinizi kabul edin: ".padEnd(200, "ş");
  const calendar = calendarOf({ ...reminder, title }, NOW);
  for (const line of calendar.split("\r\n")) expect(Buffer.byteLength(line)).toBeLessThan(76);
  expect(calendar.replaceAll("\r\n ", "")).toContain(`SUMMARY:${title}`);
});

test("instant_is_rounded_up_to_the_minute", () => {
  expect(nextMinute("2026-11-23T20:04:51.836Z")).toBe("2026-11-23T20:05:00.000Z");
  expect(nextMinute("2026-11-23T20:04:00.000Z")).toBe("2026-11-23T20:04:00.000Z");
});
