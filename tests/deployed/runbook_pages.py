"""The runbook as data: its entries, and the commands that each of them has."""

import re
import subprocess
import textwrap

from template import ROOT

# The beginnings of commands. Code in a sentence is a command if arguments follow the name.
PROGRAMS = ("aws ", "operator ", "ask ", "out ", "sam ", "cargo ", "export ")
CHAPTERS = ("Alarms", "Procedures")
INTRODUCTION = "Runbook"


class Page:
    """One entry: its heading, its chapter, and its commands in their order."""

    def __init__(self, heading, chapter, text):
        self.heading = heading
        self.chapter = chapter
        self.commands = list(commands(text))


def pages():
    """The runbook's introduction and entries, by their headings."""
    text = (ROOT / "docs" / "how-to" / "runbook.md").read_text()
    found = {INTRODUCTION: Page(INTRODUCTION, None, text.split("\n## ")[0])}
    for chapter in text.split("\n## ")[1:]:
        name = chapter.splitlines()[0]
        if name in CHAPTERS:
            for entry in chapter.split("\n### ")[1:]:
                heading = entry.splitlines()[0]
                found[heading] = Page(heading, name, entry)
    return found


def commands(text):
    """The commands of a text, verbatim: those of its blocks, and those in its sentences."""
    for block, code in re.findall(r"^ *```sh\n(.*?)^ *```|`([^`]+)`", text, re.DOTALL | re.MULTILINE):
        if block:
            yield from statements(textwrap.dedent(block))
        elif code.startswith(PROGRAMS):
            yield " ".join(code.split("\n"))


def statements(block):
    """The commands of a block, each with all of its lines."""
    lines = []
    for line in block.splitlines():
        if lines or not line.startswith("#"):
            lines.append(line)
        if lines and complete("\n".join(lines)):
            yield "\n".join(lines)
            lines = []
    if lines:
        raise AssertionError(f"expected a whole command, found {lines}")


def complete(command):
    """Whether a command is complete: no open quote or block, and no continued line."""
    parsed = subprocess.run(["bash", "-n", "-c", command], stderr=subprocess.DEVNULL)
    return parsed.returncode == 0 and not command.endswith("\\")
