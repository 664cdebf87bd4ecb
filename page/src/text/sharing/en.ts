import { benefit } from "../benefit/en";

/** Texts for sharing a link: messages, targets, and the poster. */
export const sharing = {
  ...benefit,
  share: "Share",
  message: (headline: string) => `${headline} with my invitation`,
  messagePlain: "Come back with my invitation",
  more: "More apps…",
  telegram: "Telegram",
  whatsapp: "WhatsApp",
  x: "X",
  mail: "Email",
  copyMessage: "Copy message",
  poster: "Poster",
  posterTitle: "Poster with QR code",
  posterLead: "For posts, slides and print, with what your invitees get back.",
  posterHeadline: "Come back with my invitation",
  posterScan: "Scan to accept",
  posterOf: (headline: string, url: string) => `Poster: ${headline}. QR code of ${url}`,
  posterSvg: "SVG, for print",
  posterPng: "PNG, for posts",
  posterFailed: "The poster couldn't be made. Please try again.",
};

/** The catalogue's shape, for the other languages. */
export type SharingTexts = typeof sharing;
