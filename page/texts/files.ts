import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LANGUAGE_CODES } from "../src/text/languages.ts";
import {
  type Catalogue,
  compare,
  InvalidCatalogue,
  type Messages,
  parseMessages,
} from "./catalogue.ts";
import { typeOf } from "./compile.ts";

const source = (path: string) => fileURLToPath(new URL(`../src/text/${path}`, import.meta.url));

export const DIRECTORY = source("messages");
export const TYPES = source("types.ts");
export const RUNTIME_FILE = source("runtime.ts");

/** The language of which all others are translations. */
export const ORIGINAL = "en";

function readMessages(language: string): Messages {
  return JSON.parse(readFileSync(join(DIRECTORY, `${language}.json`), "utf8"));
}

/** Reads and checks all catalogues. Throws `InvalidCatalogue` with every problem found. */
export function readCatalogues(): Map<string, Catalogue> {
  const problems: string[] = [];
  const files = readdirSync(DIRECTORY).map((file) => basename(file, ".json"));
  for (const file of files) {
    const isKnown = LANGUAGE_CODES.some((it) => it === file);
    if (!isKnown) problems.push(`${file}: is not among the languages of src/text/languages.ts`);
  }
  const catalogues = new Map<string, Catalogue>();
  for (const language of LANGUAGE_CODES) {
    if (!files.includes(language)) problems.push(`${language}: there is no ${language}.json`);
    else catalogues.set(language, parseMessages(language, readMessages(language), problems));
  }
  const english = catalogues.get(ORIGINAL);
  const hasUnreadable = problems.length > 0;
  for (const [language, own] of catalogues) {
    if (english && own !== english && !hasUnreadable)
      problems.push(...compare(language, own, english));
  }
  if (problems.length > 0 || !english) throw new InvalidCatalogue(problems);
  return catalogues;
}

/** Generates `src/text/types.ts`. */
export function typesFile(catalogues: Map<string, Catalogue>): string {
  const english = catalogues.get(ORIGINAL) ?? new Map();
  return (
    "/** Generated from messages/en.json by `npm run texts`. */\n" +
    `export interface Texts ${typeOf(english)}\n`
  );
}
