import type { Plugin, Rolldown } from "vite";

const START = "/src/start.ts";
const LANDING = "/src/landing/main.ts";
const APPLICATION = "/src/main.tsx";
const VIEWS = "/src/views/loads.ts";

/** The chunk with the application itself. Only the affiliate's document loads it at once. */
export const APPLICATION_CHUNK = "main";

/** The modules of a build, which plugins can ask for when it ends. */
type Modules = Pick<Rolldown.PluginContext, "getModuleIds" | "getModuleInfo">;

/** Returns a module and everything that it imports statically. */
function withImports(id: string, modules: Modules, found = new Set<string>()): Set<string> {
  if (found.has(id)) return found;
  found.add(id);
  for (const next of modules.getModuleInfo(id)?.importedIds ?? []) {
    withImports(next, modules, found);
  }
  return found;
}

/** The names of chunks by module. */
type Plan = Map<string, string>;

/** Returns the chunk of each module; Rolldown decides for modules that are not in the plan. */
function planOf(modules: Modules): Plan {
  const ids = [...modules.getModuleIds()];
  const idOf = (path: string) => {
    const found = ids.find((id) => id.endsWith(path));
    if (!found) throw new Error(`${path} is not in the build`);
    return found;
  };
  const entries = [START, LANDING].map(idOf);
  const early = new Set(entries.flatMap((id) => [...withImports(id, modules)]));
  const first = withImports(idOf(START), modules);
  const application = withImports(idOf(APPLICATION), modules);
  const views = modules.getModuleInfo(idOf(VIEWS))?.dynamicallyImportedIds ?? [];
  const uses = new Map<string, number>();
  for (const id of views.flatMap((view) => [...withImports(view, modules)])) {
    uses.set(id, (uses.get(id) ?? 0) + 1);
  }
  const needed = new Set([...application, ...uses.keys(), idOf(VIEWS)]);
  const chunkOf = (id: string) => {
    if (entries.includes(id)) return undefined;
    if (early.has(id)) return needed.has(id) || first.has(id) ? "base" : "landing";
    if (application.has(id)) return APPLICATION_CHUNK;
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
 * Makes four chunks: what the first script needs, or an entry and the application; the rest of the
 * landing; the rest of the application; and what several views share. Rolldown itself makes a chunk
 * for each set of views that share a module: a view then waits for a dozen small files.
 */
export function chunks(): Plugin {
  let plan: Plan = new Map();
  const groups = [{ name: (id: string) => plan.get(id) ?? null, debugName: "plan" }];
  return {
    name: "chunks",
    apply: "build",
    config: () => ({ build: { rolldownOptions: { output: { codeSplitting: { groups } } } } }),
    buildEnd(error) {
      if (!error) plan = planOf(this);
    },
  };
}

/** Returns the files that a chunk needs to run: itself, its imports and their style sheets. */
export function filesOf(
  name: string,
  bundle: Rolldown.OutputBundle,
  found = new Set<string>(),
): Set<string> {
  const file = bundle[name];
  if (found.has(name) || file?.type !== "chunk") return found;
  found.add(name);
  for (const css of file.viteMetadata?.importedCss ?? []) found.add(css);
  for (const next of file.imports) filesOf(next, bundle, found);
  return found;
}
