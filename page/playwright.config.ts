import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "@playwright/test";

/** The sandbox takes this port and the next one. */
const PORT = Number(process.env["SANDBOX_PORT"] ?? 8790);

/** The sandbox as cargo built it, unless another is named. */
const sandbox = process.env["SANDBOX_BIN"] ?? "../target/debug/sandbox";

/** Debian's browser: none is downloaded. */
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

/** Tests beside which no other may run. */
const ALONE = ["story.spec.ts", "speed.spec.ts"];

const data = mkdtempSync(join(tmpdir(), "recall-page-"));

export default defineConfig({
  testDir: "tests",
  outputDir: "tests/output/results",
  // One sandbox serves all tests. What one of them changes in it, no other looks at.
  workers: 2,
  fullyParallel: true,
  timeout: 90_000,
  reporter: [["list"]],
  use: {
    baseURL: `http://127.0.0.1:${PORT}`,
    locale: "en-GB",
    timezoneId: "Europe/Istanbul",
    contextOptions: { reducedMotion: "reduce" },
    permissions: ["clipboard-read", "clipboard-write"],
    launchOptions: {
      ...(chromium && { executablePath: chromium }),
      // Without a sandbox of its own, so that it runs as root in a container.
      args: ["--no-sandbox"],
    },
  },
  snapshotPathTemplate: "tests/pictures/{arg}{ext}",
  projects: [
    { name: "views", testIgnore: ALONE },
    // They move the clock, and the figures with it, or measure time.
    { name: "alone", testMatch: ALONE, dependencies: ["views"], workers: 1 },
  ],
  webServer: {
    command: `${sandbox} --port ${PORT} --data-dir ${data} --clock 2026-11-22T12:00:00Z`,
    url: `http://127.0.0.1:${PORT}/sandbox/clock`,
    timeout: 300_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
  },
});
