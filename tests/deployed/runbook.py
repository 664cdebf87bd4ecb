"""Chapter: the runbook's commands, verbatim, each in its situation."""

from exchange import fee, joined, registered
from runbook_api import (
    api_failing,
    api_slow,
    api_unhealthy,
    functions_throttled,
    requests_refused,
    table_throttled,
)
from runbook_runner import PLACEHOLDERS, RunbookRunner
from runbook_events import (
    correct_a_day,
    events_dead_lettered,
    events_late,
    events_quarantined,
    function_errors,
    outbound_events_dead_lettered,
    outbound_events_late,
)
from runbook_nights import (
    DAY_1,
    conservation_refused,
    day_not_closed,
    night_failed,
    schedule_undelivered,
)
from runbook_pages import INTRODUCTION
from runbook_alarms import fire_all
from runbook_work import delete_a_sandbox, deploy, restore, roll_back, rotate
from test_app import TestApp

# In this order, since each entry uses the state of the one before.
ENTRIES = (
    night_failed,
    day_not_closed,
    conservation_refused,
    schedule_undelivered,
    events_dead_lettered,
    events_quarantined,
    function_errors,
    correct_a_day,
    events_late,
    api_unhealthy,
    api_failing,
    api_slow,
    functions_throttled,
    table_throttled,
    requests_refused,
    outbound_events_late,
    outbound_events_dead_lettered,
    deploy,
    roll_back,
    rotate,
    restore,
    delete_a_sandbox,
)

# Entries and commands that are not run, and why. The list is exact: an entry that is neither run nor
# here fails the chapter, and so does a command here that works after all.
LEFT_OUT = {
    "Change the rules, announced ahead": "its command runs tests, as CI does, and calls no AWS",
    "DaysSetAside": "the chapter failures plays it; its commands only read",
    "Canaries": "it has no CodeDeploy; cargo xtask canary-drill plays them",
    "EventsLateForNight": "an expression over the clock; EventsLate has the same queue",
    "OutboundEventsStalled": "the local streams neither throttle nor stall",
    "SignaturesRefused": "the chapter signatures runs it, on a stack that verifies signatures",
    "Find the requests of a user": "the unit test of pseudonyms computes the command's hash",
    "Rotate the origin secret": "the chapter edge runs it, on a stack that checks the origin",
    "Rotate the event keys": "as SignaturesRefused",
    "StreamEventsLate": "this stack reads the queue only",
    "KinesisStalled": "this stack reads the queue only",
    "KafkaStalled": "this stack reads the queue only",
    "AffiliatesParked": "the operator's tests play it on the embedded engine",
    "AffiliatesNotEvaluated": "the operator's tests play it on the embedded engine",
    "CorrectionsNotApplied": "the end-to-end tests play it on the embedded engine",
    "RecordsUnreadable": "the end-to-end tests play it on the embedded engine",
    "Restore the ledger head": "the operator's tests rebuild heads; NightFailed plays the unreadable one",
    "Restore a backup of the vault": "its vaults hold no backups, and it restores none",
    "Handle a failed backup": "as Restore a backup of the vault",
    "ReconciliationDifferences": "the end-to-end tests play it on the embedded engine",
    "Stop a part of the programme": "the end-to-end tests play it on the embedded engine",
    "SwitchesOn": "the end-to-end tests play it on the embedded engine",
    "aws sqs start-message-move-task": "it does not know the call: the messages are moved one by one",
    "aws deploy list-deployments": "it has no CodeDeploy",
    "sam": "its CloudFormation refuses the template that sam sends: the adapted one is deployed instead",
    "stats of Logs Insights": "it ignores them and most filters: each query is evaluated on the real lines",
}


def check(app, checks):
    mine = TestApp(app.aws, app.users, "runbook", app.operator)
    runner = RunbookRunner(mine, checks, LEFT_OUT)
    try:
        runner.run_introduction()
        create_users(mine)
        fired = fire_all(mine, checks)
        for entry in ENTRIES:
            entry(runner)
        runner.check_queries()
        complete(runner)
    finally:
        runner.close()
    print(table(runner, fired))


def create_users(app):
    """Registers an affiliate, an invitee with a binding, and a dormant user without one."""
    app.aws.clock.set(f"{DAY_1}T09:00:00Z")
    names = ("affiliate", "dormant", "late decider")
    app.exchange.send_and_wait(*(registered(app.uid(name)) for name in names))
    app.exchange.send_and_wait(joined(app.uid("affiliate")))
    code = app.get("/v1/link", "affiliate").json()["code"]
    window = app.get(f"/v1/bind?ref={code}", "dormant").json()
    app.call("POST", "/v1/bind", "dormant", {"confirmation": window["confirmation"]})
    app.aws.clock.set(f"{DAY_1}T12:00:00Z")
    app.exchange.send_and_wait(fee("night-1", app.uid("dormant"), f"{DAY_1}T10:00:00Z"))


def complete(runner):
    """Each entry and each command is run or left out by name, and each name in LEFT_OUT is needed."""
    headings = {name for name in runner.pages if name != INTRODUCTION}
    entries = {name for name in LEFT_OUT if name in headings}
    runner.checks.equal("entries neither run nor left out", set(), headings - set(runner.seen) - entries)
    runner.checks.equal("entries both run and left out", set(), set(runner.seen) & entries)
    needless = set(LEFT_OUT) - entries - runner.excluded
    runner.checks.equal("needless entries of LEFT_OUT", set(), needless)
    left = {name: commands for name, commands in runner.left.items() if commands and name not in entries}
    runner.checks.equal("commands that were not run", {}, left)
    runner.checks.equal("placeholders without a use", set(), set(PLACEHOLDERS) - runner.filled)


def table(runner, fired):
    """The results by entry and alarm, as text."""
    results = {name: runner.seen.get(name) or LEFT_OUT[name] for name in runner.pages if name != INTRODUCTION}
    rows = [f"  {name}: {what}" for name, what in results.items()]
    return "\n".join(rows + [f"  the alarm {name} {what}" for name, what in fired.items()])
