import { expect, test } from "vitest";
import { type Measure, posterOf, UnreadableQrCode, WIDTH } from "./poster";

/** About the width of a sans-serif font. */
const measure: Measure = (text, size) => text.length * size * 0.55;

const qr =
  '<svg viewBox="0 0 296 296"><rect width="9" height="9"/><path d="M32 32h8v8H32V32"/></svg>';
const poster = {
  brand: "Recall",
  headline: "Get 10% of your spot and 5% of your futures fees back",
  scan: "Scan to accept",
  direction: "ltr" as const,
  url: "https://example.com/join?ref=6TKU9VDE",
  qr,
  colours: { ground: "#0b6b4f", deep: "#08503b", text: "#fefefe" },
};

const textsOf = (svg: string) =>
  [...svg.matchAll(/font-size="(\d+)"[^>]*>([^<]*)<\/text>/g)].map(([, size, text]) => ({
    size: Number(size),
    text: text ?? "",
  }));

test("poster_lines_fit_its_width", () => {
  const long = { ...poster, url: `https://example.com/${"a".repeat(90)}?ref=6TKU9VDE` };
  for (const { size, text } of textsOf(posterOf(long, measure))) {
    expect(measure(text, size, 500)).toBeLessThanOrEqual(WIDTH);
  }
});

test("poster_headline_ends_above_the_card", () => {
  const svg = posterOf({ ...poster, headline: `${poster.headline} `.repeat(2).trim() }, measure);
  const cardTop = Number(/<rect x="[\d.]+" y="([\d.]+)"/.exec(svg)?.[1]);
  const headline = [...svg.matchAll(/ y="(\d+)"[^>]*font-weight="700"/g)].map(([, y]) => Number(y));
  expect(headline.length).toBeGreaterThan(1);
  expect(Math.max(...headline)).toBeLessThan(cardTop);
});

test("poster_breaks_lose_no_character", () => {
  const texts = textsOf(posterOf(poster, measure)).map(({ text }) => text);
  expect(texts.join(" ")).toContain(poster.headline);
  expect(texts.join("")).toContain(poster.url);
});

test("poster_takes_the_qr_path_alone", () => {
  const svg = posterOf({ ...poster, qr: `${qr}<script>alert(1)</script>` }, measure);
  expect(svg).toContain('d="M32 32h8v8H32V32"');
  expect(svg).not.toContain("script");
  expect(() => posterOf({ ...poster, qr: "<svg/>" }, measure)).toThrow(UnreadableQrCode);
});

test("poster_text_is_escaped", () => {
  const svg = posterOf({ ...poster, brand: `A & B <c> "d"` }, measure);
  expect(svg).toContain("A &amp; B &lt;c&gt; &quot;d&quot;");
});

test("poster_in_arabic_sets_words_right_to_left", () => {
  const svg = posterOf({ ...poster, direction: "rtl" }, measure);
  const directed = [...svg.matchAll(/<text[^>]*direction="rtl"[^>]*>([^<]*)</g)].map(
    ([, it]) => it,
  );
  expect(directed.join(" ")).toBe(`${poster.headline} ${poster.scan}`);
});

test("poster_is_drawn_in_its_colours", () => {
  const fills = [...posterOf(poster, measure).matchAll(/fill="(#\w+)"/g)].map(([, it]) => it);
  expect(new Set(fills)).toEqual(new Set([...Object.values(poster.colours), "#ffffff", "#171b21"]));
});
