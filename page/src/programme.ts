/** The programme's public name, colour and pages, as its file has them. */
export interface Programme {
  brand: string | null;
  /** As `#2456c9`. */
  colour: string | null;
  terms: string | null;
  privacy: string | null;
  support: string | null;
}

const STORED = "programme";

const UNNAMED: Programme = {
  brand: null,
  colour: null,
  terms: null,
  privacy: null,
  support: null,
};

/** Reads an answer's `programme`. Only web addresses become links, never `javascript:` ones. */
export function programmeOf(value: unknown): Programme | null {
  if (typeof value !== "object" || value === null) return null;
  const { brand, colour, terms, privacy, support } = value as Record<string, unknown>;
  const text = (it: unknown) => (typeof it === "string" && it !== "" ? it : null);
  const link = (it: unknown) => (typeof it === "string" && /^https:\/\/./.test(it) ? it : null);
  return {
    brand: text(brand),
    colour: typeof colour === "string" && /^#[0-9a-f]{6}$/.test(colour) ? colour : null,
    terms: link(terms),
    privacy: link(privacy),
    support: link(support),
  };
}

function stored(): Programme {
  try {
    return programmeOf(JSON.parse(localStorage.getItem(STORED) ?? "null")) ?? UNNAMED;
  } catch {
    return UNNAMED;
  }
}

let current: Programme | undefined;
const listeners = new Set<() => void>();

/** The programme as the last answer described it, also of an earlier visit. */
export function currentProgramme(): Programme {
  current ??= stored();
  return current;
}

/** Takes over what an answer says of the programme; answers that say nothing change nothing. */
export function rememberProgramme(value: unknown) {
  const next = programmeOf(value);
  if (!next) return;
  const text = JSON.stringify(next);
  if (text === JSON.stringify(currentProgramme())) return;
  current = next;
  localStorage.setItem(STORED, text);
  for (const listener of listeners) listener();
}

export function onProgrammeChange(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
