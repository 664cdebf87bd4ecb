"""Whoever is called: the open runbook, the shell, and what is known of the trouble at hand."""

import json
import shlex
from concurrent.futures import ThreadPoolExecutor

from runbook_insights import Query, known, lines
from runbook_pages import INTRODUCTION, pages
from runbook_terminal import Terminal

# What stands in the runbook for something that the reader knows, and what is known of it here.
STANDS_FOR = {
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


class Desk:
    """Runs the runbook's commands word for word, and knows which were not run."""

    def __init__(self, world, checks, left_out):
        self.world = world
        self.checks = checks
        self.left_out = left_out
        self.pages = pages()
        self.left = {heading: list(page.commands) for heading, page in self.pages.items()}
        self.seen = {}
        self.filled = set()
        self.facts = {"stack": world.stack.name}
        self.terminal = Terminal(world.aws, world.operator)
        # Queries are asked beside, in a shell of their own: nobody waits for them.
        self.beside = Terminal(world.aws, world.operator)
        self.worker = ThreadPoolExecutor(max_workers=1)
        self.asked = []
        self.lacking = set()

    def introduce(self):
        """The commands that all others want."""
        for command in self.pages[INTRODUCTION].commands:
            self.run(INTRODUCTION, command)
            self.start(command)

    def close(self):
        self.worker.shutdown(cancel_futures=True)
        self.terminal.close()
        self.beside.close()

    def start(self, command):
        return self.worker.submit(self.beside.run, self.fill(command))

    def run(self, heading, beginning, status=0):
        """Runs the command of an entry that begins so; with several of them, each time the next."""
        ran = self.terminal.run(self.fill(self.take(heading, beginning)))
        self.checks.equal(f"the exit status of {ran}", status, ran.status)
        return ran

    def answer(self, heading, beginning):
        """What a command that answers in JSON says."""
        return json.loads(self.run(heading, beginning).output)

    def cannot(self, heading, beginning):
        """Tries a command that the local AWS refuses: one that it takes is not to be left out."""
        self.do_without(beginning)
        ran = self.terminal.run(self.fill(self.take(heading, beginning)))
        self.checks.equal(f"whether this works: {ran}", False, ran.status == 0)
        self.checks.contains("who refuses it", "An error occurred (", ran.errors)

    def do_without(self, name):
        """Something is done otherwise, or not at all, for a reason that is listed."""
        self.checks.contains("what is left out", name, self.left_out)
        self.lacking.add(name)

    def ask(self, heading, beginning, log=None):
        """Asks Logs Insights as an entry does; answers what its query makes of the log's lines.

        The local one takes a query and passes over most of it, so its rows say nothing.
        """
        command = self.take(heading, beginning)
        _, function, hours, query = shlex.split(command)
        self.asked.append(self.start(command))
        query = Query(query)
        log = list(log or self.lines(function, int(hours)))
        rows = query.of(log)
        self.checks.equal(f"fields of {command} that no line has", set(), query.looked_at - known(log))
        return rows

    def settle(self):
        """Logs Insights took every query, and counted nothing."""
        self.do_without("stats of Logs Insights")
        for ran in (asked.result() for asked in self.asked):
            self.checks.contains(f"what is said by {ran}", '"status": "Complete"', ran.output)
            self.checks.equal(f"whether it counts: {ran}", False, '"field": "count(*)"' in ran.output)

    def lines(self, function, hours):
        since = int(self.world.aws.clock.now().timestamp() * 1000) - hours * HOUR
        return lines(self.world.aws.client("logs"), f"/aws/lambda/{self.world.stack.name}/{function}", since)

    def saw(self, heading, what):
        """An entry was run, and this came out."""
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
        for words, mine in STANDS_FOR.items():
            if words in command:
                self.filled.add(words)
                command = command.replace(words, mine.format(**self.facts))
        return command
