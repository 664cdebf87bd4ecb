import type { Plugin } from "vite";
import { directionOf, LANGUAGES, type Language } from "../src/text/languages";
import type { Catalogue } from "./catalogue";
import { objectOf, RUNTIME } from "./compile";
import { DIRECTORY, RUNTIME_FILE, readCatalogues } from "./files";
import { LANDING_GROUPS } from "./parts";
import { PSEUDO, pseudo } from "./pseudo";

/** Modules of compiled texts: `virtual:texts/page-ru`, `virtual:texts/landing-ru`. */
const MODULE = /^virtual:texts\/(page|landing)-([\w-]+)$/;

function moduleOf(part: string, language: Language, catalogue: Catalogue): string {
  const isLanding = (group: string) => LANDING_GROUPS.includes(group);
  const has = part === "landing" ? isLanding : (group: string) => group !== "landing";
  const { locale } = LANGUAGES[language];
  const isRightToLeft = directionOf(language) === "rtl";
  return (
    `import { runtime } from ${JSON.stringify(RUNTIME_FILE)};\n` +
    `const ${RUNTIME} = runtime(${JSON.stringify(locale)}, ${isRightToLeft});\n` +
    `export const texts = ${objectOf(catalogue, has)};\n`
  );
}

/** Compiles the catalogues of texts. A missing, superfluous or differing text fails the build. */
export function texts(): Plugin {
  let catalogues = new Map<string, Catalogue>();
  return {
    name: "texts",
    buildStart() {
      catalogues = readCatalogues();
    },
    configureServer(server) {
      server.watcher.add(DIRECTORY);
    },
    handleHotUpdate({ file, server }) {
      if (!file.startsWith(DIRECTORY)) return;
      catalogues = readCatalogues();
      server.moduleGraph.invalidateAll();
      server.ws.send({ type: "full-reload" });
      return [];
    },
    resolveId: (id) => (MODULE.test(id) ? `\0${id}` : undefined),
    load(id) {
      const [, part, language] = MODULE.exec(id.replace("\0", "")) ?? [];
      if (!part || !language || !id.startsWith("\0")) return undefined;
      const shown = (language === PSEUDO ? "en" : language) as Language;
      const catalogue = catalogues.get(shown);
      if (!catalogue) return undefined;
      return moduleOf(part, shown, language === PSEUDO ? pseudo(catalogue) : catalogue);
    },
  };
}
