import { useEffect, useState } from "react";

const MINUTE_MS = 60_000;

/** No window is good for longer: what looks longer comes from a clock that differs from the API's. */
const LONGEST_MINUTES = 60;

/** Full minutes until the instant, rounded up; `null` where this device's clock cannot tell. */
export function minutesLeft(expiresAt: string, now: number): number | null {
  const minutes = Math.ceil((Date.parse(expiresAt) - now) / MINUTE_MS);
  return minutes <= LONGEST_MINUTES && minutes >= -LONGEST_MINUTES ? Math.max(0, minutes) : null;
}

/** `minutesLeft`, kept current while it is shown. */
export function useMinutesLeft(expiresAt: string): number | null {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5_000);
    return () => clearInterval(timer);
  }, []);
  return minutesLeft(expiresAt, now);
}
