/** Loads the code of each view. Needs no React, so that the first script can load a view early. */
export const LOADS = {
  overview: () => import("./overview/overview"),
  dashboard: () => import("./dashboard/dashboard"),
  invitees: () => import("./invitees/invitees"),
  lines: () => import("./lines/lines"),
  inviter: () => import("./inviter/inviter"),
  signedIn: () => import("./sign-in/signed-in"),
  links: async () => ({ default: (await import("./links/links")).Links }),
  join: async () => ({ default: (await import("./join/join")).Join }),
};

/** The view at each address that the navigation leads to. */
const BY_PATH: Record<string, keyof typeof LOADS> = {
  "/": "overview",
  "/links": "links",
  "/dashboard": "dashboard",
  "/invitees": "invitees",
  "/earnings": "lines",
  "/inviter": "inviter",
  "/join": "join",
};

/** Starts loading the code of the view at an address. The view itself reports a failure. */
export function preloadView(path: string) {
  const name = BY_PATH[path];
  if (name) LOADS[name]().catch(() => {});
}
