/** Requests that were sent before the application's code was there, by their addresses. */
const sent = new Map<string, { token: string; response: Promise<Response> }>();

/** Sends a request of which the application is known to be in need; what fails is asked for again. */
export function sendEarly(path: string, token: string) {
  const { href } = new URL(path, location.origin);
  const headers = { accept: "application/json", authorization: `Bearer ${token}` };
  const response = fetch(href, { headers });
  response.catch(() => sent.delete(href));
  sent.set(href, { token, response });
}

/** The answer to a request that was sent early, once and for the same user only. */
export function takeEarly(request: Request, token: string): Promise<Response> | null {
  const found = sent.get(request.url);
  sent.delete(request.url);
  return request.method === "GET" && found?.token === token ? found.response : null;
}
