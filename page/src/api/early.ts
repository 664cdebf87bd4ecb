interface Sent {
  token: string;
  at: number;
  response: Promise<Response>;
}

/** Requests that were sent before the application's code was there, by their addresses. */
const sent = new Map<string, Sent>();

/** An answer that nobody took over by then is out of date. */
const GOOD_FOR_MS = 10_000;

/** Sends a request of which the application is known to be in need; what fails is asked for again. */
export function sendEarly(path: string, token: string) {
  const { href } = new URL(path, location.origin);
  const headers = { accept: "application/json", authorization: `Bearer ${token}` };
  const response = fetch(href, { headers });
  response.catch(() => sent.delete(href));
  sent.set(href, { token, at: performance.now(), response });
}

/** The answer to a request that was sent early: once, for the same user, and for a short time. */
export function takeEarly(request: Request, token: string): Promise<Response> | null {
  const found = sent.get(request.url);
  sent.delete(request.url);
  if (!found || request.method !== "GET" || found.token !== token) return null;
  return performance.now() - found.at < GOOD_FOR_MS ? found.response : null;
}
