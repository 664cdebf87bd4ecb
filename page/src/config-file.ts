/** What differs from stage to stage; it is served beside the page, so that one build serves all. */
export interface Config {
  signIn: SandboxSignIn | OidcSignIn;
}

/** Users choose who they are. */
export interface SandboxSignIn {
  kind: "sandbox";
}

/** OpenID Connect: authorization code with PKCE. */
export interface OidcSignIn {
  kind: "oidc";
  issuer: string;
  clientId: string;
  /** The scopes to request; `openid` at least. */
  scope: string;
  /** Further parameters that the issuer needs to name this API, such as `audience` or `resource`. */
  parameters?: Record<string, string>;
}

let pending: Promise<Config> | null = null;

/** Loads the configuration once. After a failure, the next call sends the request again. */
export function loadConfig(): Promise<Config> {
  pending ??= request().catch((error) => {
    pending = null;
    throw error;
  });
  return pending;
}

async function request(): Promise<Config> {
  const response = await fetch("/config.json");
  return configOf(await response.json());
}

/** Returns the configuration; throws where the sign-in is not as documented. */
export function configOf(body: unknown): Config {
  const { signIn } = (body ?? {}) as Record<string, unknown>;
  if (!isSignIn(signIn)) throw new Error("config.json is not as documented");
  return { signIn };
}

function isSignIn(value: unknown): value is Config["signIn"] {
  const signIn = value as Partial<Config["signIn"]> | undefined;
  if (signIn?.kind === "sandbox") return true;
  if (signIn?.kind !== "oidc") return false;
  return [signIn.issuer, signIn.clientId, signIn.scope].every((it) => typeof it === "string");
}
