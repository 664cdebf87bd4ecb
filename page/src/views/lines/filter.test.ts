import { expect, test } from "vitest";
import { filterOf, orderOf } from "./filter";

test("filter_from_address_keeps_what_is_known", () => {
  const query = new URLSearchParams("product=spot&asset=BNB&reason=zero_fee&status=paid&uid=a.b");
  expect(filterOf(query)).toEqual({
    product: "spot",
    asset: "BNB",
    uid: "a.b",
    reason: "zero_fee",
    status: "paid",
  });
});

test("filter_from_nonsense_is_empty", () => {
  const query = new URLSearchParams("product=soap&asset=b-n&reason=luck&status=no&uid=a%20b&type=");
  expect(filterOf(query)).toEqual({});
});

test("order_is_newest_first_by_default", () => {
  expect(orderOf(new URLSearchParams())).toBe("-day");
  expect(orderOf(new URLSearchParams("sort=day"))).toBe("day");
  expect(orderOf(new URLSearchParams("sort=height"))).toBe("-day");
});
