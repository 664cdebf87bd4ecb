import { sendEarly } from "../api/early";
import { storedUser } from "../auth/stored";
import { loadConfig } from "../config-file";
import { formats } from "../format/formats";
import { currentProgramme } from "../programme";
import { type LandingTranslation, loadLanding } from "../text/landing";
import {
  declareLanguage,
  keepLanguage,
  LANGUAGE_CHOICES,
  preferredLanguage,
} from "../text/language";
import type { Language } from "../text/languages";
import type { LandingTexts } from "../text/parts";
import { applyTheme } from "../ui/theme-store";
import { preloadView } from "../views/loads";
import "../styles/base.css";
import "../styles/controls.css";
import { element } from "./dom";
import { codeIn, type Invitation, invitationOf } from "./invitation";
import { drawLanding } from "./landing";
import { beginSignIn, isSigningIn } from "./sign-in";

/** The application takes over the page; it is not loaded before it is needed. */
const openApplication = () => import("../main").then(() => {});

async function start(page: HTMLElement) {
  applyTheme();
  // The address of the file itself is no route of the application.
  if (location.pathname !== "/join") {
    history.replaceState(history.state, "", `/join${location.search}`);
  }
  const code = codeIn(location.search);
  const user = storedUser();
  if (user) {
    if (code) sendEarly(`/v1/bind?ref=${code}`, user.token);
    preloadView("/join");
  }
  if (user || isSigningIn()) return openApplication();
  const invitation = code ? invitationOf(code) : null;
  const language = preferredLanguage();
  declareLanguage(language);
  await draw(page, invitation, await loadLanding(language));
}

async function draw(
  page: HTMLElement,
  invitation: Promise<Invitation> | null,
  { language, texts }: LandingTranslation,
) {
  declareLanguage(language);
  const brand = element("span", {}, currentProgramme().brand);
  const main = element("main", { className: "main", attributes: { id: "main" } });
  const foot = element(
    "footer",
    { className: "landing-foot" },
    languages(page, invitation, language, texts),
  );
  page.replaceChildren(element("div", { className: "landing-page" }, header(brand), main, foot));
  await drawLanding(main, {
    texts,
    formats: formats(language),
    invitation,
    signIn: async () => beginSignIn(await loadConfig(), openApplication),
  });
  brand.textContent = currentProgramme().brand ?? texts.name;
}

function header(brand: HTMLElement): HTMLElement {
  const attributes = { src: "/icon.svg", alt: "", width: "28", height: "28" };
  const home = { className: "landing-brand", attributes: { href: "/" } };
  return element(
    "header",
    { className: "landing-top" },
    element("a", home, element("img", { attributes }), brand),
  );
}

function languages(
  page: HTMLElement,
  invitation: Promise<Invitation> | null,
  shown: Language,
  texts: LandingTexts,
): HTMLElement {
  const select = element("select", { attributes: { "aria-label": texts.language } });
  for (const { value, text } of LANGUAGE_CHOICES) {
    const option = new Option(text, value, false, value === shown);
    option.lang = value;
    select.append(option);
  }
  select.addEventListener("change", async () => {
    const language = select.value as Language;
    keepLanguage(language);
    await draw(page, invitation, await loadLanding(language));
    page.querySelector("select")?.focus();
  });
  return select;
}

const page = document.getElementById("page");
if (page) void start(page);
