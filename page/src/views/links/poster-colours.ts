/** The colours of a poster, the same in both themes: a poster has none. */
export interface PosterColours {
  ground: string;
  /** The circle in the corner, over which the text may run. */
  deep: string;
  text: string;
}

/** Those of a programme without a colour of its own. */
const USUAL: PosterColours = { ground: "#2456c9", deep: "#183f9b", text: "#ffffff" };

const WHITE = "#ffffff";
const BLACK = "#000000";

/** How far the circle is from the ground, towards the colour that the text does not have. */
const DEEPER = 0.25;

/** Returns the colours by the programme's own, as `#2456c9`. The text always has a contrast of 4.5. */
export function posterColours(colour: string | null): PosterColours {
  if (!colour) return USUAL;
  const text = contrast(colour, WHITE) >= contrast(colour, BLACK) ? WHITE : BLACK;
  return { ground: colour, deep: mixed(colour, text === WHITE ? BLACK : WHITE), text };
}

/** Returns the contrast of two colours by WCAG 2, from 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function channels(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function luminance(colour: string): number {
  const [red, green, blue] = channels(colour).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mixed(colour: string, other: string): string {
  const others = channels(other);
  const parts = channels(colour).map((channel, index) =>
    Math.round(channel + ((others[index] ?? 0) - channel) * DEEPER),
  );
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
