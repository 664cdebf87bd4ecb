"""The chapters, and those that a target cannot do, with the reason."""

import border
import canary
import cold
import cost
import denials
import failures
import kills
import latency
import logs
import making
import pretraffic
import removed
import runbook
import small
import story
import switches
import updates

CHAPTERS = {
    "the whole template is there": making,
    "three days and nights": story,
    "a small night": small,
    "routes, tokens and origins": border,
    "denials by IAM and the queue": denials,
    "deployed again": updates,
    "failures of events, batches and nights": failures,
    "processes killed at work": kills,
    "kill switches": switches,
    "cold starts": cold,
    "warm calls, one after the other": latency,
    "the runbook, word for word": runbook,
    "a release that fails its canary": canary,
    "the hook before traffic": pretraffic,
    "logs": logs,
    "what the run cost": cost,
    "nothing remains of a removed stack": removed,
}

CANNOT = {
    "local AWS": {
        denials: "it allows every call; tests/roles evaluates each role against the calls of the functions",
        canary: "it has no CodeDeploy; cargo xtask canary-drill plays bad releases against the alarms",
        cost: "it meters nothing",
    },
    "account": {
        story: "its nights are those of three days, and no clock can be set",
        updates: "what it updates is the adapted template; the canary's chapter deploys again",
        failures: "twelve deliveries of a message are 73 minutes apart, and no clock can be set",
        kills: "processes of Lambda cannot be killed",
        runbook: "its entries break a stack on purpose and need the clock",
        removed: "the stack is removed at the end, also after a failure: see Removal",
    },
}


def names():
    """The chapters by the names of their files."""
    return [chapter.__name__ for chapter in CHAPTERS.values()]


def run(world, checks, wanted):
    """Runs the wanted chapters in their order. Those that the target cannot do are skipped by name."""
    cannot = CANNOT[world.aws.name]
    for name, chapter in CHAPTERS.items():
        if chapter.__name__ not in wanted:
            continue
        if chapter in cannot:
            checks.skip(name, cannot[chapter])
            continue
        with checks.chapter(name):
            chapter.check(world, checks)
