import type { SignedIn } from "./session";

/** The key in the storage that all tabs of this origin share. */
export const STORED = "session";

/** Reads a stored session; a damaged one is none. */
export function parsedUser(text: string | null): SignedIn | null {
  try {
    const user = text ? (JSON.parse(text) as Partial<SignedIn>) : null;
    return user?.uid && user.token ? (user as SignedIn) : null;
  } catch {
    return null;
  }
}

export function storedUser(): SignedIn | null {
  return parsedUser(localStorage.getItem(STORED));
}
