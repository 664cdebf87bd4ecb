import createClient from "openapi-fetch";
import { currentSession, renewed, type SignedIn } from "../auth/session";
import { rememberProgramme } from "../programme";
import { takeEarly } from "./early";
import type { components, paths } from "./schema";
import { TIMEOUT_MS } from "./timeout";

/** The client tells arrays of a fixed length as plain arrays. */
type AsRead<T> = T extends (infer Item)[]
  ? AsRead<Item>[]
  : T extends object
    ? { [Key in keyof T]: AsRead<T[Key]> }
    : T;

/** What the API answers and takes, by the names of the OpenAPI document. */
export type Schemas = AsRead<components["schemas"]>;

/** A problem's code, or what happened to a request that got no answer of the API's own. */
export type Failure = Schemas["ProblemCode"] | "offline" | "slow";

/** A request that was not answered as hoped. */
export class ApiError extends Error {
  constructor(
    readonly failure: Failure,
    readonly body?: Schemas["Problem"] | Schemas["BindRefusal"],
  ) {
    super(failure);
  }

  /** Whether the same request may succeed a little later. */
  get isPassing(): boolean {
    return ["offline", "slow", "internal", "throttled"].includes(this.failure);
  }
}

/** What a status means where the gateway answered before any function. */
function failureOf(status: number): Failure {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 429:
    case 503:
      return "throttled";
    default:
      return status < 500 ? "bad_request" : "internal";
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const problem = body as Schemas["Problem"] | null;
  return problem?.code
    ? new ApiError(problem.code, problem)
    : new ApiError(failureOf(response.status));
}

async function send(request: Request, user: SignedIn | null): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = AbortSignal.any([request.signal, timeout]);
  const headers = new Headers(request.headers);
  if (user) headers.set("authorization", `Bearer ${user.token}`);
  const early = user && takeEarly(request, user.token);
  try {
    return await (early ?? fetch(new Request(request, { headers, signal })));
  } catch (error) {
    if (request.signal.aborted) throw error;
    // An early request was sent before this time limit was set, and has its own.
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    throw new ApiError(timeout.aborted || isLate ? "slow" : "offline");
  }
}

/** `fetch` as the signed-in user; a refused token is renewed once. Throws `ApiError`. */
async function authorized(request: Request): Promise<Response> {
  const { user } = currentSession();
  const again = request.clone();
  const first = await send(request, user);
  const next = first.status === 401 && user ? await renewed(user) : null;
  const response = next ? await send(again, next) : first;
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** A path of the API that is not read as JSON. */
export function raw(path: string, accept: string, signal?: AbortSignal): Promise<Response> {
  const init = { headers: { accept }, ...(signal && { signal }) };
  return authorized(new Request(new URL(path, location.origin), init));
}

const client = createClient<paths>({ baseUrl: location.origin, fetch: authorized });

/** The routes, as the OpenAPI document types them; what fails has been thrown already. */
export const { GET, POST, PATCH } = client;

/** The body of an answer in JSON; a route's other forms are texts, and read by `raw`. */
export async function body<T>(pending: Promise<{ data?: T }>): Promise<Exclude<T, string>> {
  const { data } = await pending;
  if (data === undefined || typeof data === "string") throw new ApiError("internal");
  rememberProgramme((data as { programme?: unknown }).programme);
  return data as Exclude<T, string>;
}
