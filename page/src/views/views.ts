import { view } from "../ui/view";

export const Overview = view(() => import("./overview/overview"));
export const Dashboard = view(() => import("./dashboard/dashboard"));
export const Invitees = view(() => import("./invitees/invitees"));
export const Lines = view(() => import("./lines/lines"));
export const Inviter = view(() => import("./inviter/inviter"));
export const SignedIn = view(() => import("./sign-in/signed-in"));
export const Links = view(async () => ({ default: (await import("./links/links")).Links }));
export const Join = view(async () => ({ default: (await import("./join/join")).Join }));

/** The view at each address that the navigation leads to. */
const BY_PATH: Record<string, { preload: () => void }> = {
  "/": Overview,
  "/links": Links,
  "/dashboard": Dashboard,
  "/invitees": Invitees,
  "/earnings": Lines,
  "/inviter": Inviter,
  "/join": Join,
};

/** Starts loading the code of the view at an address, where there is one. */
export function preloadView(path: string) {
  BY_PATH[path]?.preload();
}
