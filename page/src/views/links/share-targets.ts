/** A message and the link it is about. The address is no part of the text. */
export interface Shareable {
  text: string;
  url: string;
}

const query = (values: Record<string, string>) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");

/** The message as one text, for what takes no address of its own: in two lines, in any language. */
export function asOneText({ text, url }: Shareable): string {
  return `${text}\n${url}`;
}

/** Addresses that open a target with the message written; each holds the link once. */
export const SHARE_TARGETS = {
  telegram: ({ text, url }: Shareable) => `https://t.me/share/url?${query({ url, text })}`,
  whatsapp: (it: Shareable) => `https://wa.me/?${query({ text: asOneText(it) })}`,
  x: ({ text, url }: Shareable) => `https://x.com/intent/post?${query({ text, url })}`,
  mail: (it: Shareable) => `mailto:?${query({ subject: it.text, body: asOneText(it) })}`,
} as const;
