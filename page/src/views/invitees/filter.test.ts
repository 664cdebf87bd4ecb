import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { admits, NO_FILTER, sorted } from "./filter";

function invitee(uid: string, commission: string, rest: Partial<Schemas["Referral"]> = {}) {
  const usd = { fees: "0", commission, shared: "0", volume: "0" };
  return {
    uid,
    origin: "recall",
    code: "AAAAAAAA",
    boundAt: "2026-10-01T00:00:00.000Z",
    firstTradeTime: null,
    lastTradeTime: null,
    totals: { byAsset: {}, usd },
    status: "active",
    ...rest,
  } satisfies Schemas["Referral"];
}

test("amounts are sorted by value, equals by id", () => {
  const list = [invitee("c", "9.5"), invitee("b", "10.0"), invitee("a", "10")];
  const uids = (descending: boolean) =>
    sorted(list, { by: "commission", descending }).map((it) => it.uid);
  expect(uids(true)).toEqual(["a", "b", "c"]);
  expect(uids(false)).toEqual(["c", "a", "b"]);
});

test("who has not traded sorts before who has", () => {
  const list = [
    invitee("a", "0", { lastTradeTime: "2026-11-01T00:00:00.000Z" }),
    invitee("b", "0"),
  ];
  expect(sorted(list, { by: "lastTrade", descending: false })[0]?.uid).toBe("b");
});

test("filters are met together, and a part of the id is enough", () => {
  const one = invitee("Dormant-90", "0", { origin: "signup", code: "BBBBBBBB" });
  expect(admits({ ...NO_FILTER, uid: " mant-9" }, one)).toBe(true);
  expect(admits({ ...NO_FILTER, origin: "signup", link: "BBBBBBBB" }, one)).toBe(true);
  expect(admits({ ...NO_FILTER, origin: "signup", link: "AAAAAAAA" }, one)).toBe(false);
  expect(admits({ ...NO_FILTER, status: "voided" }, one)).toBe(false);
});
