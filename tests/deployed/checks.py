"""Counts checks by chapter, and ends a chapter at its first failed check."""

import contextlib
import time
from dataclasses import dataclass


class Skip(Exception):
    """Ends a chapter that the target does not support at present; the message is the reason."""


@dataclass
class Outcome:
    """The result of a chapter: `passed`, `failed` or `skipped`, with the reason of the last two."""

    name: str
    result: str
    checks: int = 0
    seconds: float = 0
    reason: str = ""


class Checks:
    """Counts checks. A failed check reports the expected and the found value.

    With `keep_going` the chapters after a failed one run nevertheless.
    """

    def __init__(self, keep_going=False):
        self.keep_going = keep_going
        self.outcomes = []
        self.measured = {}
        self.count = 0

    def equal(self, what, expected, found):
        self.count += 1
        if found != expected:
            raise AssertionError(f"{what}:\n  expected {expected!r}\n  found    {found!r}")

    def contains(self, what, expected, found):
        self.count += 1
        if expected not in found:
            raise AssertionError(f"{what}:\n  expected {expected!r} in\n  {found!r}")

    def measure(self, title, columns, rows):
        """Keeps a table of measurements for the report."""
        self.measured[title] = columns, rows

    def skip(self, name, reason):
        print(f"{name}: skipped, {reason}", flush=True)
        self.outcomes.append(Outcome(name, "skipped", reason=reason))

    @contextlib.contextmanager
    def chapter(self, name):
        """Counts and times the checks of the block under this name."""
        print(f"{name} ...", flush=True)
        outcome = Outcome(name, "passed")
        before, began = self.count, time.monotonic()
        try:
            yield
        except Skip as skipped:
            outcome.result, outcome.reason = "skipped", str(skipped)
            print(f"  skipped: {skipped}", flush=True)
        except BaseException as error:
            outcome.result, outcome.reason = "failed", f"{type(error).__name__}: {error}"
            print(f"  failed: {error}", flush=True)
            if not (self.keep_going and isinstance(error, Exception)):
                raise
        finally:
            outcome.checks, outcome.seconds = self.count - before, time.monotonic() - began
            self.outcomes.append(outcome)

    def failed(self):
        return [outcome.name for outcome in self.outcomes if outcome.result == "failed"]

    def table(self):
        """The chapters, their checks and seconds, as text."""
        rows = [(o.name, o.result, o.checks, o.seconds) for o in self.outcomes]
        rows.append(("together", "", self.count, sum(row[3] for row in rows)))
        return "\n".join(
            f"  {name:<46}{result:<9}{count:>6}{seconds:>8.1f} s" for name, result, count, seconds in rows
        )
