import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { AxeResults } from "axe-core";
import { expect } from "./page";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Every rule of axe, best practices included. */
export async function expectNoFindings(page: Page, what: string) {
  // By the debugger's way in, which the Content-Security-Policy does not close.
  await page.evaluate(source);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  const findings = violations.map(({ id, help, nodes }) => ({
    what,
    id,
    help,
    nodes: nodes.map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`),
  }));
  expect.soft(findings).toEqual([]);
}
