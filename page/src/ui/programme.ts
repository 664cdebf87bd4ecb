import { useSyncExternalStore } from "react";
import { currentProgramme, onProgrammeChange, type Programme } from "../programme";
import { useWords } from "../text";

export function useProgramme(): Programme {
  return useSyncExternalStore(onProgrammeChange, currentProgramme);
}

/** The programme's own name, or else the page's. */
export function useBrand(): string {
  const { t } = useWords();
  return useProgramme().brand ?? t.name;
}
