import { useSyncExternalStore } from "react";
import { onThemeChange, shownTheme } from "./theme-store";

export { chooseTheme, chosenTheme, type Theme } from "./theme-store";

/** The theme that is shown, for what is drawn without the style sheet. */
export function useShownTheme(): "light" | "dark" {
  return useSyncExternalStore(onThemeChange, shownTheme);
}
