import type { Sorting } from "../../ui/table";
import { type Filter, KEYS, type Key, ORIGINS, STATUSES } from "./filter";

/** What of the list is on the screen. */
export interface Place {
  filter: Filter;
  sorting: Sorting<Key>;
  /** Counted from 0. */
  page: number;
}

const NEWEST_FIRST: Sorting<Key> = { by: "boundAt", descending: true };

/** Reads what `write` wrote into the address; what it does not know is left out. */
export function read(query: URLSearchParams): Place {
  const sort = query.get("sort") ?? "";
  const by = KEYS.find((key) => key === sort.replace(/^-/, ""));
  const page = Number(query.get("page") ?? "1");
  return {
    filter: {
      uid: query.get("q") ?? "",
      origin: ORIGINS.find((it) => it === query.get("origin")) ?? "",
      link: query.get("link") ?? "",
      status: STATUSES.find((it) => it === query.get("status")) ?? "",
    },
    sorting: by ? { by, descending: sort.startsWith("-") } : NEWEST_FIRST,
    page: Number.isSafeInteger(page) && page > 0 ? page - 1 : 0,
  };
}

/** Puts the place into the address, beside what else is in it. */
export function write(query: URLSearchParams, { filter, sorting, page }: Place): URLSearchParams {
  const next = new URLSearchParams(query);
  const isNewest = sorting.by === NEWEST_FIRST.by && sorting.descending;
  const values = {
    q: filter.uid,
    origin: filter.origin,
    link: filter.link,
    status: filter.status,
    sort: isNewest ? "" : `${sorting.descending ? "-" : ""}${sorting.by}`,
    page: page === 0 ? "" : String(page + 1),
  };
  for (const [name, value] of Object.entries(values)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next;
}
