import { rememberProgramme } from "../programme";

/** A code as links carry it. */
const CODE = /^[A-Z0-9]{5,16}$/;

/** An invitation is shown without its details rather than late. */
const PATIENCE_MS = 8_000;

/** The invitee's part of the commission, per market, as the API's rates. */
export interface Shared {
  spot: string;
  futures: string;
}

/** What a signed-out visitor may know of a link. */
export type Invitation =
  | { state: "live"; inviter: string; shared: Shared }
  /** Nobody can be invited by the link. */
  | { state: "dead" }
  /** The API gave no answer, or none for signed-out visitors: signing in shows the rest. */
  | { state: "unknown" };

/** The code in the address, where it has the form of one. */
export function codeIn(search: string): string | null {
  const code = new URLSearchParams(search).get("ref") ?? "";
  return CODE.test(code) ? code : null;
}

/** Asks the API. Never throws: the landing works without an answer. */
export async function invitationOf(code: string): Promise<Invitation> {
  try {
    const response = await fetch(`/v1/invitation?ref=${encodeURIComponent(code)}`, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const body: unknown = await response.json();
    rememberProgramme((body as { programme?: unknown } | null)?.programme);
    return response.ok ? readInvitation(body) : readRefusal(body);
  } catch {
    return { state: "unknown" };
  }
}

/** Reads an answer; one that is not understood is as good as none. */
export function readInvitation(body: unknown): Invitation {
  const { live, inviter, sharedCommission } = (body ?? {}) as Record<string, unknown>;
  if (live === false) return { state: "dead" };
  const shared = sharedOf(sharedCommission);
  if (typeof inviter !== "string" || inviter === "" || !shared) return { state: "unknown" };
  return { state: "live", inviter, shared };
}

/** Only the API itself can say that a link does not exist; a gateway's 404 says nothing of it. */
export function readRefusal(body: unknown): Invitation {
  const { code } = (body ?? {}) as Record<string, unknown>;
  return { state: code === "unknown_link" ? "dead" : "unknown" };
}

function sharedOf(value: unknown): Shared | null {
  const { spot, futures } = (value ?? {}) as Record<string, unknown>;
  return isRate(spot) && isRate(futures) ? { spot, futures } : null;
}

function isRate(value: unknown): value is string {
  return typeof value === "string" && /^(0|1)(\.\d+)?$/.test(value);
}
