import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { stepsOf } from "./steps";

function line(fees: string, rate: string, commission: string, shared: string) {
  return { fees, rate, commission, shared } as Schemas["Line"];
}

test("the steps are told where they lead to the line", () => {
  expect(stepsOf(line("0.00524900", "0.41", "0.00215209", "0.00000000"))).toEqual({
    product: "0.0021520900",
    total: "0.00215209",
    rounded: false,
    decimals: 8,
  });
  const rounded = stepsOf(line("0.00145342", "0.41", "0.00045056", "0.00014534"));
  expect(rounded?.rounded).toBe(true);
  expect(rounded?.total).toBe("0.00059590");
});

test("no steps are invented for a line that is a difference of others", () => {
  expect(stepsOf(line("-0.00000003", "0.41", "-0.00000002", "0.00000000"))).toBeNull();
});
