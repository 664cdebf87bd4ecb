import {
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import type { Days } from "../format/range";
import { ApiError, body, GET, PATCH, POST, raw, type Schemas } from "./client";

/** A failure that may pass is tried again twice before it is shown. */
const RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Without a connection a request fails and is reported, where it would wait in silence.
      networkMode: "always",
      staleTime: 30_000,
      refetchOnReconnect: true,
      refetchOnWindowFocus: false,
      retry: (count, error) => error instanceof ApiError && error.isPassing && count < RETRIES,
      retryDelay: (count) => 400 * 2 ** count,
    },
    mutations: { networkMode: "always" },
  },
});

export function useDefaultLink(enabled = true) {
  return useQuery({
    queryKey: ["link"],
    enabled,
    queryFn: ({ signal }) => body(GET("/v1/link", { signal })),
  });
}

export function useLinks() {
  return useQuery({
    queryKey: ["links"],
    queryFn: ({ signal }) => body(GET("/v1/links", { signal })),
  });
}

export function useMakeLink() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (link: Schemas["NewLink"]) => {
      // Should the request be sent again on its way, it makes no second link.
      const header = { "Idempotency-Key": crypto.randomUUID() };
      return body(POST("/v1/links", { params: { header }, body: link }));
    },
    onSuccess: () => refreshLinks(cache),
  });
}

export function useChangeLink() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ code, change }: { code: string; change: Schemas["LinkChange"] }) =>
      body(PATCH("/v1/links/{code}", { params: { path: { code } }, body: change })),
    onSuccess: () => refreshLinks(cache),
  });
}

async function refreshLinks(cache: QueryClient) {
  await Promise.all(["link", "links"].map((key) => cache.invalidateQueries({ queryKey: [key] })));
}

/** A picture that needs the caller's token, as an address for an image. */
export function usePicture(path: string) {
  return useQuery({
    queryKey: ["picture", path],
    queryFn: async ({ signal }) => (await raw(path, "image/*", signal)).blob(),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The figures of the last 30 closed days. They are also those of that range, and asked for once. */
export function useLatest(enabled = true) {
  const cache = useQueryClient();
  return useQuery({
    queryKey: ["latest"],
    enabled,
    queryFn: async ({ signal }) => {
      const latest = await body(GET("/v1/dashboard", { signal }));
      cache.setQueryData(["dashboard", { from: latest.from, to: latest.to }], latest);
      return latest;
    },
  });
}

/** The figures of a range. While those of the next range come, the last ones stay. */
export function useDashboard(days: Days | undefined) {
  return useQuery({
    queryKey: ["dashboard", days],
    enabled: days !== undefined,
    queryFn: ({ signal }) => body(GET("/v1/dashboard", { params: { query: { ...days } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export interface LineFilter {
  product?: Schemas["Product"];
  asset?: string;
  uid?: string;
  reason?: Schemas["ZeroReason"];
  type?: Schemas["Line"]["type"];
  status?: Schemas["Status"];
}

/** By day: the newest first, or the oldest. */
export type LineOrder = "-day" | "day";

interface LineQuery extends Partial<Days>, LineFilter {
  sort: LineOrder;
  limit?: number;
  cursor?: string;
}

function lines(query: LineQuery, signal: AbortSignal): Promise<Schemas["LinePage"]> {
  return body(GET("/v1/dashboard/commissions", { params: { query }, signal }));
}

export function useLines(days: Days | undefined, filter: LineFilter, sort: LineOrder) {
  return useInfiniteQuery({
    queryKey: ["lines", days, filter, sort],
    enabled: days !== undefined,
    queryFn: ({ signal, pageParam }) =>
      lines({ ...days, ...filter, sort, ...(pageParam && { cursor: pageParam }) }, signal),
    initialPageParam: "",
    getNextPageParam: (page: Schemas["LinePage"]) => page.nextCursor,
    placeholderData: keepPreviousData,
  });
}

/** So many pages at most are read for the newest few lines: a page may be empty. */
const MAX_PAGES = 5;

type Newest = Omit<LineQuery, "sort"> & { limit: number };

async function newest(query: Newest, signal: AbortSignal): Promise<Schemas["Line"][]> {
  const found: Schemas["Line"][] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES && found.length < query.limit; page++) {
    const next: Schemas["LinePage"] = await lines(
      { ...query, sort: "-day", ...(cursor && { cursor }) },
      signal,
    );
    found.push(...next.lines);
    cursor = next.nextCursor;
    if (cursor === null) break;
  }
  return found.slice(0, query.limit);
}

/** The newest few lines of a filter. */
export function useNewestLines(days: Days | undefined, filter: LineFilter, limit: number) {
  return useQuery({
    queryKey: ["newest-lines", days, filter, limit],
    enabled: days !== undefined,
    queryFn: ({ signal }) => newest({ ...days, ...filter, limit }, signal),
  });
}

/** Who joined last. */
export function useNewestInvitees(limit: number) {
  return useQuery({
    queryKey: ["newest-invitees", limit],
    queryFn: async ({ signal }) => {
      const query = { limit };
      return (await body(GET("/v1/dashboard/referrals", { params: { query }, signal }))).referrals;
    },
  });
}

/** So many invitees are loaded at most, to be searched and sorted on the page. */
export const MAX_INVITEES = 2_000;

export interface Invitees {
  dataAsOf: string | null;
  invitees: Schemas["Referral"][];
  complete: boolean;
}

async function invitees(signal: AbortSignal): Promise<Invitees> {
  const found: Schemas["Referral"][] = [];
  let cursor: string | undefined;
  for (;;) {
    const query = { limit: 200, ...(cursor && { cursor }) };
    const page = await body(GET("/v1/dashboard/referrals", { params: { query }, signal }));
    found.push(...page.referrals);
    const complete = page.nextCursor === null;
    if (complete || found.length >= MAX_INVITEES) {
      return { dataAsOf: page.dataAsOf, invitees: found, complete };
    }
    cursor = page.nextCursor ?? undefined;
  }
}

/** The newest invitees, usually all there are. */
export function useInvitees() {
  return useQuery({ queryKey: ["invitees"], queryFn: ({ signal }) => invitees(signal) });
}

/** One invitee by the whole id, in a list of one, or of none; asked for where it is wanted. */
export function useInvitee(uid: string, wanted: boolean) {
  return useQuery({
    queryKey: ["invitee", uid],
    enabled: wanted,
    queryFn: async ({ signal }) => {
      const query = { uid };
      return (await body(GET("/v1/dashboard/referrals", { params: { query }, signal }))).referrals;
    },
  });
}

export function useWindow(ref: string) {
  return useQuery({
    queryKey: ["window", ref],
    queryFn: ({ signal }) => body(GET("/v1/bind", { params: { query: { ref } }, signal })),
    // It holds a confirmation for a few minutes, and what it says may change at any time.
    staleTime: 0,
    gcTime: 0,
  });
}

export function useBind() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (confirmation: string) => body(POST("/v1/bind", { body: { confirmation } })),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["binding"] }),
  });
}

/** The caller's own relation; `null` where there is none. */
export function useBinding() {
  return useQuery({
    queryKey: ["binding"],
    queryFn: async ({ signal }) => {
      try {
        return await body(GET("/v1/binding", { signal }));
      } catch (error) {
        if (error instanceof ApiError && error.failure === "not_found") return null;
        throw error;
      }
    },
  });
}
