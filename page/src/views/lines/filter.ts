import type { LineFilter, LineOrder } from "../../api/queries";

export const PRODUCTS = ["spot", "margin", "futures"] as const;
export const TYPES = ["commission", "correction"] as const;
export const STATUSES = ["accrued", "settled", "paid", "reversed"] as const;
export const REASONS = [
  "inviter_not_affiliate",
  "vip_above_limit",
  "futures_window_ended",
  "futures_region_inviter",
  "futures_region_invitee",
  "inviter_no_futures_account",
  "zero_fee",
  "negative_fee",
  "excluded_fee",
  "before_binding",
] as const;

const UID = /^[A-Za-z0-9._:-]{1,64}$/;
const ASSET = /^[A-Z0-9]{1,16}$/;

export function isUid(text: string): boolean {
  return UID.test(text);
}

/** The filter that the address names; what is no filter is left out. */
export function filterOf(query: URLSearchParams): LineFilter {
  const among = <Value extends string>(values: readonly Value[], name: string) =>
    values.find((it) => it === query.get(name));
  const [asset, uid] = [query.get("asset"), query.get("uid")];
  const found = {
    product: among(PRODUCTS, "product"),
    asset: asset && ASSET.test(asset) ? asset : undefined,
    uid: uid && isUid(uid) ? uid : undefined,
    reason: among(REASONS, "reason"),
    type: among(TYPES, "type"),
    status: among(STATUSES, "status"),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** Newest first, unless the address says otherwise. */
export function orderOf(query: URLSearchParams): LineOrder {
  return query.get("sort") === "day" ? "day" : "-day";
}
