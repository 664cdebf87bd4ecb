import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const TOKENS = "src/styles/tokens.css";

/** The document's frame is shown before the tokens are there. */
const FRAME = "src/styles/document.css";

const sheets = globSync("src/**/*.css").filter((path) => path !== TOKENS && path !== FRAME);

/** Properties of type and space. Widths and heights of boxes are not among them. */
const GOVERNED =
  /^(font|font-size|line-height|(row-|column-)?gap|(scroll-)?(padding|margin)(-[a-z-]+)?)$/;
const POSITION = /^(top|right|bottom|left|inset)(-[a-z-]+)?$/;

/** Returns the declarations whose values are not of the token file. A hairline is 1 px. */
function rawValues(sheet: string): string[] {
  const plain = sheet.replace(/\/\*.*?\*\//gs, "");
  const found = plain.matchAll(/(?<=^|[;{]\s*)([a-z-]+):\s*([^;{}]+)/gm);
  return [...found].flatMap(([declaration, property = "", value = ""]) => {
    const lengths = value.match(/(?<![\w.-])-?[\d.]+(rem|px|pt|ch)\b/g) ?? [];
    const raw = lengths.filter((it) => !/^-?1px$/.test(it));
    const relative = /\d(em|%)/.test(value);
    const governed =
      (GOVERNED.test(property) && raw.length > 0) ||
      (POSITION.test(property) && raw.some((it) => it.endsWith("rem"))) ||
      (property.startsWith("font") && property !== "font-weight" && relative) ||
      (property === "line-height" && /\d/.test(value.replace(/var\([^)]*\)/g, "")));
    return governed ? [declaration.replace(/\s+/g, " ")] : [];
  });
}

test("sheets_have_type_and_space_of_the_token_file", () => {
  expect(sheets.length).toBeGreaterThan(8);
  const found = sheets.flatMap((path) =>
    rawValues(readFileSync(path, "utf8")).map((it) => `${path}: ${it}`),
  );
  expect(found).toEqual([]);
});

test("raw_values_of_type_and_space_are_found", () => {
  const sheet = `.a { font: 15px / 1.5 serif; color: red; padding: 0 1px var(--space-50); }
    .b { font-size: 0.9em; line-height: 1.2; gap: 0 2px; margin-inline-start: -0.5rem; }
    .c { width: 3rem; inset: auto 1rem 0; top: 8px; font-weight: 640; padding-top: env(x, 4px) }
    @media (max-width: 760px) { .d { row-gap: 1.5rem } }`;
  expect(rawValues(sheet)).toEqual([
    "font: 15px / 1.5 serif",
    "font-size: 0.9em",
    "line-height: 1.2",
    "gap: 0 2px",
    "margin-inline-start: -0.5rem",
    "inset: auto 1rem 0",
    "padding-top: env(x, 4px) ",
    "row-gap: 1.5rem ",
  ]);
});

test("tokens_of_type_and_space_are_those_in_use", () => {
  const named = (text: string, pattern: RegExp) =>
    [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
  const defined = named(readFileSync(TOKENS, "utf8"), /--((?:type|leading|space)-[\w-]+):/g);
  const sources = [...sheets, ...globSync("src/**/*.tsx")];
  const all = sources.map((path) => readFileSync(path, "utf8")).join("\n");
  expect(defined.length).toBeGreaterThan(40);
  expect(named(all, /\b((?:type|leading|space)-[\w-]+)["`)]/g)).toEqual(defined);
});

test("layouts_change_by_the_size_of_text", () => {
  const found = sheets.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/\((?:min|max)-width: [\d.]+px\)/g)].map(
      ([query]) => `${path}: ${query}`,
    ),
  );
  expect(found).toEqual([]);
});

test("views_have_no_sizes_of_text", () => {
  const found = globSync("src/**/*.tsx").filter((path) =>
    /fontSize:|lineHeight:|font = `\d|\bfont:.*size: \d|(padding|margin): ?["`]/.test(
      readFileSync(path, "utf8"),
    ),
  );
  expect(found).toEqual([]);
});

/** On paper the tokens have colours of their own. */
const PRINT = "src/styles/print.css";

/** Returns the declarations with a colour that is no token's. */
function rawColours(sheet: string): string[] {
  const plain = sheet.replace(/\/\*.*?\*\//gs, "");
  const found = plain.matchAll(/(?<=^|[;{]\s*)([\w-]+):\s*([^;{}]+)/gm);
  return [...found].flatMap(([declaration, , value = ""]) =>
    /#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch|color)a?\(/i.test(value) ? [declaration] : [],
  );
}

test("sheets_have_colours_of_the_token_file", () => {
  const found = sheets.flatMap((path) => {
    const raw = rawColours(readFileSync(path, "utf8"));
    const own = raw.filter((it) => path !== PRINT || !it.startsWith("--"));
    return own.map((it) => `${path}: ${it}`);
  });
  expect(found).toEqual([]);
  expect(
    rawColours(".a { color: #fff; fill: var(--x) } .b { background: rgb(0 0 0 / 5%) }"),
  ).toEqual(["color: #fff", "background: rgb(0 0 0 / 5%) "]);
});

test("dark_theme_has_its_own_series", () => {
  const [light = "", dark = ""] = readFileSync(TOKENS, "utf8").split('[data-theme="dark"] {');
  const series = (rule: string) =>
    rule
      .split("}")[0]
      ?.match(/--series-[\w-]+(?=:)/g)
      ?.sort();
  expect(series(dark)).toEqual(series(light.slice(light.indexOf(":root {"))));
});

/** Sides that are named left or right, which are not those of Arabic. */
const PHYSICAL = [
  /(?<=[;{]\s*)(?:left|right|(?:scroll-)?(?:margin|padding)-(?:left|right)):/gm,
  /(?<=[;{]\s*)border-(?:(?:top|bottom)-)?(?:left|right)[a-z-]*:/gm,
  /(?<=[;{]\s*)(?:text-align|float|clear|caption-side): (?:left|right)\b/gm,
];

function physicalSides(sheet: string): string[] {
  const plain = sheet.replace(/\/\*.*?\*\//gs, "");
  return PHYSICAL.flatMap((pattern) => plain.match(pattern) ?? []);
}

test("sheets_name_no_left_or_right", () => {
  const all = [...sheets, TOKENS, FRAME];
  const found = all.flatMap((path) =>
    physicalSides(readFileSync(path, "utf8")).map((it) => `${path}: ${it}`),
  );
  expect(found).toEqual([]);
  const inViews = globSync("src/**/*.{ts,tsx}").filter((path) =>
    /\b(margin|padding|border|inset)(Left|Right)\b|style=\{\{ (left|right):/.test(
      readFileSync(path, "utf8"),
    ),
  );
  expect(inViews).toEqual([]);
});

test("sides_named_left_or_right_are_found", () => {
  const sheet = `.a { left: 0; margin-left: 1px; margin-inline: auto; /* ; right: 0 */
      padding-right: 2px; border-left: 0; }
    .b { border-top-right-radius: 2px; text-align: right; text-align: start; top: 0 }`;
  expect(physicalSides(sheet).sort()).toEqual([
    "border-left:",
    "border-top-right-radius:",
    "left:",
    "margin-left:",
    "padding-right:",
    "text-align: right",
  ]);
});
