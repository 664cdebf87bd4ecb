/** The groups that the landing needs: it is loaded without the other texts. */
export const LANDING_GROUPS = ["name", "language", "landing", "benefit", "legal"];
