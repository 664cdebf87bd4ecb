"""Chapter: the runbook's own commands, word for word, each in the trouble that it is for."""

from exchange import fee, joined, registered
from runbook_api import (
    api_failing,
    api_slow,
    api_unhealthy,
    functions_throttled,
    requests_refused,
    table_throttled,
)
from runbook_desk import STANDS_FOR, Desk
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
from runbook_rings import ring_all
from runbook_work import delete_a_sandbox, deploy, restore, roll_back, rotate
from world import World

# In this order, as one trouble leads to the next.
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
    "Change the rules, announced ahead": "its command runs tests, as CI does; nothing of it is AWS's",
    "DaysSetAside": "a chapter of its own plays it: failures.py; its commands are read only",
    "Canaries": "it has no CodeDeploy; cargo xtask canary-drill plays them",
    "EventsLateForNight": "an expression over the clock; EventsLate has the same queue",
    "OutboundEventsStalled": "its streams neither throttle nor stall",
    "StreamEventsLate": "the stack of the drill reads the queue only",
    "AffiliatesParked": "the operator's tests play it on the embedded engine",
    "AffiliatesNotEvaluated": "the operator's tests play it on the embedded engine",
    "CorrectionsNotApplied": "the end-to-end tests play it on the embedded engine",
    "RecordsUnreadable": "the end-to-end tests play it on the embedded engine",
    "Restore the ledger head": "the operator's tests rebuild heads; NightFailed plays the unreadable one",
    "ReconciliationDifferences": "the end-to-end tests play it on the embedded engine",
    "Stop a part of the programme": "the end-to-end tests play it on the embedded engine",
    "SwitchesOn": "the end-to-end tests play it on the embedded engine",
    "aws sqs start-message-move-task": "it does not know the call: the letters are moved one by one",
    "aws deploy list-deployments": "it has no CodeDeploy",
    "sam": "its CloudFormation cannot take what sam sends: the adapted template is deployed in its place",
    "stats of Logs Insights": "it passes over them and most filters: each query is tried on the real lines",
}


def check(world, checks):
    mine = World(world.aws, world.people, "runbook", world.operator)
    desk = Desk(mine, checks, LEFT_OUT)
    try:
        desk.introduce()
        people(mine)
        rang = ring_all(mine, checks)
        for entry in ENTRIES:
            entry(desk)
        desk.settle()
        complete(desk)
    finally:
        desk.close()
    print(table(desk, rang))


def people(world):
    """An affiliate, an invitee who was won back, and one who has not decided yet."""
    world.aws.clock.set(f"{DAY_1}T09:00:00Z")
    names = ("affiliate", "dormant", "late decider")
    world.exchange.tell(*(registered(world.uid(name)) for name in names))
    world.exchange.tell(joined(world.uid("affiliate")))
    code = world.get("/v1/link", "affiliate").json()["code"]
    window = world.get(f"/v1/bind?ref={code}", "dormant").json()
    world.call("POST", "/v1/bind", "dormant", {"confirmation": window["confirmation"]})
    world.aws.clock.set(f"{DAY_1}T12:00:00Z")
    world.exchange.tell(fee("night-1", world.uid("dormant"), f"{DAY_1}T10:00:00Z"))


def complete(desk):
    """Every entry is run or left out by name, and so is every command; nothing stands here in vain."""
    headings = {name for name in desk.pages if name != INTRODUCTION}
    entries = {name for name in LEFT_OUT if name in headings}
    desk.checks.equal("entries neither run nor left out", set(), headings - set(desk.seen) - entries)
    desk.checks.equal("entries both run and left out", set(), set(desk.seen) & entries)
    needless = set(LEFT_OUT) - entries - desk.lacking
    desk.checks.equal("what is left out in vain", set(), needless)
    left = {name: commands for name, commands in desk.left.items() if commands and name not in entries}
    desk.checks.equal("commands that were not run", {}, left)
    desk.checks.equal("words that stand for nothing", set(), set(STANDS_FOR) - desk.filled)


def table(desk, rang):
    """What came out, entry by entry."""
    told = {name: desk.seen.get(name) or LEFT_OUT[name] for name in desk.pages if name != INTRODUCTION}
    rows = [f"  {name}: {what}" for name, what in told.items()]
    return "\n".join(rows + [f"  the alarm {name} {what}" for name, what in rang.items()])
