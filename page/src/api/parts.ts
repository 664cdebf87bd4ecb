/** What exports are made of: parts, as many as the answers that they needed. */
export type ExportForm = "csv" | "ndjson";

/** The address of the next part, where an export does not fit into one answer. */
export function nextPart(link: string | null): string | null {
  const found = link?.match(/<([^>]*)>\s*;[^,]*rel="?next"?/);
  return found?.[1] ?? null;
}

/** Lines as they follow one another in the file: of CSV only the first part keeps its header row. */
export function joined(form: ExportForm, parts: string[]): string {
  const texts = parts.map((part, index) =>
    form === "csv" && index > 0 ? part.slice(part.indexOf("\n") + 1) : part,
  );
  return texts.join("");
}

/** Line breaks inside quotes are part of a CSV field. */
export function rowsIn(form: ExportForm, text: string): number {
  const outside = form === "csv" ? text.replace(/"[^"]*"/g, "") : text;
  const ends = outside.match(/\n/g)?.length ?? 0;
  return form === "csv" ? Math.max(0, ends - 1) : ends;
}
