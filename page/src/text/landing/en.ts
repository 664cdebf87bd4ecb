import { benefit } from "../benefit/en";

/** Texts of the invitation's landing: apart from the others, because they are loaded without them. */
export const landing = {
  name: "Referral programme",
  title: "You're invited",
  from: (inviter: string) => `Invitation from ${inviter}`,
  ...benefit,
  invites: (inviter: string) => `${inviter} invites you back`,
  invitesTo: (inviter: string, brand: string) => `${inviter} invites you back to ${brand}`,
  anyone: "You're invited back",
  anyoneTo: (brand: string) => `You're invited back to ${brand}`,
  shares:
    "Your inviter shares commission with you for as long as you trade. Your fees stay the same.",
  sharesNothing:
    "This link gives you no fees back. Your inviter earns commission on your fees, which stay the same.",
  unknown: "Sign in to see who invited you and what you get back.",
  spot: "Spot and margin fees",
  futures: "Futures fees",
  none: "None",
  signIn: "Sign in to continue",
  signingIn: "Opening sign-in…",
  failed: "Sign-in couldn't be opened. Check your connection and try again.",
  noObligation: "Signing in accepts nothing. You decide on the next screen.",
  stepsTitle: "How it works",
  steps: [
    "Sign in with the account you already have.",
    "Check who invited you and what you get, then choose Bind Now.",
    "Trade as usual. You can see the details at any time under My inviter.",
  ],
  deadTitle: "This invitation isn't available",
  dead: "The link may be incomplete or no longer active. Ask the person who sent it for a new one.",
  incompleteTitle: "This link is incomplete",
  incomplete: "Open the invitation you received again. Entering a code by hand doesn't work.",
  loading: "Loading the invitation…",
  language: "Language",
  legal: "About this programme",
  terms: "Terms",
  privacy: "Privacy",
  support: "Support",
};

/** The catalogue's shape, for the other languages. */
export type LandingTexts = typeof landing;
