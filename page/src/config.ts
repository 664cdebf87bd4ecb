import { createContext, useContext } from "react";
import type { Config } from "./config-file";

export { type Config, loadConfig, type OidcSignIn, type SandboxSignIn } from "./config-file";

export const ConfigContext = createContext<Config>({ signIn: { kind: "sandbox" } });

export function useConfig(): Config {
  return useContext(ConfigContext);
}
