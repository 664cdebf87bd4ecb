import { useSyncExternalStore } from "react";

/** Pixels of text at its usual size. */
const USUAL_TEXT = 16;

/** Whether the window is at most so wide, in pixels at the usual size of text. */
export function useNarrow(width: number): boolean {
  const query = `(max-width: ${width / USUAL_TEXT}em)`;
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}
