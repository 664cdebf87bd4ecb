export type Theme = "auto" | "light" | "dark";

const STORED = "theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(STORED);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

export function shownTheme(): "light" | "dark" {
  const theme = chosenTheme();
  if (theme !== "auto") return theme;
  return dark.matches ? "dark" : "light";
}

/** Puts the theme on the page; the style sheet does the rest. */
export function applyTheme() {
  document.documentElement.dataset["theme"] = shownTheme();
  for (const listener of listeners) listener();
}

export function chooseTheme(theme: Theme) {
  if (theme === "auto") localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, theme);
  applyTheme();
}

dark.addEventListener("change", applyTheme);

export function onThemeChange(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
