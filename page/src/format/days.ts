/** UTC calendar days as the API tells them: `2026-11-21`. They sort as texts. */
export type Day = string;

const MILLIS = 86_400_000;

function millis(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function of(at: number): Day {
  return new Date(at).toISOString().slice(0, 10);
}

export function isDay(text: string | null | undefined): text is Day {
  return !!text && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(millis(text));
}

export function plusDays(day: Day, count: number): Day {
  return of(millis(day) + count * MILLIS);
}

/** How many days a range has, both ends included. */
export function daysIn(from: Day, to: Day): number {
  return Math.round((millis(to) - millis(from)) / MILLIS) + 1;
}

export function firstOfMonth(day: Day): Day {
  return `${day.slice(0, 7)}-01`;
}

export function firstOfQuarter(day: Day): Day {
  const month = Number(day.slice(5, 7));
  const first = month - ((month - 1) % 3);
  return `${day.slice(0, 4)}-${String(first).padStart(2, "0")}-01`;
}

/** The first day after a quarter such as `2026-Q4`. */
export function dayAfterQuarter(quarter: string): Day {
  const year = Number(quarter.slice(0, 4));
  const month = 3 * Number(quarter.slice(6)) + 1;
  return of(Date.UTC(year, month - 1, 1));
}

/** The same day of the month before, or the last of that month where it is shorter. */
export function monthBefore(day: Day): Day {
  const last = plusDays(firstOfMonth(day), -1);
  const same = `${last.slice(0, 7)}${day.slice(7)}`;
  return same < last ? same : last;
}

/** The Monday on or before the day. */
export function monday(day: Day): Day {
  const weekday = (new Date(millis(day)).getUTCDay() + 6) % 7;
  return plusDays(day, -weekday);
}

/** The last day that was over at an instant: `dataAsOf` is the end of the last closed day. */
export function lastDayBefore(instant: string): Day {
  return of(Date.parse(instant) - 1);
}
