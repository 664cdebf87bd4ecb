import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/queries";
import { App } from "./app";
import { renewWith, whenUserChanges } from "./auth/session";
import { type Config, loadConfig } from "./config";
import { declareLanguage, loadOrEnglish, preferredLanguage } from "./text";
import "./styles/index.css";

/** How the configured sign-in gets another token for the same user. */
function setUpRenewal({ signIn }: Config) {
  renewWith(async (user) => {
    if (signIn.kind === "sandbox") return (await import("./auth/sandbox")).tokenOf(user.uid);
    return (await import("./auth/oidc")).refresh(signIn, user);
  });
}

async function start(root: HTMLElement) {
  const [{ language, texts }, config] = await Promise.all([
    loadOrEnglish(preferredLanguage()),
    loadConfig().catch(() => null),
  ]);
  declareLanguage(language);
  if (!config) {
    root.textContent = texts.problems.config;
    return;
  }
  setUpRenewal(config);
  // Nothing of one user is ever shown to the next.
  whenUserChanges(() => queryClient.clear());
  // A transition renders in slices, between which the browser responds to input.
  startTransition(() =>
    createRoot(root).render(
      <StrictMode>
        <App config={config} language={language} texts={texts} />
      </StrictMode>,
    ),
  );
}

const root = document.getElementById("page");
if (root) void start(root);
