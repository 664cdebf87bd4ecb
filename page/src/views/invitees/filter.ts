import type { Schemas } from "../../api/client";
import { compare } from "../../format/decimal";
import type { Sorting } from "../../ui/table";

type Invitee = Schemas["Referral"];

export const KEYS = ["boundAt", "firstTrade", "lastTrade", "volume", "commission", "uid"] as const;
export type Key = (typeof KEYS)[number];

export const ORIGINS = ["recall", "signup"] as const;
export const STATUSES = ["active", "no_trades_yet", "voided"] as const;

export interface Filter {
  uid: string;
  origin: Schemas["Origin"] | "";
  link: string;
  status: Invitee["status"] | "";
}

export const NO_FILTER: Filter = { uid: "", origin: "", link: "", status: "" };

export function admits(filter: Filter, invitee: Invitee): boolean {
  return (
    invitee.uid.toLowerCase().includes(filter.uid.trim().toLowerCase()) &&
    (filter.origin === "" || filter.origin === invitee.origin) &&
    (filter.link === "" || filter.link === invitee.code) &&
    (filter.status === "" || filter.status === invitee.status)
  );
}

function inOrder(a: string | null, b: string | null): number {
  return (a ?? "") < (b ?? "") ? -1 : (a ?? "") > (b ?? "") ? 1 : 0;
}

function ascending(by: Key, a: Invitee, b: Invitee): number {
  switch (by) {
    case "boundAt":
      return inOrder(a.boundAt, b.boundAt);
    case "firstTrade":
      return inOrder(a.firstTradeTime, b.firstTradeTime);
    case "lastTrade":
      return inOrder(a.lastTradeTime, b.lastTradeTime);
    case "volume":
      return compare(a.totals.usd.volume, b.totals.usd.volume);
    case "commission":
      return compare(a.totals.usd.commission, b.totals.usd.commission);
    case "uid":
      return inOrder(a.uid, b.uid);
  }
}

/** Amounts are compared exactly; who is equal stays in the order of ids, so that pages do not shift. */
export function sorted(invitees: Invitee[], { by, descending }: Sorting<Key>): Invitee[] {
  const sign = descending ? -1 : 1;
  return [...invitees].sort((a, b) => sign * ascending(by, a, b) || inOrder(a.uid, b.uid));
}
