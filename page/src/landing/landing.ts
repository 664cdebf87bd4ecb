import { isZero } from "../format/decimal";
import type { Formats } from "../format/formats";
import { currentProgramme, type Programme } from "../programme";
import type { LandingTexts } from "../text/parts";
import "../styles/landing.css";
import { benefit } from "./benefit";
import { element } from "./dom";
import type { Invitation } from "./invitation";
import { legalLinks } from "./legal";

export interface Landing {
  texts: LandingTexts;
  formats: Formats;
  /** What the link's code gives; `null` where the address has no code. */
  invitation: Promise<Invitation> | null;
  /** Takes the visitor to the sign-in; rejects where it cannot be reached. */
  signIn: () => Promise<void>;
}

/** Draws the landing into an element, and completes it when the API has answered. */
export async function drawLanding(host: HTMLElement, landing: Landing): Promise<void> {
  const { texts } = landing;
  const intro = element("div", { className: "landing-intro" }, placeholder(texts));
  const rest = element("div", { className: "landing-rest" }, signIn(landing), steps(texts));
  if (landing.invitation) {
    host.replaceChildren(element("article", { className: "card landing" }, intro, rest));
  }
  const invitation = await landing.invitation;
  // It was drawn anew meanwhile, perhaps in another language.
  if (!host.isConnected) return;
  const programme = currentProgramme();
  if (invitation === null || invitation.state === "dead") {
    const title = invitation ? texts.landing.deadTitle : texts.landing.incompleteTitle;
    host.replaceChildren(
      message(title, invitation ? texts.landing.dead : texts.landing.incomplete),
    );
    return setTitle(texts, programme, title);
  }
  const introduction = introduce(landing, programme, invitation);
  intro.replaceChildren(...introduction.elements);
  const legal = legalLinks(programme, texts);
  if (legal) rest.append(legal);
  setTitle(texts, programme, introduction.title);
}

function setTitle(texts: LandingTexts, programme: Programme, view: string) {
  document.title = `${view} · ${programme.brand ?? texts.name}`;
}

/** Takes the room of the introduction until it is known. */
function placeholder(texts: LandingTexts): HTMLElement {
  return element(
    "div",
    { className: "landing-placeholder", attributes: { role: "status" } },
    element("span", { className: "hidden" }, texts.landing.loading),
    ...["short", "long", "long"].map((length) =>
      element("span", { className: `skeleton-bar landing-bar-${length}` }),
    ),
  );
}

interface Introduction {
  title: string;
  elements: HTMLElement[];
}

/** Who invites, and what the invitee gets: as much of it as is known. */
function introduce(
  { texts, formats }: Landing,
  { brand }: Programme,
  invitation: Exclude<Invitation, { state: "dead" }>,
): Introduction {
  const heading = (text: string) => element("h1", {}, text);
  const lead = (text: string) => element("p", { className: "landing-lead" }, text);
  if (invitation.state === "unknown") {
    const anyone = brand ? texts.landing.anyoneTo({ brand }) : texts.landing.anyone;
    return { title: texts.landing.title, elements: [heading(anyone), lead(texts.landing.unknown)] };
  }
  const { inviter, shared } = invitation;
  const from = element("p", { className: "landing-from" }, texts.landing.from({ inviter }));
  const headline = benefit(shared, texts.benefit, formats.percent);
  if (headline === null) {
    const invites = brand
      ? texts.landing.invitesTo({ inviter, brand })
      : texts.landing.invites({ inviter });
    return {
      title: texts.landing.title,
      elements: [heading(invites), lead(texts.landing.sharesNothing)],
    };
  }
  const rate = (text: string) => (isZero(text) ? texts.landing.none : formats.percent(text));
  const rates = element(
    "dl",
    { className: "landing-rates" },
    pair(texts.landing.spot, rate(shared.spot)),
    pair(texts.landing.futures, rate(shared.futures)),
  );
  return {
    title: headline,
    elements: [from, heading(headline), lead(texts.landing.shares), rates],
  };
}

function pair(name: string, value: string): HTMLElement {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

function signIn({ texts, signIn }: Landing): HTMLElement {
  const button = element(
    "button",
    { className: "button button-primary landing-action", attributes: { type: "button" } },
    texts.landing.signIn,
  );
  const failure = element("p", { className: "field-error", attributes: { role: "alert" } });
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = texts.landing.signingIn;
    failure.textContent = "";
    try {
      await signIn();
    } catch {
      failure.textContent = texts.landing.failed;
    }
    button.disabled = false;
    button.textContent = texts.landing.signIn;
  });
  const note = element("p", { className: "help" }, texts.landing.noObligation);
  return element("div", { className: "landing-decide" }, button, failure, note);
}

function steps(texts: LandingTexts): HTMLElement {
  return element(
    "section",
    { className: "landing-steps" },
    element("h2", {}, texts.landing.stepsTitle),
    element("ol", {}, ...Object.values(texts.landing.steps).map((step) => element("li", {}, step))),
  );
}

function message(title: string, text: string): HTMLElement {
  return element(
    "article",
    { className: "card landing" },
    element("h1", {}, title),
    element("p", { className: "landing-lead" }, text),
  );
}
