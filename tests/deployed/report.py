"""The report of a run, as Markdown."""

import subprocess

from adapters import LEFT_OUT
from template import ROOT


class Report:
    """Collects the facts of a run and writes them to a file, also where the run ended early."""

    def __init__(self, path):
        self.path = path
        self.facts = [("commit", commit())]
        self.removal = []

    def fact(self, name, value):
        self.facts.append((name, value))

    def write(self, checks, problem=None):
        """Writes the report. `problem` is why the run ended before its last chapter."""
        parts = ["# Acceptance of the deployed stack", table(("", ""), self.facts)]
        if problem:
            parts.append(f"**The run ended early:** {flat(problem)}")
        parts += ["## Chapters", table(("chapter", "result", "checks", "s", "reason"), rows(checks))]
        for title, (columns, cells) in checks.measured.items():
            parts += [f"## {title}", table(columns, cells)]
        if ("target", "local AWS") in self.facts:
            parts += ["## Left out of the template", table(("type", "reason"), LEFT_OUT.items())]
        parts += ["## Removal", "\n".join(f"* {line}" for line in self.removal)]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("\n\n".join(part for part in parts if part) + "\n")
        print(f"\nThe report is in {self.path}")


def rows(checks):
    return [(o.name, o.result, o.checks, f"{o.seconds:.0f}", flat(o.reason)) for o in checks.outcomes]


def table(columns, cells):
    lines = [columns, ["---"] * len(columns), *cells]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def flat(text):
    """A text on one line, fit for a cell."""
    return " ".join(str(text).split()).replace("|", "\\|")


def commit():
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"]
    found = subprocess.run(command, text=True, capture_output=True)
    return found.stdout.strip() or "unknown"
