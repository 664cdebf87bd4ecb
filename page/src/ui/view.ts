import { type ComponentType, lazy } from "react";

const PAUSE_MS = 500;

/** A component whose code is loaded when it is shown; a failed request for it is repeated once. */
export function view(load: () => Promise<{ default: ComponentType }>) {
  const again = async () => {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return load();
  };
  return lazy(() => load().catch(again));
}
