import type { PosterColours } from "./poster-colours";

/** The poster's edges, 4 by 5: the tallest that feeds show whole, and close to paper's. */
export const WIDTH = 1080;
export const HEIGHT = 1350;

const MARGIN = 84;
const QR_EDGE = 500;
const CARD_PADDING = 44;

/** Where the brand ends. */
const HEAD = 180;
const TITLE_SIZES = [96, 84, 74, 66, 58, 50, 42];
const URL_SIZES = [36, 32, 28, 24, 20, 18];
const LINE_HEIGHT = 1.14;
const FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** The card of the QR code: cameras want dark on light, whatever the programme's colour. */
const CARD = "#ffffff";
const INK = "#171b21";

export interface Poster {
  brand: string;
  headline: string;
  scan: string;
  /** The direction of headline and scan. */
  direction: "ltr" | "rtl";
  url: string;
  /** The QR code as the API draws it. */
  qr: string;
  colours: PosterColours;
}

/** Returns a text's width in pixels at a size, with the poster's font. */
export type Measure = (text: string, size: number, weight: number) => number;

export class UnreadableQrCode extends Error {}

/** Draws the poster. Only the path of the QR code is taken over, so that nothing else of it counts. */
export function posterOf(
  { brand, headline, scan, direction, url, qr, colours }: Poster,
  measure: Measure,
): string {
  const room = WIDTH - 2 * MARGIN;
  const card = QR_EDGE + 2 * CARD_PADDING;
  const cardTop = HEIGHT - MARGIN - 180 - card;
  const cardLeft = (WIDTH - card) / 2;
  const titleRoom = { width: room, height: cardTop - 48 - HEAD };
  const title = fitted(headline, titleRoom, { sizes: TITLE_SIZES, weight: 700 }, measure);
  const titleTop = HEAD + (titleRoom.height - heightOf(title)) / 2;
  const addressRoom = { width: room, height: 84 };
  const address = fitted(url, addressRoom, { sizes: URL_SIZES, weight: 500 }, measure);
  const text = (...it: Drawn) => textOf(colours.text, ...it);
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="${colours.ground}"/>`,
    `<circle cx="${WIDTH - 40}" cy="60" r="330" fill="${colours.deep}"/>`,
    icon(MARGIN, MARGIN - 10, colours),
    text(brand, MARGIN + 84, MARGIN + 38, 38, 640, "start"),
    ...title.lines.map((line, index) =>
      text(
        line,
        WIDTH / 2,
        titleTop + title.size * (0.88 + LINE_HEIGHT * index),
        title.size,
        700,
        "middle",
        direction,
      ),
    ),
    `<rect x="${cardLeft}" y="${cardTop}" width="${card}" height="${card}" rx="48" fill="${CARD}"/>`,
    qrCode(qr, cardLeft + CARD_PADDING, cardTop + CARD_PADDING),
    text(scan, WIDTH / 2, HEIGHT - MARGIN - 112, 44, 640, "middle", direction),
    ...address.lines.map((line, index) =>
      text(
        line,
        WIDTH / 2,
        HEIGHT - MARGIN - 44 + index * address.size * LINE_HEIGHT,
        address.size,
        500,
        "middle",
      ),
    ),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" ` +
    `viewBox="0 0 ${WIDTH} ${HEIGHT}">${parts.join("")}</svg>`
  );
}

interface Fit {
  sizes: readonly number[];
  weight: number;
}

interface Fitted {
  size: number;
  lines: string[];
}

const heightOf = ({ size, lines }: Fitted) => size * LINE_HEIGHT * lines.length;

/** Returns the largest size at which the text fits, broken into lines; the smallest if none does. */
function fitted(
  whole: string,
  room: { width: number; height: number },
  { sizes, weight }: Fit,
  measure: Measure,
): Fitted {
  let smallest: Fitted = { size: 0, lines: [] };
  for (const size of sizes) {
    const fits = (line: string) => measure(line, size, weight) <= room.width;
    const words = wrapped(whole, fits);
    smallest = { size, lines: words ?? broken(whole, fits) };
    if (words && heightOf(smallest) <= room.height) return smallest;
  }
  return smallest;
}

/** Breaks between words; `null` where a word is too long. */
function wrapped(whole: string, fits: (line: string) => boolean): string[] | null {
  const lines: string[] = [];
  for (const word of whole.split(/\s+/)) {
    if (!fits(word)) return null;
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && !fits(longer)) lines.push(word);
    else lines.splice(-1, 1, longer);
  }
  return lines;
}

/** Breaks anywhere: an address has no spaces. */
function broken(whole: string, fits: (line: string) => boolean): string[] {
  const lines = [""];
  for (const character of whole) {
    const longer = `${lines.at(-1)}${character}`;
    if (fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(character);
  }
  return lines;
}

type Drawn = [
  content: string,
  x: number,
  y: number,
  size: number,
  weight: number,
  anchor: "start" | "middle",
  direction?: Poster["direction"],
];

function textOf(
  colour: string,
  ...[content, x, y, size, weight, anchor, direction = "ltr"]: Drawn
): string {
  return (
    `<text x="${x}" y="${Math.round(y)}" font-family="${FONT}" font-size="${size}" ` +
    (direction === "rtl" ? 'direction="rtl" ' : "") +
    `font-weight="${weight}" fill="${colour}" text-anchor="${anchor}">${escaped(content)}</text>`
  );
}

function icon(x: number, y: number, { ground, text }: PosterColours): string {
  return (
    `<svg x="${x}" y="${y}" width="64" height="64" viewBox="0 0 32 32">` +
    `<rect width="32" height="32" rx="8" fill="${text}"/>` +
    `<path d="M10.5 14.5a6 6 0 1 1 1.2 5.6M9.6 10.2v4.9h4.9" fill="none" ` +
    `stroke="${ground}" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`
  );
}

function qrCode(svg: string, x: number, y: number): string {
  const box = /\sviewBox="(0 0 \d+ \d+)"/.exec(svg)?.[1];
  const path = /<path[^>]*\sd="([MLHVZmlhvz0-9 ,.-]+)"/.exec(svg)?.[1];
  if (!box || !path) throw new UnreadableQrCode();
  return (
    `<svg x="${x}" y="${y}" width="${QR_EDGE}" height="${QR_EDGE}" viewBox="${box}" ` +
    `shape-rendering="crispEdges"><path d="${path}" fill="${INK}"/></svg>`
  );
}

function escaped(content: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return content.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
