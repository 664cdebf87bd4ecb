#!/usr/bin/env python3
"""Runs all benchmarks: `python3 benches/run.py`.

Prints the tables of a report in docs/reports. Builds the released program, and installs
DuckDB into a virtual environment. Takes some minutes; `--small` runs every case on little data.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "benches"
# On-demand prices of us-east-1 in dollars a million units, since November 2024.
WRITE_PRICE, READ_PRICE = 0.625, 0.125
# The steps of a day that `benches day` measures.
STEPS = ("plan", "fold", "commit", "publish", "finish")


def build() -> Path:
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "benches"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "benches"


def lines_of(command: list) -> list[dict]:
    print("$", *[Path(str(part)).name if "/" in str(part) else part for part in command], file=sys.stderr)
    out = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


def one(command: list) -> dict:
    return lines_of(command)[0]


def rate(fees: int, seconds: float) -> str:
    return f"{fees / max(seconds, 0.001) / 1e6:.2f}"


def table(title: str, head: list[str], rows: list[list]) -> None:
    print(f"\n### {title}\n")
    print("|", " | ".join(head), "|")
    print("|" + "---|" * len(head))
    for row in rows:
        print("|", " | ".join(str(cell) for cell in row), "|")


def fold_bench(fees: int, *options: str) -> dict:
    return one(["cargo", "xtask", "bench", "fold", "--fees", fees, "--json", *options])


def folds(sizes: list[int]) -> None:
    rows = []
    for fees in sizes:
        run = fold_bench(fees)
        if not run["linesEqual"]:
            sys.exit("the engines do not agree")
        rows.append([f"{fees:,}", f"{run['lines']:,}", run["currentMFeesPerSecond"], run["v01MFeesPerSecond"],
                     run["duckdbWeakMFeesPerSecond"], run["duckdbSameRuleMFeesPerSecond"],
                     run["bytesPerFee"], run["peakMb"], run["v01PeakMb"]])
    table("The fold of one worker, one core, million fees a second, medians of five runs in turn",
          ["fees", "lines", "this engine", "0.1", "DuckDB, weaker rule", "DuckDB, same rule",
           "bytes a fee", "peak memory, MB", "peak memory of 0.1, MB"], rows)


def against_items(bench: Path, fees: int) -> None:
    rows = []
    for case, name in [("chunked", "chunks of a thousand"), ("per-item", "one item a fee, SDK and serde_dynamo")]:
        run, metered = one([bench, case, fees]), one([bench, case, fees, "--capacity"])
        write = metered["writeHalfUnits"] / 2 * 1e6 / fees
        read = metered["readHalfUnits"] / 2 * 1e6 / fees
        rows.append([name, f"{write:,.0f}", f"{read:,.0f}",
                     f"{write * WRITE_PRICE / 1e6 + read * READ_PRICE / 1e6:.4f}",
                     f"{run['read']['processorSeconds']:.2f}", f"{run['readEngineSeconds']:.2f}",
                     rate(fees, run["read"]["processorSeconds"])])
    ratio = float(rows[1][3]) / float(rows[0][3])
    rows.append(["ratio of costs", "", "", f"{ratio:.1f}", "", "", ""])
    table(f"Keeping and reading {fees:,} fees through the SDK and the embedded engine",
          ["design", "write units a million", "read units a million", "$ a million fees",
           "reading, core seconds", "the engine's own seconds", "M fees/s read, engine included"], rows)


def days(bench: Path, sizes: list[int]) -> None:
    """Days whose table is a file, so that the memory is that of the functions; write units are counted
    in a second run, since counting takes time."""
    # In memory if possible: a disk would be waited for at each write.
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else None
    rows, write_units = [], {}
    for fees in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            run = one([bench, "day", fees, "--file", Path(place) / "day"])
        steps = [run[step] for step in STEPS]
        took, engine = (sum(step[key] for step in steps) for key in ("processorSeconds", "engineSeconds"))
        own = [step["processorSeconds"] - step["engineSeconds"] for step in (run["fold"], run["publish"])]
        rows.append([f"{fees:,}", f"{run['lines']:,}", f"{sum(step['calls'] for step in steps):,}",
                     f"{took:.1f}", f"{engine:.1f}", f"{own[0]:.1f}", f"{own[1]:.1f}",
                     max(step["peakMemoryMb"] for step in steps)])
        if fees <= 1_000_000:
            counted = one([bench, "day", fees, "--capacity"])
            write_units[fees] = sum(counted[step]["writeUnits"] for step in STEPS)
    table("A whole day booked by the night's steps, fees to published lines, over the embedded engine",
          ["fees", "lines", "calls", "core seconds", "the engine's own seconds", "fold, own core seconds",
           "publish, own core seconds", "peak memory, MB"], rows)
    table("Write units of these nights", ["fees", "write units"],
          [[f"{fees:,}", f"{units:,}"] for fees, units in write_units.items()])


def affiliate(bench: Path, invitees: int) -> None:
    run = one([bench, "affiliate", invitees])
    table("A day of one affiliate, five fees for each of his invitees, and his dashboard of a year",
          ["active invitees", "lines", "calls", "core seconds", "calls of the dashboard", "peak memory with the engine's data, MB"],
          [[f"{run['activeInvitees']:,}", f"{run['lines']:,}", f"{run['rollupCalls']:,}",
            f"{run['rollup']['processorSeconds']:.1f}", run["dashboardCalls"], run["peakMemoryMb"]]])


def ingest(bench: Path, fees: int) -> None:
    run, metered = one([bench, "ingest", fees]), one([bench, "ingest", fees, "--capacity"])
    took, engine = run["takeIn"]["processorSeconds"], run["engineSeconds"]
    table("Taking in fee events of bound users, ten thousand a batch",
          ["events", "calls", "core seconds", "the engine's own seconds", "M events/s without the engine",
           "write units a million", "read units a million"],
          [[f"{fees:,}", f"{run['calls']:,}", f"{took:.1f}", f"{engine:.1f}", rate(fees, took - engine),
            f"{metered['halfUnitsWritten'] / 2 * 1e6 / fees:,.0f}",
            f"{metered['halfUnitsRead'] / 2 * 1e6 / fees:,.0f}"]])


def processor() -> str:
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of everything")
    scale = 10 if parser.parse_args().small else 1
    WORK.mkdir(parents=True, exist_ok=True)
    bench = build()
    print(f"{processor()}, {date.today()}, load {os.getloadavg()[0]:.1f} at the start")
    folds([100_000 // scale, 500_000 // scale, 1_000_000 // scale, 2_000_000 // scale, 10_000_000 // scale])
    against_items(bench, 200_000 // scale)
    days(bench, [100_000 // scale, 1_000_000 // scale, 10_000_000 // scale])
    affiliate(bench, 225_000 // scale)
    ingest(bench, 500_000 // scale)


if __name__ == "__main__":
    main()
