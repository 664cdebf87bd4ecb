import type { Plugin } from "vite";
import { directionOf, LANGUAGE_CODES, LANGUAGES, type Language } from "../src/text/languages.ts";
import { LANDING_GROUPS } from "../src/text/parts.ts";
import type { Catalogue } from "./catalogue.ts";
import { objectOf, RUNTIME } from "./compile.ts";
import { DIRECTORY, ORIGINAL, RUNTIME_FILE, readCatalogues } from "./files.ts";
import { PSEUDO, pseudo } from "./pseudo.ts";

/** Modules of a language's texts (`virtual:texts/page-ru`), and of the imports of all (`…/page`). */
const MODULE = /^virtual:texts\/(page|landing)(?:-([\w-]+))?$/;

/** Generates the imports by which each language but English becomes a chunk of its own. */
function loadsOf(part: string): string {
  const others = LANGUAGE_CODES.filter((it) => it !== ORIGINAL).map(
    (it) => `  ${JSON.stringify(it)}: () => import("virtual:texts/${part}-${it}"),\n`,
  );
  return `export const others = {\n${others.join("")}};\n`;
}

function moduleOf(part: string, language: Language, catalogue: Catalogue): string {
  const isLanding = (group: string) => LANDING_GROUPS.some((it) => it === group);
  const has = part === "landing" ? isLanding : (group: string) => group !== "landing";
  const { locale } = LANGUAGES[language];
  const isRightToLeft = directionOf(language) === "rtl";
  return (
    `import { runtime } from ${JSON.stringify(RUNTIME_FILE)};\n` +
    `const ${RUNTIME} = runtime(${JSON.stringify(locale)}, ${isRightToLeft});\n` +
    `export const texts = ${objectOf(catalogue, has)};\n`
  );
}

/** Compiles the catalogues. A missing, superfluous or different text fails the build. */
export function texts(): Plugin {
  let catalogues = new Map<string, Catalogue>();
  return {
    name: "texts",
    buildStart() {
      catalogues = readCatalogues();
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
      if (!part || !id.startsWith("\0")) return undefined;
      if (!language) return loadsOf(part);
      const shown = (language === PSEUDO ? ORIGINAL : language) as Language;
      const catalogue = catalogues.get(shown);
      if (!catalogue) return undefined;
      return moduleOf(part, shown, language === PSEUDO ? pseudo(catalogue) : catalogue);
    },
  };
}
