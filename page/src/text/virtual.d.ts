/** Compiled by `texts/plugin.ts` from `messages/`. */
declare module "virtual:texts/page-*" {
  export const texts: Omit<import("./types").Texts, "landing">;
}

declare module "virtual:texts/landing-*" {
  export const texts: Pick<
    import("./types").Texts,
    "name" | "language" | "landing" | "benefit" | "legal"
  >;
}
