import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Not a port of the browser tests or of a developer's sandbox. */
const PORT = 8794;
const CLOCK = "2026-11-22T12:00:00Z";
const PATIENCE_MS = 180_000;

/** Starts a sandbox as the browser tests do. Returns its address and a function that stops it. */
export async function startSandbox(project) {
  const binary = process.env.SANDBOX_BIN ?? join(project, "../target/debug/sandbox");
  const data = mkdtempSync(join(tmpdir(), "recall-sandbox-"));
  const args = ["--port", `${PORT}`, "--data-dir", data, "--clock", CLOCK];
  // Standard output has the result only.
  const sandbox = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
  sandbox.stdout.pipe(process.stderr);
  let failure = null;
  sandbox.on("error", (error) => {
    failure = `${binary} cannot be started (${error.message}); run \`cargo build\` first`;
  });
  sandbox.on("exit", (code) => {
    failure ??= `the sandbox ended with ${code}`;
  });
  const stop = async () => {
    if (sandbox.exitCode === null && sandbox.pid) {
      const ended = new Promise((resolve) => sandbox.once("exit", resolve));
      sandbox.kill("SIGTERM");
      await ended;
    }
    rmSync(data, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${PORT}`;
  const until = Date.now() + PATIENCE_MS;
  while (!(await isReady(url))) {
    if (!failure && Date.now() > until) failure = "the sandbox is not ready in time";
    if (failure) {
      await stop();
      throw new Error(failure);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return { url, stop };
}

async function isReady(url) {
  return fetch(`${url}/sandbox/clock`).then(
    (answer) => answer.ok,
    () => false,
  );
}
