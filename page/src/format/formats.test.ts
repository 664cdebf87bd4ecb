import { expect, test } from "vitest";
import { formats } from "./formats";

const en = formats("en");
const tr = formats("tr");

test("amounts beyond a float's precision keep every digit", () => {
  expect(en.amount("123456789012345678.12345678")).toBe("123,456,789,012,345,678.12345678");
  expect(tr.amount("123456789012345678.12345678")).toBe("123.456.789.012.345.678,12345678");
});

test("usd_exact_keeps_every_digit", () => {
  expect(en.usdExact("1569.99714673")).toBe("$1,569.99714673");
  expect(tr.usdExact("-1569.99714673")).toBe("-$1.569,99714673");
});

test("usd_below_a_cent_is_not_shown_as_zero", () => {
  expect(en.usd("0.00000001")).toBe("<$0.01");
  expect(en.usd("-0.00999999")).toBe(">-$0.01");
  expect(en.usd("0.00000000")).toBe("$0.00");
  expect(en.usdWhole("-0.50")).toBe("$0");
});

test("change_has_a_sign_and_few_digits", () => {
  expect(en.change(0.4795)).toBe("+48%");
  expect(en.change(-0.0123)).toBe("-1.2%");
  expect(en.change(0)).toBe("0%");
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

test("month_is_named_as_it_stands_alone", () => {
  expect(en.month("2026-11-30")).toBe("November");
  expect(formats("ru").month("2026-11-30")).toBe("ноябрь");
  expect(formats("zh-Hans").month("2026-11-30")).toBe("十一月");
});

test("arabic_amounts_are_written_as_exchanges_do", () => {
  const ar = formats("ar");
  expect(ar.usd("-1234.5")).toBe("-$1,234.50");
  expect(ar.percent("0.41")).toBe("41%");
  expect(ar.count(1_234)).toBe("1,234");
  expect(ar.day("2026-11-21")).toBe("21 نوفمبر 2026");
});

test("numbers_and_dates_follow_the_language", () => {
  expect(formats("ru").usd("1234.5")).toBe("1\u00a0234,50\u00a0$");
  expect(formats("pt-BR").usd("1234.5")).toBe("$\u00a01.234,50");
  expect(formats("zh-Hans").day("2026-11-21")).toBe("2026年11月21日");
  expect(formats("vi").percent("0.0725")).toBe("7,25%");
});
