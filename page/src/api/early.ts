import { TIMEOUT_MS } from "./timeout";

interface Sent {
  token: string;
  at: number;
  response: Promise<Response>;
}

/** Requests that were sent while the application's code was loading, by their addresses. */
const sent = new Map<string, Sent>();

/** Age from which an answer is out of date. */
const MAX_AGE_MS = 10_000;

/** Sends a request that the application will need. If it fails, the application sends it again. */
export function sendEarly(path: string, token: string) {
  const { href } = new URL(path, location.origin);
  const headers = { accept: "application/json", authorization: `Bearer ${token}` };
  const response = fetch(href, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  response.catch(() => sent.delete(href));
  sent.set(href, { token, at: performance.now(), response });
}

/** Returns the answer to an early request once, to the same user, until it is out of date. */
export function takeEarly(request: Request, token: string): Promise<Response> | null {
  const found = sent.get(request.url);
  sent.delete(request.url);
  if (!found || request.method !== "GET" || found.token !== token) return null;
  return performance.now() - found.at < MAX_AGE_MS ? found.response : null;
}
