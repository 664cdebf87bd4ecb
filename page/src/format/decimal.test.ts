import { expect, test } from "vitest";
import { compare, isZero, multiply, part, subtract, sum, truncate } from "./decimal";

test("sums are exact where floats are not", () => {
  expect(sum(["0.1", "0.2"])).toBe("0.3");
  expect(sum(["90071992547409.93000001", "0.00000001"])).toBe("90071992547409.93000002");
  expect(sum([])).toBe("0");
});

test("sums keep signs and decimals", () => {
  expect(sum(["-0.00000001", "0.00000001"])).toBe("0.00000000");
  expect(sum(["-1.5", "0.25"])).toBe("-1.25");
  expect(subtract("0.30", "0.3000")).toBe("0.0000");
});

test("the whole product is told, and rounded towards zero only when asked", () => {
  const product = multiply("0.00524900", "0.41");
  expect(product).toBe("0.0021520900");
  expect(truncate(product, 8)).toBe("0.00215209");
  expect(truncate("-0.0021520999", 8)).toBe("-0.00215209");
  expect(truncate("1.5", 8)).toBe("1.5");
});

test("comparing is by value, not by text", () => {
  expect(["10.0", "9.99", "-3", "9.990"].sort(compare)).toEqual(["-3", "9.99", "9.990", "10.0"]);
  expect(isZero("-0.00")).toBe(true);
});

test("a part of a bar stays within the bar", () => {
  expect(part("1", "4")).toBe(0.25);
  expect(part("5", "4")).toBe(1);
  expect(part("-1", "4")).toBe(0);
  expect(part("1", "0")).toBe(0);
});

test("what is no decimal is an error", () => {
  for (const text of ["", "1e5", "0x1", "1.", ".5", "1,5", "NaN"]) {
    expect(() => sum([text])).toThrow("not a decimal");
  }
});
