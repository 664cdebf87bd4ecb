// `npm run lighthouse -- [--json] [--url URL] [--views NAME,…] [--runs N]`: Lighthouse's scores of
// each view, on a phone with slow 4G, against a sandbox.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { install } from "../install.mjs";
import { startSandbox } from "../sandbox.mjs";
import { VIEWS } from "./views.mjs";

const here = dirname(fileURLToPath(import.meta.url));

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    /** A running sandbox; by default one is started. */
    url: { type: "string" },
    views: { type: "string", default: Object.keys(VIEWS).join(",") },
    runs: { type: "string", default: "3" },
  },
});

function table(views) {
  const columns = [
    ["perf.", 5, (it) => it.performance],
    ["access.", 7, (it) => it.accessibility],
    ["practices", 9, (it) => it["best-practices"]],
    ["TBT ms", 7, (it) => it["total-blocking-time"]],
    ["LCP ms", 7, (it) => it["largest-contentful-paint"]],
    ["CLS", 6, (it) => it["cumulative-layout-shift"].toFixed(3)],
    ["JS kB", 6, (it) => (it["script-bytes"] / 1_000).toFixed(1)],
  ];
  const head = ["view".padEnd(14), ...columns.map(([name, width]) => name.padStart(width))];
  const rows = Object.entries(views).map(([name, it]) => [
    name.padEnd(14),
    ...columns.map(([, width, value]) => `${value(it)}`.padStart(width)),
  ]);
  return [head, ...rows].map((row) => row.join("  ")).join("\n");
}

const views = options.views.split(",");
const unknown = views.filter((name) => !(name in VIEWS));
const runs = Number(options.runs);
if (unknown.length > 0) throw new Error(`there is no view ${unknown.join(", ")}`);
if (!Number.isInteger(runs) || runs < 1) throw new Error("--runs is a number of at least 1");

// Lighthouse is large, and few need it: it is installed at its first use.
install(here, "Lighthouse");
const { measure } = await import("./measure.mjs");
const sandbox = options.url ? null : await startSandbox(join(here, ".."));
// Ctrl-C also reaches the sandbox; SIGTERM reaches this process only.
process.once("SIGTERM", () => void sandbox?.stop().then(() => process.exit(143)));
try {
  const url = options.url ?? sandbox.url;
  const done = (name, run, it) =>
    console.error(`${name} ${run}/${runs}: ${it.performance}, TBT ${it["total-blocking-time"]} ms`);
  const result = await measure({ url, views, runs, done });
  console.log(
    options.json ? JSON.stringify({ device: "mobile", runs, ...result }) : table(result.views),
  );
} finally {
  await sandbox?.stop();
}
