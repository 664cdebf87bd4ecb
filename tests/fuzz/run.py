#!/usr/bin/env python3
"""Fuzzes everything that decodes, guided by coverage: no input may make it panic or break what tests/decoding.rs says of it.

    python3 tests/fuzz/run.py [TARGET...] [--seconds 600] [--jobs 1]
    python3 tests/fuzz/run.py policy --input FILE      # one input again

Builds the targets with libFuzzer, which needs a C++ compiler, and gives each its time, beginning with examples that are
made of what the repository has. What a target found worth keeping stays under target/fuzz/TARGET/corpus, and it
begins with that the next time.
"""

import argparse
import base64
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent.resolve()
ROOT = HERE.parent.parent
FOLDER = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "fuzz"

# The longest input of each target, in bytes.
TARGETS = {"event": 4096, "cursor": 1024, "confirmation": 1024, "chunk": 2048, "policy": 4096}
# An input that takes longer, or needs more memory, is a finding as well.
LIMITS = ["-timeout=10", "-rss_limit_mb=1024"]
DONE = re.compile(r"^#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/", re.MULTILINE)


def main() -> int:
    options = parse_options()
    check_versions()
    started = time.monotonic()
    binaries = build()
    print(f"built in {time.monotonic() - started:.0f} s", flush=True)
    if options.input:
        return subprocess.run([binaries / options.targets[0], *LIMITS, options.input]).returncode
    print(f"{'target':14}{'runs':>10}{'a second':>10}{'edges':>8}{'features':>10}{'inputs kept':>13}", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        went_well = list(pool.map(lambda target: fuzz(binaries, target, options), options.targets))
    return 0 if all(went_well) else 1


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seconds", type=int, default=30, help="for each target (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="libFuzzer's; 0 draws one (default: %(default)s)")
    parser.add_argument("--input", type=Path, help="runs this input alone, at the one target that is named")
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no target: {', '.join(sorted(unknown))}")
    if options.input and len(options.targets) != 1:
        parser.error("--input takes one target")
    options.targets = options.targets or list(TARGETS)
    return options


def check_versions() -> None:
    """What is fuzzed must be what is deployed: of all that both lock files have, the same versions."""
    ours, deployed = (locked(folder / "Cargo.lock") for folder in (HERE, ROOT))
    names = {name for name, _ in deployed}
    other = sorted(f"{name} {version}" for name, version in ours - deployed if name in names)
    if other:
        sys.exit(f"tests/fuzz/Cargo.lock has another {', '.join(other)}: copy Cargo.lock there; cargo adds what it lacks")


def locked(path: Path) -> set[tuple[str, str]]:
    return {(package["name"], package["version"]) for package in tomllib.loads(path.read_text())["package"]}


def build() -> Path:
    """Builds all targets; answers the folder that has them."""
    command = ["cargo", "build", "--release", "--locked", "--target", "host-tuple", "--target-dir", FOLDER / "build"]
    environment = {**os.environ, "RUSTC_WRAPPER": str(HERE / "counted"), "CARGO_INCREMENTAL": "0"}
    subprocess.run([*command, "--message-format", "short"], cwd=HERE, env=environment, check=True)
    host = subprocess.run(["rustc", "--print", "host-tuple"], stdout=subprocess.PIPE, text=True, check=True)
    return FOLDER / "build" / host.stdout.strip() / "release"


def fuzz(binaries: Path, target: str, options: argparse.Namespace) -> bool:
    """Gives a target its time; answers whether it found nothing."""
    folder = FOLDER / target
    corpus, seeds, found = (folder / name for name in ("corpus", "seeds", "found"))
    for each in (corpus, seeds, found):
        each.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(SEEDS[target]()):
        (seeds / f"{number:03}").write_bytes(content)
    limits = [*LIMITS, f"-max_len={TARGETS[target]}", f"-max_total_time={options.seconds}", f"-seed={options.seed}"]
    command = [binaries / target, *limits, f"-artifact_prefix={found}/", corpus, seeds]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = run.stdout.decode(errors="replace")
    (folder / "log").write_text(output)
    done = DONE.search(output)
    if run.returncode or not done:
        print(f"{target} did not come to a good end:\n{tail(output)}", flush=True)
        return False
    # One text with its end: other targets print at the same time.
    runs, edges, features, inputs = (int(figure) for figure in done.groups())
    print(f"{target:14}{runs:10}{runs // options.seconds:10}{edges:8}{features:10}{inputs:13}\n", end="", flush=True)
    return True


def tail(output: str) -> str:
    """What was said of a finding, its input included, without the progress before it."""
    lines = [line for line in output.splitlines() if not re.match(r"#\d+\s|\s*NEW_FUNC|WARNING: Failed", line)]
    return "\n".join(lines[-60:])


def events() -> list[bytes]:
    batch = json.loads((ROOT / "events/ingest/batch.json").read_text())
    bodies = [record["body"] for record in batch["Records"]]
    alone = [json.dumps(event) for body in bodies for event in as_list(json.loads(body))]
    return [text.encode() for text in bodies + alone]


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def contents(target: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((HERE / "seeds" / target).iterdir())]


def stored() -> list[bytes]:
    """The packed items that each release left."""
    tables = sorted(ROOT.glob("tests/upgrade/releases/*/table.jsonl"))
    items = [json.loads(line) for table in tables for line in table.read_text().splitlines()]
    return sorted({base64.b64decode(item["b"]["B"]) for item in items if "b" in item})


def policies() -> list[bytes]:
    """Each part of the shipped policy in its place, as `policy` in tests/decoding.rs reads it."""
    parts = (ROOT / "programme.toml").read_text().split("\n\n")
    return [bytes([place]) + part.encode() for place, part in enumerate(part for part in parts if "=" in part)]


SEEDS = {
    "event": events,
    "cursor": lambda: contents("cursor"),
    "confirmation": lambda: contents("confirmation"),
    "chunk": stored,
    "policy": policies,
}

if __name__ == "__main__":
    sys.exit(main())
