#!/usr/bin/env python3
"""Measures the programme under load: `python3 benches/load.py`.

Prints the tables of a report in docs/reports.

The cases are a viral link, a queue full of fees, and an affiliate with very many invitees, all
through the functions' handlers over the embedded engine. The last two use a table in a file, so
that the measured memory is that of the functions. A case fails if anything is lost. `--small` is a
hundredth of everything.
"""

import argparse
import os
import tempfile
from datetime import date
from pathlib import Path

from run import build, one, processor, table


def cells(percentiles: dict) -> list[str]:
    return [f"{percentiles[name] / 1000:.1f}" for name in ("p50", "p99", "p999", "max")]


def viral(bench: Path, users: int, paces: list[int | None]) -> None:
    rows = []
    for pace in paces:
        run = one([bench, "viral", users, *(["--a-second", pace] if pace else [])])
        took = run["binds"]["processorSeconds"] * 1000 / users
        rows.append([pace or "as they are answered", f"{run['bound']:,}", f"{run['listed']:,}",
                     f"{users / run['binds']['seconds']:,.0f}", f"{took:.2f}",
                     f"{run['engineSeconds'] * 1000 / users:.2f}", *cells(run["window"]), *cells(run["press"]),
                     run["peakMemoryMb"]])
    table(f"A viral link: {users:,} users open it and press",
          ["come a second", "answered 201", "on the day's lists", "bound a second", "core ms a user",
           "of them the engine's", "window p50, ms", "p99", "p99.9", "max", "press p50, ms", "p99", "p99.9", "max",
           "peak memory with the engine's data, MB"], rows)


def backlog(bench: Path, folder: str, sizes: list[int]) -> None:
    rows = []
    for fees in sizes:
        run = one([bench, "backlog", fees, "--file", Path(folder, f"backlog-{fees}")])
        rows.append([f"{fees:,}", run["batches"], f"{fees / run['takeIn']['seconds']:,.0f}", *cells(run["batch"]),
                     run["takeInPeakMemoryMb"], f"{run['lines']:,}", f"{run['rollup']['seconds']:.1f}",
                     run["rollupPeakMemoryMb"]])
    table("A queue full of fees, ten thousand a batch, every tenth batch twice; and the night",
          ["fees", "batches", "fees a second", "a batch p50, ms", "p99", "p99.9", "max", "peak memory, MB", "lines",
           "the night, s", "its peak memory, MB"], rows)


def million(bench: Path, folder: str, invitees: int, active: int) -> None:
    file = Path(folder, "million")
    run = one([bench, "million", invitees, "--active", active, "--file", file])
    seconds = [f"{run[part]['seconds']:.0f}" for part in ("signUps", "listing", "booking")]
    table(f"An affiliate with {invitees:,} invitees, of whom {run['counts']['active']:,} trade on one day",
          ["signing up, s", "the night that lists them, s", "its peak memory, MB", "lines of the day",
           "the night that books them, s", "its peak memory, MB", "size of the table, MB"],
          [[seconds[0], seconds[1], run["listingPeakMemoryMb"], f"{run['lines']:,}", seconds[2],
            run["bookingPeakMemoryMb"], file.stat().st_size // 1_000_000]])
    asked = {"figures of a year": "dashboard", "the first 200 invitees": "firstInvitees",
             "the 200 after them, and so on": "furtherInvitees", "one invitee by his id": "oneInvitee",
             "the first 200 lines": "firstLines", "the 200 after them, and so on ": "furtherLines",
             f"an answer of the export ({run['exportAnswers']} of them, {run['exportBytes'] // 1_000_000} MB)":
             "exportAnswer"}
    table(f"His dashboard; peak memory of all of it {run['dashboardPeakMemoryMb']} MB",
          ["what he asks for", "p50, ms", "p99", "p99.9", "max"],
          [[what, *cells(run[name])] for what, name in asked.items()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a hundredth of everything")
    scale = 100 if parser.parse_args().small else 1
    bench = build()
    print(f"{processor()}, {date.today()}, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory(prefix="recall-load-") as folder:
        viral(bench, 60_000 // scale, [None, 500, 1000])
        backlog(bench, folder, [100_000 // scale, 1_000_000 // scale])
        million(bench, folder, 1_000_000 // scale, 200_000 // scale)


if __name__ == "__main__":
    main()
