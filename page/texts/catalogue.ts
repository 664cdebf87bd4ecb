import {
  isArgumentElement,
  isLiteralElement,
  isPluralElement,
  isPoundElement,
  isSelectElement,
  type MessageFormatElement,
  parse,
} from "@formatjs/icu-messageformat-parser";

/** A file of messages: groups of ICU messages by name, as translators' tools read them. */
export interface Messages {
  [name: string]: string | Messages;
}

/** A parsed message, with the arguments that it takes. */
export interface Message {
  parts: MessageFormatElement[];
  args: Map<string, Argument>;
}

/** An argument is a text, a number that chooses a plural form, or one of the choices. */
export type Argument = "text" | "plural" | { choices: string[] };

/** The messages of one language, by the path of their names. */
export type Catalogue = Map<string, Message>;

export class InvalidCatalogue extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(`The catalogues of texts have problems:\n${problems.map((it) => `  ${it}`).join("\n")}`);
    this.problems = problems;
  }
}

/** Parses a language's messages, and adds errors to the problems. */
export function parseMessages(language: string, messages: Messages, problems: string[]): Catalogue {
  const catalogue: Catalogue = new Map();
  for (const [path, text] of flat(messages)) {
    try {
      const parts = parse(text, { ignoreTag: true, shouldParseSkeletons: false });
      const args = new Map<string, Argument>();
      collect(parts, args, pluralCategories(language));
      if (text.trim() !== text || text === "") throw new Error("is empty, or begins or ends blank");
      catalogue.set(path, { parts, args });
    } catch (error) {
      problems.push(`${language}: ${path}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return catalogue;
}

/** Lists the differences from English: texts, arguments, choices. */
export function compare(language: string, own: Catalogue, english: Catalogue): string[] {
  const problems: string[] = [];
  for (const [path, { args }] of english) {
    const same = own.get(path);
    if (!same) {
      problems.push(`${language}: ${path} is missing`);
      continue;
    }
    const [mine, theirs] = [signature(same.args), signature(args)];
    if (mine !== theirs) problems.push(`${language}: ${path} has ${mine}; English has ${theirs}`);
  }
  for (const path of own.keys()) {
    if (!english.has(path)) problems.push(`${language}: ${path} is superfluous`);
  }
  return problems;
}

/** Returns the plural categories of whole numbers. A plural must have all of them. */
function pluralCategories(language: string): Set<string> {
  return new Set(new Intl.PluralRules(language).resolvedOptions().pluralCategories);
}

function* flat(messages: Messages, above = ""): Generator<[string, string]> {
  for (const [name, value] of Object.entries(messages)) {
    const path = `${above}${name}`;
    if (typeof value === "string") yield [path, value];
    else yield* flat(value, `${path}.`);
  }
}

function signature(args: Map<string, Argument>): string {
  const all = [...args].map(([name, kind]) => {
    return typeof kind === "string" ? `${name} (${kind})` : `${name} (${kind.choices.join(", ")})`;
  });
  return all.sort().join(", ") || "no arguments";
}

function collect(
  parts: MessageFormatElement[],
  args: Map<string, Argument>,
  categories: Set<string>,
) {
  for (const part of parts) {
    if (isLiteralElement(part) || isPoundElement(part)) continue;
    if (isArgumentElement(part)) {
      // The number that chooses the plural may also be inserted, without a format.
      if (!args.has(part.value)) args.set(part.value, "text");
    } else if (isPluralElement(part)) {
      if (part.pluralType !== "cardinal" || part.offset !== 0)
        throw new Error("is no plain plural");
      const named = Object.keys(part.options).filter((it) => !/^=\d+$/.test(it));
      if (named.length !== categories.size || named.some((it) => !categories.has(it))) {
        throw new Error(`has the plurals ${named.join(", ")} for ${[...categories].join(", ")}`);
      }
      put(args, part.value, "plural");
      collectForms(part.options, args, categories);
    } else if (isSelectElement(part)) {
      const choices = Object.keys(part.options).sort();
      put(args, part.value, { choices });
      collectForms(part.options, args, categories);
    } else {
      // Numbers and dates are formatted in one place only: src/format.
      throw new Error("uses a format; pass the formatted text instead");
    }
  }
}

/** Collects the arguments of all forms, which must be the same in each. */
function collectForms(
  options: Record<string, { value: MessageFormatElement[] }>,
  args: Map<string, Argument>,
  categories: Set<string>,
) {
  let first: string | undefined;
  for (const [name, { value }] of Object.entries(options)) {
    const own = new Map<string, Argument>();
    collect(value, own, categories);
    first ??= signature(own);
    if (signature(own) !== first) throw new Error(`has other arguments in the form ${name}`);
    for (const [argument, kind] of own) {
      if (kind !== "text" || !args.has(argument)) put(args, argument, kind);
    }
  }
}

function put(args: Map<string, Argument>, name: string, kind: Argument) {
  const before = args.get(name);
  if (before && JSON.stringify(before) !== JSON.stringify(kind)) {
    throw new Error(`uses ${name} in two ways`);
  }
  args.set(name, kind);
}
