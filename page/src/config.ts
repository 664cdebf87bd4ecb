import { createContext, useContext } from "react";

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
  /** What to ask for; `openid` at least. */
  scope: string;
  /** Further parameters that the issuer needs to name this API, such as `audience` or `resource`. */
  parameters?: Record<string, string>;
}

export async function loadConfig(): Promise<Config> {
  const response = await fetch("/config.json");
  const config: unknown = await response.json();
  if (!isConfig(config)) throw new Error("config.json is not as documented");
  return config;
}

function isConfig(config: unknown): config is Config {
  const signIn = (config as Partial<Config> | null)?.signIn;
  if (signIn?.kind === "sandbox") return true;
  if (signIn?.kind !== "oidc") return false;
  return [signIn.issuer, signIn.clientId, signIn.scope].every((it) => typeof it === "string");
}

export const ConfigContext = createContext<Config>({ signIn: { kind: "sandbox" } });

export function useConfig(): Config {
  return useContext(ConfigContext);
}
