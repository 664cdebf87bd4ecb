import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";
import { filesOf } from "./chunks.ts";

type Bundle = Rolldown.OutputBundle;

/** The chunks that may be loaded later, by whatever the entry leads to. */
function laterOf(name: string, bundle: Bundle, found = new Set<string>()): Set<string> {
  for (const own of filesOf(name, bundle)) {
    const file = bundle[own];
    for (const next of file?.type === "chunk" ? file.dynamicImports : []) {
      if (found.has(next)) continue;
      found.add(next);
      laterOf(next, bundle, found);
    }
  }
  return found;
}

function gzipped(files: Iterable<string>, bundle: Bundle, ending: string): number {
  let bytes = 0;
  for (const name of files) {
    const file = bundle[name];
    if (!file || !name.endsWith(ending)) continue;
    bytes += gzipSync(file.type === "chunk" ? file.code : file.source).length;
  }
  return bytes;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
}

/** Prints what each entry, and each view on top of it, loads before it can be used. */
export function sizes(): Plugin {
  const rows: string[] = [];
  return {
    name: "sizes",
    apply: "build",
    writeBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((it) => it.type === "chunk");
      const entries = chunks.filter((it) => it.isEntry);
      for (const entry of entries) {
        const own = filesOf(entry.fileName, bundle);
        const [js, css] = [gzipped(own, bundle, ".js"), gzipped(own, bundle, ".css")];
        rows.push(`${entry.name.padEnd(24)}${kilobytes(js)} JS${kilobytes(css)} CSS`);
        for (const next of laterOf(entry.fileName, bundle)) {
          const added = [...filesOf(next, bundle)].filter((it) => !own.has(it));
          const name = bundle[next]?.type === "chunk" ? bundle[next].name : next;
          rows.push(`  + ${name.padEnd(20)}${kilobytes(gzipped(added, bundle, ".js"))} JS`);
        }
      }
    },
    closeBundle() {
      if (rows.length > 0) console.log(["\nGzipped, by entry:", ...rows].join("\n"));
    },
  };
}
