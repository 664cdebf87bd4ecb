// `npm run firefox -- [--url URL]`: the story of the page in Firefox, by WebDriver BiDi, against a
// sandbox. Playwright starts Debian's Firefox, and opens no page in it.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { install } from "../install.mjs";
import { startSandbox } from "../sandbox.mjs";

const here = dirname(fileURLToPath(import.meta.url));

// A running sandbox; by default one is started.
const { values: options } = parseArgs({ options: { url: { type: "string" } } });

install(here, "Firefox's driver");
const { default: puppeteer } = await import("puppeteer-core");
const { tellStory } = await import("./story.mjs");
const sandbox = options.url ? null : await startSandbox(join(here, ".."));
// Ctrl-C also reaches the sandbox; SIGTERM reaches this process only.
process.once("SIGTERM", () => void sandbox?.stop().then(() => process.exit(143)));
try {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: { "intl.accept_languages": "en-GB, en" },
  });
  try {
    console.log(await browser.version());
    const step = (name) => console.log(`  ${name}`);
    await tellStory(browser, options.url ?? sandbox.url, step);
  } finally {
    await browser.close();
  }
} finally {
  await sandbox?.stop();
}
