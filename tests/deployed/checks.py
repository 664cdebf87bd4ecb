"""What was checked: counted and timed by chapter, and broken off at the first thing that is not so."""

import contextlib
import time


class Checks:
    """Counts checks. A check that fails says what was expected and what was found."""

    def __init__(self):
        self.chapters = []
        self.count = 0

    def equal(self, what, expected, found):
        self.count += 1
        if found != expected:
            raise AssertionError(f"{what}:\n  expected {expected!r}\n  found    {found!r}")

    def contains(self, what, expected, found):
        self.count += 1
        if expected not in found:
            raise AssertionError(f"{what}:\n  expected {expected!r} in\n  {found!r}")

    @contextlib.contextmanager
    def chapter(self, name):
        """Counts and times what is checked in the block under this name."""
        print(f"{name} ...", flush=True)
        before, began = self.count, time.monotonic()
        yield
        self.chapters.append((name, self.count - before, time.monotonic() - began))

    def table(self):
        """The chapters, their checks and seconds, as text."""
        rows = [*self.chapters, ("together", self.count, sum(row[2] for row in self.chapters))]
        return "\n".join(f"  {name:<58}{count:>5}{seconds:>8.1f} s" for name, count, seconds in rows)
