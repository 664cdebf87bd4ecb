import {
  isArgumentElement,
  isLiteralElement,
  isPluralElement,
  isPoundElement,
  isSelectElement,
  type MessageFormatElement,
} from "@formatjs/icu-messageformat-parser";
import type { Argument, Catalogue, Message } from "./catalogue.ts";

/** Generated code calls the functions of `src/text/runtime.ts` by this name. */
export const RUNTIME = "run";

type Tree = { [name: string]: Tree | Message };

function isMessage(value: Tree | Message): value is Message {
  return Array.isArray(value.parts);
}

/** Compiles the messages of the given groups to an object literal of strings and functions. */
export function objectOf(catalogue: Catalogue, has: (group: string) => boolean): string {
  return write(treeOf(catalogue, has), codeOf);
}

/** Generates the interface of the texts: what `objectOf` compiles to. */
export function typeOf(catalogue: Catalogue): string {
  const leaf = ({ args }: Message) => {
    if (args.size === 0) return "string";
    const members = [...args].map(([name, kind]) => `${name}: ${typeOfArgument(kind)}`);
    return `(args: { ${members.join("; ")} }) => string`;
  };
  return write(
    treeOf(catalogue, () => true),
    leaf,
    { separator: ";", indent: "\n" },
  );
}

function typeOfArgument(kind: Argument): string {
  if (kind === "text") return "string";
  if (kind === "plural") return "number";
  return kind.choices
    .filter((it) => it !== "other")
    .map((it) => JSON.stringify(it))
    .join(" | ");
}

function treeOf(catalogue: Catalogue, has: (group: string) => boolean): Tree {
  const tree: Tree = {};
  for (const [path, message] of catalogue) {
    const names = path.split(".");
    const last = names.pop();
    if (last === undefined || !has(names[0] ?? last)) continue;
    let group = tree;
    for (const name of names) {
      group[name] ??= {};
      group = group[name] as Tree;
    }
    group[last] = message;
  }
  return tree;
}

interface Layout {
  separator: string;
  /** The text before a member: a new line and its indentation, or a space. */
  indent: string;
}

const COMPACT: Layout = { separator: ",", indent: " " };

function write(tree: Tree, leaf: (message: Message) => string, layout: Layout = COMPACT): string {
  const { separator, indent } = layout;
  const inner = indent === " " ? indent : `${indent}  `;
  const members = Object.entries(tree).map(([name, value]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    const content = isMessage(value)
      ? leaf(value)
      : write(value, leaf, { ...layout, indent: inner });
    return `${inner}${key}: ${content}${separator}`;
  });
  return `{${members.join("")}${indent}}`;
}

function codeOf({ parts, args }: Message): string {
  const text = concatenated(parts, null);
  return args.size === 0 ? text : `(a) => ${text}`;
}

function concatenated(parts: MessageFormatElement[], counted: string | null): string {
  const pieces = parts.map((part) => piece(part, counted));
  return pieces.length > 0 ? pieces.join(" + ") : '""';
}

function piece(part: MessageFormatElement, counted: string | null): string {
  if (isLiteralElement(part)) return JSON.stringify(part.value);
  if (isPoundElement(part)) return `${RUNTIME}.number(${counted})`;
  const argument = `a[${JSON.stringify(part.value)}]`;
  if (isArgumentElement(part)) return `${RUNTIME}.text(${argument})`;
  if (!isPluralElement(part) && !isSelectElement(part)) throw new Error("not compiled: a format");
  const inner = isPluralElement(part) ? argument : counted;
  const forms = Object.entries(part.options).map(
    ([name, form]) => `${JSON.stringify(name)}: ${concatenated(form.value, inner)}`,
  );
  const choose = isPluralElement(part) ? "plural" : "select";
  return `${RUNTIME}.${choose}(${argument}, { ${forms.join(", ")} })`;
}
