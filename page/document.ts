import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { HtmlTagDescriptor, Plugin } from "vite";
import { APPLICATION_CHUNK, filesOf } from "./chunks";

/** The style of the document before the style sheet is there, and where its digest is allowed. */
const STYLE = "src/styles/document.css";
const POLICIES = ["../template.yaml", "../tools/sandbox/src/page/site.rs"];

/** The style as it is put into the document: to the byte what the policy's digest is of. */
function style(): string {
  return readFileSync(STYLE, "utf8").replace(/\n\s*/g, "");
}

/** The policy allows no style in a document but this one, by its digest. */
function checkPolicies() {
  const digest = `'sha256-${createHash("sha256").update(style()).digest("base64")}'`;
  for (const path of POLICIES) {
    if (readFileSync(path, "utf8").includes(`style-src 'self' ${digest}`)) continue;
    throw new Error(`${STYLE} was changed: ${path} must have "style-src 'self' ${digest}"`);
  }
}

function preload(file: string): HtmlTagDescriptor {
  const kind = file.endsWith(".css") ? { rel: "preload", as: "style" } : { rel: "modulepreload" };
  return {
    tag: "link",
    attrs: { ...kind, crossorigin: true, href: `/${file}` },
    injectTo: "head",
  };
}

/**
 * Puts into each document what it shows before any other file has come, and has the browser load the
 * application's files beside the first script and not after it.
 */
export function documents(): Plugin {
  return {
    name: "documents",
    buildStart: checkPolicies,
    transformIndexHtml: {
      order: "post",
      handler: (html, { bundle, chunk }) => {
        const tags: HtmlTagDescriptor[] = [{ tag: "style", children: style(), injectTo: "head" }];
        const starts = chunk?.facadeModuleId?.endsWith("index.html");
        const main = Object.values(bundle ?? {}).find((it) => it.name === APPLICATION_CHUNK);
        if (bundle && main && starts) {
          const loaded = new Set(html.match(/\/assets\/[^"]+/g));
          const files = [...filesOf(main.fileName, bundle)];
          tags.push(...files.filter((it) => !loaded.has(`/${it}`)).map(preload));
        }
        return tags;
      },
    },
  };
}
