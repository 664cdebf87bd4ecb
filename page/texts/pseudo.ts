import {
  isLiteralElement,
  isPluralElement,
  isSelectElement,
  type MessageFormatElement,
} from "@formatjs/icu-messageformat-parser";
import type { Catalogue } from "./catalogue.ts";

/** Longer English with accents, which shows texts that are not translated or are cut off. */
export const PSEUDO = "en-XA";

const PLAIN = "AEIOUYaeiouycnsz";
const MARKED = "ÅÉÎÖÛÝåéîöûýçñšž";

/** Lengthens each word: German and Russian need a third more room than English, single words more. */
function longer(text: string): string {
  const share = text.trim().length < 12 ? 0.5 : 0.35;
  return text.replace(/\S{2,}/g, (word) => {
    const marked = [...word].map((letter) => MARKED[PLAIN.indexOf(letter)] ?? letter).join("");
    return marked + "~".repeat(Math.ceil(word.length * share));
  });
}

function changed(part: MessageFormatElement): MessageFormatElement {
  if (isLiteralElement(part)) return { ...part, value: longer(part.value) };
  if (!isPluralElement(part) && !isSelectElement(part)) return part;
  const options = Object.entries(part.options).map(([name, form]) => {
    return [name, { ...form, value: form.value.map(changed) }];
  });
  return { ...part, options: Object.fromEntries(options) };
}

/** Returns the pseudo-locale's catalogue. */
export function pseudo(english: Catalogue): Catalogue {
  return new Map(
    [...english].map(([path, message]) => [
      path,
      { ...message, parts: message.parts.map(changed) },
    ]),
  );
}
