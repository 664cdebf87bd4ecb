import { expect, test } from "vitest";
import { contrast, posterColours } from "./poster-colours";

test("poster_has_the_colour_of_the_programme", () => {
  expect(posterColours("#0b6b4f")).toEqual({
    ground: "#0b6b4f",
    deep: "#08503b",
    text: "#ffffff",
  });
  expect(posterColours("#f0bd5e").text).toBe("#000000");
  expect(posterColours(null).ground).toBe("#2456c9");
});

test("poster_text_can_be_read_on_every_colour", () => {
  const levels = ["00", "33", "66", "80", "99", "cc", "ff"];
  for (const red of levels) {
    for (const green of levels) {
      for (const blue of levels) {
        const { ground, deep, text } = posterColours(`#${red}${green}${blue}`);
        expect(contrast(ground, text), ground).toBeGreaterThanOrEqual(4.5);
        expect(contrast(deep, text), deep).toBeGreaterThanOrEqual(4.5);
      }
    }
  }
});

test("contrast_is_that_of_wcag", () => {
  expect(contrast("#ffffff", "#000000")).toBeCloseTo(21);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});
