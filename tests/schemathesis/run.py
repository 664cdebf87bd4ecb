#!/usr/bin/env python3
"""Schemathesis against the sandbox: whatever is asked, the answer is one that docs/openapi.json tells of.

    cargo build -p sandbox
    pip install -r tests/schemathesis/requirements.txt
    python3 tests/schemathesis/run.py [--examples 400] [--seed 7]

Starts a sandbox with its sample programme on free ports, asks as each of the callers below, and stops it. No
answer may be a server error, or have a status, header, content type or body that is not documented; what the
document forbids must be refused, and no route may answer without a token.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

# One of each kind in the sample programme.
CALLERS = {
    "an affiliate": "10000001",
    "a user who is not bound": "20000001",
    "an invitee": None,
    "a user whom nobody knows": "nobody-1",
}


def main() -> int:
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="recall-schemathesis-") as folder:
        sandbox = start_sandbox(options.sandbox, folder)
        try:
            base = wait_until_ready(sandbox)
            return ask_as_everybody(base, options, folder)
        finally:
            sandbox.terminate()
            sandbox.wait(timeout=30)


def parse_options() -> argparse.Namespace:
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sandbox", type=Path, default=target / "debug" / "sandbox", help="its binary")
    parser.add_argument("--examples", type=int, default=50, help="the most cases a route and phase (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed asks the same (default: %(default)s)")
    options = parser.parse_args()
    if not options.sandbox.exists():
        parser.error(f"{options.sandbox} is not there; run `cargo build -p sandbox`")
    return options


def start_sandbox(binary: Path, folder: str) -> subprocess.Popen:
    return subprocess.Popen(
        [binary, "--port", "0", "--no-page", "--data-dir", f"{folder}/data", "--clock", "2026-11-22T12:00:00Z"],
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until_ready(sandbox: subprocess.Popen) -> str:
    """The API's base, from what the sandbox prints."""
    for line in sandbox.stdout:
        if found := re.match(r"\s*API\s+(http://127\.0\.0\.1:\d+)/v1", line):
            return found[1]
    raise SystemExit(f"the sandbox ended with {sandbox.wait()}")


def ask_as_everybody(base: str, options: argparse.Namespace, folder: str) -> int:
    failed = [who for who, uid in callers(base) if not ask(base, who, uid, options, folder)]
    if failed:
        print("Not as documented, asked by:", ", ".join(failed))
    return 1 if failed else 0


def callers(base: str) -> list[tuple[str, str]]:
    return [(who, uid or an_invitee(base)) for who, uid in CALLERS.items()]


def an_invitee(base: str) -> str:
    page = get(base, "/v1/dashboard/referrals?limit=1", token(base, CALLERS["an affiliate"]))
    return page["referrals"][0]["uid"]


def token(base: str, uid: str) -> str:
    body = json.dumps({"uid": uid}).encode()
    with urllib.request.urlopen(f"{base}/sandbox/token", data=body, timeout=10) as answer:
        return json.load(answer)["token"]


def get(base: str, target: str, bearer: str) -> dict:
    request = urllib.request.Request(base + target, headers={"Authorization": f"Bearer {bearer}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def ask(base: str, who: str, uid: str, options: argparse.Namespace, folder: str) -> bool:
    print(f"\n--- asked by {who}", flush=True)
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
            "run", ROOT / "docs" / "openapi.json", "--url", base, "--header", f"Authorization: Bearer {token(base, uid)}",
            "--max-examples", str(options.examples), "--seed", str(options.seed),
            "--continue-on-failure", "--warnings", "off", "--no-color",
        ],
        cwd=folder,
    )
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
