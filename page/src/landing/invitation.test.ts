import { expect, test } from "vitest";
import { codeIn, readInvitation, readRefusal } from "./invitation";

const shared = { spot: "0.10", futures: "0" };

test("code_in_address_is_checked", () => {
  expect(codeIn("?ref=6TKU9VDE&lang=en")).toBe("6TKU9VDE");
  for (const search of ["", "?ref=", "?ref=a%20b", "?ref=6TKU9VDE/../x", "?ref=ABCD"]) {
    expect(codeIn(search)).toBeNull();
  }
});

test("live_link_has_inviter_and_share", () => {
  const body = { ref: "6TKU9VDE", live: true, inviter: "1***1", sharedCommission: shared };
  expect(readInvitation(body)).toEqual({ state: "live", inviter: "1***1", shared });
});

test("dead_link_needs_no_inviter", () => {
  expect(readInvitation({ ref: "6TKU9VDE", live: false })).toEqual({ state: "dead" });
  expect(readRefusal({ code: "unknown_link" })).toEqual({ state: "dead" });
});

test("answer_without_meaning_is_unknown", () => {
  const broken = [
    null,
    [],
    { live: true },
    { live: true, inviter: "", sharedCommission: shared },
    { live: true, inviter: "1***1", sharedCommission: { spot: 0.1, futures: "0" } },
    { live: true, inviter: "1***1", sharedCommission: { spot: "1e9", futures: "0" } },
  ];
  for (const body of broken) expect(readInvitation(body)).toEqual({ state: "unknown" });
  for (const body of [null, { message: "Not Found" }, { code: "throttled" }]) {
    expect(readRefusal(body)).toEqual({ state: "unknown" });
  }
});
