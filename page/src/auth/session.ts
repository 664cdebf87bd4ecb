import { useSyncExternalStore } from "react";
import { parsedUser, STORED, storedUser } from "./stored";

/** Who is signed in. The token is the only identity that the API knows. */
export interface SignedIn {
  uid: string;
  token: string;
  /** With it another token can be had, where the issuer gave one. */
  refreshToken?: string;
}

/** Gets another token for the same user, or `null` if a new sign-in is needed. */
export type Renew = (user: SignedIn) => Promise<SignedIn | null>;

export interface Session {
  user: SignedIn | null;
  /** The user was signed in until the token expired. */
  expired: boolean;
}

let session: Session = { user: storedUser(), expired: false };
const listeners = new Set<() => void>();

/** Called before another user is signed in, and before a sign-out. */
let onOtherUser = () => {};

export function whenUserChanges(callback: () => void) {
  onOtherUser = callback;
}

function show(next: Session) {
  if (next.user?.uid !== session.user?.uid) onOtherUser();
  session = next;
  for (const listener of listeners) listener();
}

function change(next: Session) {
  if (next.user) localStorage.setItem(STORED, JSON.stringify(next.user));
  else localStorage.removeItem(STORED);
  show(next);
}

/** Signing in or out in one tab does so in all of them. */
addEventListener("storage", (event) => {
  // A key of `null` means that the whole storage was cleared.
  if (event.key !== STORED && event.key !== null) return;
  show({ user: parsedUser(event.key === null ? null : event.newValue), expired: false });
});

function listen(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function currentSession(): Session {
  return session;
}

export function useSession(): Session {
  return useSyncExternalStore(listen, currentSession);
}

export function signedIn(user: SignedIn) {
  change({ user, expired: false });
}

export function signOut() {
  change({ user: null, expired: false });
}

let renew: Renew = async () => null;
let renewing: Promise<SignedIn | null> | null = null;

export function renewWith(how: Renew) {
  renew = how;
}

/**
 * A new token after the old one was refused. Of many refused requests the first asks for it, and all
 * wait for the one answer.
 */
export async function renewed(refused: SignedIn): Promise<SignedIn | null> {
  const { user } = session;
  if (user && user.token !== refused.token) return user;
  renewing ??= renew(refused).finally(() => {
    renewing = null;
  });
  const next = await renewing.catch(() => null);
  change(next ? { user: next, expired: false } : { user: null, expired: true });
  return next;
}
