import { expect, test } from "vitest";
import { programmeOf } from "./programme";

test("programme_keeps_web_addresses_only", () => {
  const programme = {
    brand: "Welcome Back",
    colour: "#0b6b4f",
    terms: "https://example.com/terms",
    privacy: "javascript:alert(1)",
    support: "//example.com",
  };
  expect(programmeOf(programme)).toEqual({
    brand: "Welcome Back",
    colour: "#0b6b4f",
    terms: "https://example.com/terms",
    privacy: null,
    support: null,
  });
});

test("programme_without_its_fields_is_unnamed", () => {
  expect(programmeOf({ brand: 7, colour: 'red"/>', terms: null })).toEqual({
    brand: null,
    colour: null,
    terms: null,
    privacy: null,
    support: null,
  });
  for (const nothing of [undefined, null, "Welcome Back"]) expect(programmeOf(nothing)).toBeNull();
});
