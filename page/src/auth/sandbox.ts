import type { SignedIn } from "./session";

/** A user of the sample programme. */
export interface SampleUser {
  uid: string;
  /** A sentence's end. */
  story: string;
}

export interface SampleAffiliate extends SampleUser {
  name: string;
  /** The code of the default link. */
  code: string | null;
}

export interface RefusedUser extends SampleUser {
  /** The affiliate whose link is opened. */
  via: string;
  reason: string;
}

export interface SampleUsers {
  affiliates: SampleAffiliate[];
  dormant: SampleUser[];
  invitees: SampleUser[];
  refused: RefusedUser[];
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`/sandbox/${path}`, init);
  if (!response.ok) throw new Error(`/sandbox/${path}: ${response.status}`);
  return (await response.json()) as T;
}

export function sampleUsers(): Promise<SampleUsers> {
  return ask("users");
}

export async function tokenOf(uid: string): Promise<SignedIn> {
  const body = JSON.stringify({ uid });
  const { token } = await ask<{ token: string }>("token", { method: "POST", body });
  return { uid, token };
}

export async function clock(): Promise<string> {
  return (await ask<{ now: string }>("clock")).now;
}

/** Half past midnight of the next day, and the day that ended is booked. Answers that day. */
export async function nextDay(): Promise<string> {
  const day = (await clock()).slice(0, 10);
  const midnight = Date.parse(`${day}T00:00:00Z`) + 86_400_000;
  const now = new Date(midnight + 30 * 60_000).toISOString();
  await ask("clock", { method: "PUT", body: JSON.stringify({ now }) });
  await ask("rollup", { method: "POST", body: JSON.stringify({ day }) });
  return day;
}
