/** Compiled by `texts/plugin.ts` from `messages/`. */
declare module "virtual:texts/page-*" {
  export const texts: import("./parts").PageTexts;
}

declare module "virtual:texts/landing-*" {
  export const texts: import("./parts").LandingTexts;
}

declare module "virtual:texts/page" {
  export const others: import("./parts").Loads<import("./parts").PageTexts>;
}

declare module "virtual:texts/landing" {
  export const others: import("./parts").Loads<import("./parts").LandingTexts>;
}
