import type { Config } from "../config-file";

/** In the history's entry, so that going back leads to the landing again. */
const SIGNING_IN = { signingIn: true };

/** Whether the visitor has left the landing for the sign-in. */
export function isSigningIn(state: unknown = history.state): boolean {
  return (state as Partial<typeof SIGNING_IN> | null)?.signingIn === true;
}

/** Leaves for the issuer's page, or shows the sandbox's list of users. */
export async function beginSignIn({ signIn }: Config, openApplication: () => Promise<void>) {
  const { pathname, search } = location;
  if (signIn.kind === "oidc") {
    const { begin } = await import("../auth/oidc");
    return begin(signIn, `${pathname}${search}`);
  }
  history.pushState(SIGNING_IN, "");
  await openApplication();
}
