import { expect, test } from "vitest";
import { split } from "./sides";

test("the inviter keeps what the invitee does not get", () => {
  expect(split("0.41", "0.1")).toEqual({ you: "0.31", they: "0.1" });
  expect(split("0.3", "0.05")).toEqual({ you: "0.25", they: "0.05" });
  expect(split("0.2", "0")).toEqual({ you: "0.2", they: "0" });
});

test("where the base rate falls below the share, the invitee gets all of it", () => {
  expect(split("0.1", "0.2")).toEqual({ you: "0", they: "0.1" });
  expect(split("0.1", "0.1")).toEqual({ you: "0", they: "0.1" });
});
