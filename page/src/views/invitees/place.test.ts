import { expect, test } from "vitest";
import { read, write } from "./place";

test("place_survives_the_address", () => {
  const query = new URLSearchParams("range=7d&q=42&origin=recall&sort=-commission&page=3");
  const place = read(query);
  expect(place.filter).toEqual({ uid: "42", origin: "recall", link: "", status: "" });
  expect(place.sorting).toEqual({ by: "commission", descending: true });
  expect(place.page).toBe(2);
  expect(write(new URLSearchParams("range=7d"), place).toString()).toBe(query.toString());
});

test("place_from_nonsense_is_the_first_page", () => {
  const place = read(new URLSearchParams("origin=mars&sort=-height&page=-4&status=x"));
  expect(write(new URLSearchParams(), place).toString()).toBe("");
});
