import {
  isLiteralElement,
  isPluralElement,
  isSelectElement,
  type MessageFormatElement,
} from "@formatjs/icu-messageformat-parser";
import type { Catalogue } from "./catalogue";

/** English in letters with marks, and longer: it shows texts that are not translated or cut off. */
export const PSEUDO = "en-XA";

const PLAIN = "AEIOUYaeiouycnsz";
const MARKED = "ÅÉÎÖÛÝåéîöûýçñšž";

/** German and Russian need about a third more room than English; single words even more. */
function longer(text: string): string {
  const words = text.trim().length;
  if (words < 2) return text;
  const marked = [...text].map((letter) => MARKED[PLAIN.indexOf(letter)] ?? letter).join("");
  return marked + "~".repeat(Math.ceil(words < 12 ? words * 0.5 : words * 0.35));
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
