"""Deploys the template to a local AWS on this machine, and tries everything there.

Needs Linux, a C compiler, and the packages of requirements.txt. README.md says what is tried.
"""

import argparse
import pathlib
import signal
import sys

import border
import failures
import kills
import latency
import logs
import making
import runbook
import story
import updates
from adapters import LEFT_OUT
from checks import Checks
from world import deployed

HERE = pathlib.Path(__file__).resolve().parent
CHAPTERS = {
    "the whole template is there": making,
    "three days and nights": story,
    "routes, tokens and origins": border,
    "deployed again": updates,
    "failures of events, batches and nights": failures,
    "processes killed at work": kills,
    "warm calls, one after the other": latency,
    "the runbook, word for word": runbook,
    "logs": logs,
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--binaries",
        type=pathlib.Path,
        default=HERE.parents[1] / "target" / "release",
        help="folder with the functions' binaries for this machine (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=4566, help="port of the local AWS (default: %(default)s)"
    )
    parser.add_argument(
        "--operator",
        type=pathlib.Path,
        default=HERE.parents[1] / "target" / "debug" / "operator",
        help="the operator's tool, for the runbook (default: %(default)s)",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[chapter.__name__ for chapter in CHAPTERS.values()],
        default=[chapter.__name__ for chapter in CHAPTERS.values()],
        metavar="CHAPTER",
        help="chapters to try, by their files' names; making, story, kills and runbook want no other",
    )
    return parser.parse_args()


def main():
    given = arguments()
    if not given.operator.is_file():
        sys.exit(f"expected the operator's tool at {given.operator}: cargo build -p operator, or --operator")
    checks = Checks()
    print("deploying ...", flush=True)
    with deployed(given.binaries, given.port, operator=given.operator.resolve()) as world:
        for name, chapter in CHAPTERS.items():
            if chapter.__name__ in given.only:
                with checks.chapter(name):
                    chapter.check(world, checks)
    print(f"\nChecked:\n{checks.table()}\n\nLeft out:")
    for kind, reason in LEFT_OUT.items():
        print(f"  {kind}: {reason}")


if __name__ == "__main__":
    # What is ended from outside cleans up as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    try:
        main()
    except AssertionError as error:
        sys.exit(f"\n{error}")
