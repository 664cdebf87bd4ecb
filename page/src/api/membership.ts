import { ApiError } from "./client";
import { useDefaultLink, useLatest } from "./queries";

/**
 * What the programme knows of the signed-in user. Someone who has left keeps the figures and has no
 * links; an outsider has neither, and perhaps an inviter.
 */
export type Membership = "unknown" | "affiliate" | "former" | "outsider";

const OUTSIDE = ["inviter_not_affiliate", "unknown_account"];

/** Returns whether the API refused because the user has no part in the programme. */
export function isOutside(error: unknown): boolean {
  return error instanceof ApiError && OUTSIDE.includes(error.failure);
}

/** Returns the user's part in the programme, by what the API lets them read. */
export function useMembership(signedIn: boolean): Membership {
  const link = useDefaultLink(signedIn);
  const withoutLink = isOutside(link.error);
  const latest = useLatest(signedIn && withoutLink);
  if (link.isSuccess) return "affiliate";
  if (!withoutLink) return "unknown";
  if (latest.isSuccess) return "former";
  return isOutside(latest.error) ? "outsider" : "unknown";
}
