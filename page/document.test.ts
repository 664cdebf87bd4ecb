import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { framed, withOrigin } from "./document";
import { directionOf, LANGUAGE_CODES } from "./src/text/languages";

/** The frame's colours by the names of the style sheet's. */
const NAMES = { page: "s-page", card: "s-card", line: "s-line", "line-soft": "s-bar" };

const tokens = readFileSync("src/styles/tokens.css", "utf8");
const frame = readFileSync("src/styles/document.css", "utf8");

/** Returns the colours of the first rule with the selector, without the short form `#fff`. */
function coloursOf(sheet: string, selector: string): Map<string, string> {
  const [, rule = ""] = sheet.split(`${selector} {`);
  const [declarations = ""] = rule.split("}");
  const found = declarations.matchAll(/--([\w-]+): #(\w+);/g);
  return new Map(
    [...found].map(([, name = "", digits = ""]) => [
      name,
      digits.length === 3 ? digits.replace(/./g, "$&$&") : digits,
    ]),
  );
}

test("frame_has_the_colours_of_the_style_sheet", () => {
  const dark = ':root[data-theme="dark"]';
  const rules = [
    [":root", ":root"],
    [dark, dark],
    [dark, ':root:not([data-theme="light"])'],
  ] as const;
  for (const [rule, own] of rules) {
    const colours = coloursOf(tokens, rule);
    const frames = coloursOf(frame, own);
    expect(frames.size).toBe(4);
    for (const [name, short] of Object.entries(NAMES)) {
      expect(frames.get(short), `${short} in ${own}`).toBe(colours.get(name));
    }
  }
});

test("picture_has_its_whole_address_where_known", () => {
  for (const file of ["index.html", "join.html"]) {
    const html = readFileSync(file, "utf8");
    const made = withOrigin(html, "https://affiliates.example.com");
    expect(made).toContain('"og:image" content="https://affiliates.example.com/share.png"');
    expect(withOrigin(html, undefined)).toBe(html);
    expect(() => withOrigin(html, "https://example.com/page/")).toThrow("PAGE_ORIGIN");
  }
});

test("need_of_scripts_is_said_in_every_language", () => {
  for (const file of ["index.html", "join.html"]) {
    const [, words = ""] =
      /<noscript>(.*)<\/noscript>/s.exec(framed(readFileSync(file, "utf8"))) ?? [];
    for (const language of LANGUAGE_CODES) {
      const direction = directionOf(language) === "rtl" ? ' dir="rtl"' : "";
      const tag = language === "en" ? "<p>" : `<p lang="${language}"${direction}>`;
      expect(words, `${language} in ${file}`).toContain(tag);
    }
  }
});
