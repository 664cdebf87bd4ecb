/** The API gives up after 30 seconds, so that nothing comes after them. */
export const TIMEOUT_MS = 30_000;
