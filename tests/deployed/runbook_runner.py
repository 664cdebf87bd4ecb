"""Runs the runbook's commands in a shell, with the facts of the situation filled in."""

import json
import shlex
from concurrent.futures import ThreadPoolExecutor

from runbook_insights import Query, known, lines
from runbook_pages import INTRODUCTION, pages
from runbook_terminal import Cli, Terminal

# Examples and placeholders of the runbook, and the facts that replace them here.
PLACEHOLDERS = {
    "STACK=recall": "STACK={stack}",
    "--execution-arn ARN": "--execution-arn {execution}",
    "--receipt-handle HANDLE": "--receipt-handle {handle}",
    "show ID": "show {quarantined}",
    "rollup DAY": "rollup {day}",
    "2026-11-21": "{day}",
    "2026-11-22T00:30:00Z": "{night}",
    "20000001": "{invitee}",
    "--function-version 41": "--function-version {version}",
    "2026-11-24T23:00:00Z": "{instant}",
    "2026-11-01..2026-11-23": "{days}",
}
HOUR = 3600 * 1000


class RunbookRunner:
    """Runs the runbook's commands verbatim, and records which were not run."""

    def __init__(self, app, checks, left_out):
        self.app = app
        self.checks = checks
        self.left_out = left_out
        self.pages = pages()
        self.left = {heading: list(page.commands) for heading, page in self.pages.items()}
        self.seen = {}
        self.filled = set()
        self.facts = {"stack": app.stack.name}
        self.cli = Cli(app.aws)
        self.terminal = Terminal(app.aws, app.operator, self.cli)
        # Queries run in a second shell, in the background.
        self.background = Terminal(app.aws, app.operator, self.cli)
        self.worker = ThreadPoolExecutor(max_workers=1)
        self.asked = []
        self.excluded = set()

    def run_introduction(self):
        """Runs the definitions that all other commands need."""
        for command in self.pages[INTRODUCTION].commands:
            self.run(INTRODUCTION, command)
            self.start(command)

    def close(self):
        self.worker.shutdown(cancel_futures=True)
        self.terminal.close()
        self.background.close()
        self.cli.close()

    def start(self, command):
        return self.worker.submit(self.background.run, self.fill(command))

    def run(self, heading, beginning, status=0):
        """Runs the command of an entry that begins so; with several of them, each time the next."""
        ran = self.terminal.run(self.fill(self.take(heading, beginning)))
        self.checks.equal(f"the exit status of {ran}", status, ran.status)
        return ran

    def answer(self, heading, beginning):
        """Runs a command; returns its answer, which is JSON."""
        return json.loads(self.run(heading, beginning).output)

    def expect_failure(self, heading, beginning):
        """Runs a command that the local AWS must refuse: one that it accepts must not be left out."""
        self.exclude(beginning)
        ran = self.terminal.run(self.fill(self.take(heading, beginning)))
        self.checks.equal(f"whether this succeeds: {ran}", False, ran.status == 0)
        self.checks.contains("an error of the service", "An error occurred (", ran.errors)

    def exclude(self, name):
        """Notes a command that is left out or replaced, for a reason in LEFT_OUT."""
        self.checks.contains("the commands left out", name, self.left_out)
        self.excluded.add(name)

    def ask(self, heading, beginning, log=None):
        """Queries Logs Insights as an entry does; returns the rows of its query over the log's lines.

        The local one accepts a query and ignores most of it, so its rows are not compared.
        """
        command = self.take(heading, beginning)
        _, function, hours, query = shlex.split(command)
        self.asked.append(self.start(command))
        query = Query(query)
        log = list(log or self.lines(function, int(hours)))
        rows = query.of(log)
        self.checks.equal(f"fields of {command} that no line has", set(), query.looked_at - known(log))
        return rows

    def check_queries(self):
        """Checks that the local Logs Insights completed each query, and still counts nothing."""
        self.exclude("stats of Logs Insights")
        for ran in (asked.result() for asked in self.asked):
            self.checks.contains(f"the answer of {ran}", '"status": "Complete"', ran.output)
            self.checks.equal(f"whether it counts: {ran}", False, '"field": "count(*)"' in ran.output)

    def lines(self, function, hours):
        since = int(self.app.aws.clock.now().timestamp() * 1000) - hours * HOUR
        return lines(self.app.aws.client("logs"), f"/aws/lambda/{self.app.stack.name}/{function}", since)

    def record(self, heading, what):
        """Records the result of an entry."""
        self.seen[heading] = what

    def take(self, heading, beginning):
        found = [command for command in self.left[heading] if command.startswith(beginning)]
        if found:
            self.left[heading].remove(found[0])
            return found[0]
        found = [one for one in self.pages[heading].commands if one.startswith(beginning)]
        self.checks.equal(f"whether {heading} has a command {beginning} ...", True, bool(found))
        return found[0]

    def fill(self, command):
        for words, mine in PLACEHOLDERS.items():
            if words in command:
                self.filled.add(words)
                command = command.replace(words, mine.format(**self.facts))
        return command
