import { expect, test } from "vitest";
import { formats } from "./formats";

const en = formats("en");
const tr = formats("tr");

test("amounts beyond a float's precision keep every digit", () => {
  expect(en.amount("123456789012345678.12345678")).toBe("123,456,789,012,345,678.12345678");
  expect(tr.amount("123456789012345678.12345678")).toBe("123.456.789.012.345.678,12345678");
});

test("dollars are split after the cent, and together they are the amount", () => {
  expect(en.exactUsd("1569.99714673")).toEqual({ main: "$1,569.99", rest: "714673" });
  expect(tr.exactUsd("-1569.99714673")).toEqual({ main: "-$1.569,99", rest: "714673" });
  expect(en.exactUsd("0.50")).toEqual({ main: "$0.50", rest: "" });
});

test("a label in cents never shows more than there is", () => {
  expect(en.usd("0.99999999")).toBe("$0.99");
});

test("rates are percentages of the exact text", () => {
  expect(en.percent("0.41")).toBe("41%");
  expect(tr.percent("0.05")).toBe("%5");
  expect(en.percent("0.0725")).toBe("7.25%");
});

test("days are UTC days wherever the reader is", () => {
  expect(en.day("2026-11-21")).toBe("21 Nov 2026");
  expect(tr.day("2026-11-21")).toBe("21 Kas 2026");
});
