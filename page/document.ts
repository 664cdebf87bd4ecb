import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { HtmlTagDescriptor, Plugin } from "vite";
import { APPLICATION_CHUNK, filesOf } from "./chunks.ts";
import { directionOf, LANGUAGE_CODES, type Language } from "./src/text/languages.ts";

/** The style of the document before the style sheet is there, and where its digest is allowed. */
const STYLE = "src/styles/document.css";
const POLICIES = ["../template.yaml", "../tools/sandbox/src/page/site.rs"];

/** The origin of the deployed page, where the build knows it. */
const ORIGIN = process.env["PAGE_ORIGIN"];

/** The place of the page in a document, and the icon in its frame. */
const PLACE = '<div id="page"></div>';
const ICON = "public/icon.svg";

/** Shown by a browser without JavaScript. */
const NEEDS_SCRIPTS: Record<Language, string> = {
  en: "This page needs JavaScript.",
  es: "Esta página necesita JavaScript.",
  "pt-BR": "Esta página precisa de JavaScript.",
  tr: "Bu sayfa JavaScript gerektirir.",
  ru: "Для этой страницы нужен JavaScript.",
  vi: "Trang này cần JavaScript.",
  "zh-Hans": "此页面需要 JavaScript。",
  ar: "تحتاج هذه الصفحة إلى JavaScript.",
};

/** Returns the element for a browser without JavaScript. The document itself is in English. */
function withoutScripts(): string {
  const lines = LANGUAGE_CODES.map((code) => {
    const direction = directionOf(code) === "rtl" ? ' dir="rtl"' : "";
    const language = code === "en" ? "" : ` lang="${code}"${direction}`;
    return `<p${language}>${NEEDS_SCRIPTS[code]}</p>`;
  });
  return `<noscript>${lines.join("")}</noscript>`;
}

/**
 * Returns the document with the frame that it shows until the page is drawn, and the sentence that
 * it shows without JavaScript.
 */
export function framed(html: string): string {
  if (!html.includes(PLACE)) throw new Error(`a document has no ${PLACE}`);
  const icon = readFileSync(ICON, "utf8").trim();
  const top = `<div class="first-top" aria-hidden="true">${icon}</div>`;
  const bars = `<div class="first-main" aria-hidden="true">${"<i></i>".repeat(5)}</div>`;
  return html.replace(PLACE, `<div id="page">${top}${bars}</div>${withoutScripts()}`);
}

/** Names the picture for messengers by its whole address: many of them take no other. */
export function withOrigin(html: string, origin: string | undefined): string {
  if (!origin) return html;
  if (new URL(origin).origin !== origin) throw new Error(`PAGE_ORIGIN is no origin: ${origin}`);
  return html.replace(/(?<=property="og:image" content=")(?=\/)/, origin);
}

/** Returns the style as it is in the document. The policy's digest is of exactly these bytes. */
function style(): string {
  return readFileSync(STYLE, "utf8").replace(/\n\s*/g, "");
}

/** Checks that the policies allow the style by its digest. They allow no other in a document. */
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
 * Adds to each document the frame that it shows before any other file is loaded, and to the
 * affiliate's the preloads by which the browser loads the application beside the first script.
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
        return { html: framed(withOrigin(html, ORIGIN)), tags };
      },
    },
  };
}
