import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("lighthouse_prints_only_json", () => {
  // An unknown view ends the script before it measures anything.
  const args = ["run", "lighthouse", "--", "--json", "--views", "nothing"];
  const { stdout } = spawnSync("npm", args, { encoding: "utf8" });
  expect(JSON.parse(stdout)).toHaveProperty("error");
});
