import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** Releases before 10 print the script's name on standard output in any case. */
const FIRST_NPM = 10;

function npm(...args: string[]): string {
  return spawnSync("npm", args, { encoding: "utf8" }).stdout;
}

test.skipIf(Number.parseInt(npm("--version"), 10) < FIRST_NPM)(
  "lighthouse_prints_only_json",
  () => {
    // An unknown view ends the script before it measures anything.
    const output = npm("run", "lighthouse", "--", "--json", "--views", "nothing");
    expect(JSON.parse(output)).toHaveProperty("error");
  },
);
