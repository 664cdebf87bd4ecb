import { type ComponentType, lazy } from "react";

const PAUSE_MS = 500;

/**
 * A component whose code is loaded when it is shown, or a little earlier by `preload`; a failed
 * request for it is repeated once.
 */
export function view(load: () => Promise<{ default: ComponentType }>) {
  const again = async () => {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return load();
  };
  const preload = () => void load().catch(() => {});
  return Object.assign(
    lazy(() => load().catch(again)),
    { preload },
  );
}
