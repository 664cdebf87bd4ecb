import { view } from "../ui/view";
import { LOADS } from "./loads";

export { preloadView } from "./loads";

export const Overview = view(LOADS.overview);
export const Dashboard = view(LOADS.dashboard);
export const Invitees = view(LOADS.invitees);
export const Lines = view(LOADS.lines);
export const Inviter = view(LOADS.inviter);
export const SignedIn = view(LOADS.signedIn);
export const Links = view(LOADS.links);
export const Join = view(LOADS.join);
