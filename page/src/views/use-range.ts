import { useSearchParams } from "wouter";
import { useLatest } from "../api/queries";
import { lastDayBefore } from "../format/days";
import { type Days, daysOf, type Preset, type Range, read, write } from "../format/range";

export interface Chosen {
  range: Range;
  /** Those of a preset are not known before the API has told up to when figures are complete. */
  days: Days | undefined;
  /** What keeps the days from being known. */
  failed: Pick<ReturnType<typeof useLatest>, "error" | "refetch"> | undefined;
  choose: (range: Range) => void;
}

/**
 * The range that the address names. Presets count from the last closed day, which the API tells, and
 * not from the browser's clock; before the first day is closed, from yesterday.
 */
export function useRange(): Chosen {
  const [query, setQuery] = useSearchParams();
  const latest = useLatest();
  const range = read(query);
  const now = latest.data && (latest.data.dataAsOf ?? new Date().toISOString());
  const ofPreset = (preset: Preset) => (now ? daysOf(preset, lastDayBefore(now)) : undefined);
  const days = "from" in range ? range : ofPreset(range.preset);
  return {
    range,
    days,
    failed: !days && latest.isError ? latest : undefined,
    choose: (next) => setQuery((before) => write(before, next)),
  };
}
