import { existsSync } from "node:fs";
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";
import { linkCode, sessionOf, VIEWS } from "./views.mjs";

const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];

const METRICS = [
  "total-blocking-time",
  "largest-contentful-paint",
  "cumulative-layout-shift",
  "first-contentful-paint",
  "speed-index",
];

/** Debian's browser: none is downloaded. */
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

/** Measures views on a phone as Lighthouse simulates it. `done` is called after each run. */
export async function measure({ url, views, runs, done }) {
  const executablePath = process.env.CHROMIUM ?? chromium;
  if (!executablePath) throw new Error("no Chromium was found; name one with CHROMIUM");
  // Without a sandbox of its own, so that it runs as root in a container.
  const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const code = await linkCode(url);
    const results = {};
    for (const name of views) {
      const reports = [];
      for (let run = 1; run <= runs; run += 1) {
        const report = await measureOnce(browser, url, VIEWS[name], code);
        reports.push(report);
        done(name, run, report);
      }
      results[name] = middle(reports);
    }
    return { browser: await browser.version(), views: results };
  } finally {
    await browser.close();
  }
}

/** Measures one load with empty caches, signed in if the view needs it. */
async function measureOnce(browser, url, view, code) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    if (view.uid) {
      // A document of the same origin that runs nothing.
      await page.goto(new URL("/icon.svg", url).href);
      const session = await sessionOf(url, view.uid);
      await page.evaluate((it) => localStorage.setItem("session", it), session);
    }
    // Lighthouse's own defaults are a phone with slow 4G; it clears caches, and not localStorage.
    const flags = { logLevel: "error", onlyCategories: CATEGORIES };
    const result = await lighthouse(
      new URL(view.address({ code }), url).href,
      flags,
      {
        extends: "lighthouse:default",
        settings: { disableFullPageScreenshot: true },
      },
      page,
    );
    return reportOf(result.lhr);
  } finally {
    await context.close();
  }
}

function reportOf({ categories, audits, runtimeError }) {
  if (runtimeError) throw new Error(runtimeError.message);
  const scores = CATEGORIES.map((id) => [id, Math.round(categories[id].score * 100)]);
  const metrics = METRICS.map((id) => [id, rounded(id, audits[id].numericValue)]);
  const sizes = transferred(audits["network-requests"].details.items);
  return { ...Object.fromEntries([...scores, ...metrics]), ...sizes };
}

/** Milliseconds are whole; the layout shift has no unit and three digits. */
function rounded(id, value) {
  return id === "cumulative-layout-shift" ? Math.round(value * 1_000) / 1_000 : Math.round(value);
}

/** Returns the bytes as sent, compressed, of the whole page and of its scripts. */
function transferred(requests) {
  const sum = (items) => items.reduce((bytes, it) => bytes + it.transferSize, 0);
  const scripts = requests.filter((it) => it.resourceType === "Script");
  return { "script-bytes": sum(scripts), "total-bytes": sum(requests) };
}

/** Returns the run with the median performance: its score and metrics belong together. */
function middle(reports) {
  const sorted = [...reports].sort((a, b) => a.performance - b.performance);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
