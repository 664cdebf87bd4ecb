import { useDeferredValue, useRef } from "react";
import type { Days } from "../format/range";

interface Answer<Data> {
  data: Data | undefined;
  isPlaceholderData: boolean;
  isError: boolean;
  error: unknown;
}

export interface Kept<Data> {
  /** The answer to the last question that had one. */
  data: Data | undefined;
  /** Whether `data` answers another question than the one that is asked. */
  isOlder: boolean;
}

/**
 * Keeps the last answer while the next one is awaited, and after the next one failed. A new answer
 * is rendered in slices: rendered at once, its figures block a phone.
 */
export function useKept<Data>(query: Answer<Data>): Kept<Data> {
  const last = useRef<Data | undefined>(undefined);
  const fresh = query.isPlaceholderData ? undefined : query.data;
  if (fresh !== undefined) last.current = fresh;
  const data = fresh ?? query.data ?? last.current;
  const shown = useDeferredValue(data);
  return { data: shown, isOlder: fresh === undefined || shown !== data };
}

/** Whether figures cover exactly these days. */
export function covers(figures: Days, days: Days | undefined): boolean {
  return days !== undefined && figures.from === days.from && figures.to === days.to;
}
