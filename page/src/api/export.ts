import type { Days } from "../format/range";
import { raw } from "./client";
import { type ExportForm, joined, nextPart, rowsIn } from "./parts";
import type { LineFilter } from "./queries";

const MEDIA: Record<ExportForm, string> = { csv: "text/csv", ndjson: "application/x-ndjson" };

/** Reads all lines of a range with the API's own export, and says how far it has come. */
export async function exportLines(
  form: ExportForm,
  days: Days,
  filter: LineFilter,
  progress: (lines: number) => void,
): Promise<{ text: string; lines: number }> {
  const parts: string[] = [];
  let lines = 0;
  const query = new URLSearchParams({ ...days, ...filter });
  let path: string | null = `/v1/dashboard/commissions?${query}`;
  while (path) {
    const response: Response = await raw(path, MEDIA[form]);
    const text = await response.text();
    parts.push(text);
    lines += rowsIn(form, text);
    progress(lines);
    path = nextPart(response.headers.get("link"));
  }
  return { text: joined(form, parts), lines };
}

/** Hands a file to the user. */
export function save(name: string, content: Blob) {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function fileOf(form: ExportForm, text: string): Blob {
  return new Blob([text], { type: MEDIA[form] });
}
