import type { Rollup } from "vite";

const START = "/src/start.ts";
const LANDING = "/src/landing/main.ts";
const APPLICATION = "/src/main.tsx";
const VIEWS = "/src/views/loads.ts";

/** A module and all that it cannot run without. */
function needsOf(id: string, meta: Rollup.ManualChunkMeta, found = new Set<string>()): Set<string> {
  if (found.has(id)) return found;
  found.add(id);
  for (const next of meta.getModuleInfo(id)?.importedIds ?? []) needsOf(next, meta, found);
  return found;
}

type Plan = Map<string, string>;

/** Modules that are not named here are left to the build. */
function planOf(meta: Rollup.ManualChunkMeta): Plan {
  const ids = [...meta.getModuleIds()];
  const idOf = (path: string) => {
    const found = ids.find((id) => id.endsWith(path));
    if (!found) throw new Error(`${path} is not in the build`);
    return found;
  };
  const entries = [START, LANDING].map(idOf);
  const early = new Set(entries.flatMap((id) => [...needsOf(id, meta)]));
  const application = needsOf(idOf(APPLICATION), meta);
  const views = meta.getModuleInfo(idOf(VIEWS))?.dynamicallyImportedIds ?? [];
  const uses = new Map<string, number>();
  for (const id of views.flatMap((view) => [...needsOf(view, meta)])) {
    uses.set(id, (uses.get(id) ?? 0) + 1);
  }
  const needed = new Set([...application, ...uses.keys(), idOf(VIEWS)]);
  const chunkOf = (id: string) => {
    if (entries.includes(id)) return undefined;
    if (early.has(id)) return needed.has(id) ? "base" : "landing";
    if (application.has(id)) return "main";
    return (uses.get(id) ?? 0) > 1 && id.includes("/src/") ? "shared" : undefined;
  };
  const plan: Plan = new Map();
  for (const id of ids) {
    const chunk = chunkOf(id);
    if (chunk) plan.set(id, chunk);
  }
  return plan;
}

/**
 * Puts what all need, the application, the landing, and what views share, into one file each. Left to
 * itself the build makes a file of each part that another set of views uses: a view then waits for a
 * dozen small files.
 */
export function chunks() {
  let plan: Plan | undefined;
  return (id: string, meta: Rollup.ManualChunkMeta): string | undefined => {
    plan ??= planOf(meta);
    return plan.get(id);
  };
}
