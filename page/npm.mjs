// `node npm.mjs ARGUMENT…`: runs npm on the Node.js that the page's packages need. Where the system
// has an older one, npm's packages `node` and `npm` bring both for this run.
import { spawnSync } from "node:child_process";

/** The oldest Node.js that runs TypeScript, and what is installed instead of an older one. */
const NEEDED = { major: 22, minor: 18 };
const BROUGHT = ["--package=node@22.23.3", "--package=npm@11.21.2"];

const [major, minor] = process.versions.node.split(".").map(Number);
const isNew = major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor);
const way = isNew ? [] : ["exec", "--yes", ...BROUGHT, "--", "npm"];
const { error, status } = spawnSync("npm", [...way, ...process.argv.slice(2)], {
  stdio: "inherit",
  // npm is a script there.
  shell: process.platform === "win32",
});
if (error) console.error(`npm cannot be started: ${error.message}`);
process.exitCode = status ?? 1;
