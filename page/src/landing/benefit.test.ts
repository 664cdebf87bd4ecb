import { texts } from "virtual:texts/landing-en";
import { expect, test } from "vitest";
import { formats } from "../format/formats";
import { benefit } from "./benefit";

const headline = (spot: string, futures: string) =>
  benefit({ spot, futures }, texts.benefit, formats("en").percent);

test("headline_names_shared_markets_only", () => {
  expect(headline("0.10", "0")).toBe("Get 10% of your spot fees back");
  expect(headline("0", "0.05")).toBe("Get 5% of your futures fees back");
  expect(headline("0.1", "0.05")).toBe("Get 10% of your spot and 5% of your futures fees back");
});

test("equal_shares_are_named_once", () => {
  expect(headline("0.1", "0.10")).toBe("Get 10% of your trading fees back");
});

test("link_without_share_has_no_headline", () => {
  expect(headline("0", "0.00")).toBeNull();
});
