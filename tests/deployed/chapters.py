"""The chapters, and those that a target does not support, with the reason."""

import bad_release
import routes_and_auth
import canary
import cold
import cost
import denials
import edge
import failures
import kills
import latency
import logs
import resources
import pretraffic
import regions
import removed
import runbook
import signatures
import small
import story
import switches
import updates

CHAPTERS = {
    "resources of the template": resources,
    "three days and nights": story,
    "a small night": small,
    "routes, tokens and origins": routes_and_auth,
    "denials by IAM and the queue": denials,
    "second deployment": updates,
    "failures of events, batches and nights": failures,
    "killed processes": kills,
    "kill switches": switches,
    "signed events": signatures,
    "CloudFront and its secret": edge,
    "switch of the booking region": regions,
    "cold starts": cold,
    "warm calls, one after the other": latency,
    "the runbook, verbatim": runbook,
    "metrics of a bad release": bad_release,
    "a release that fails its canary": canary,
    "the hook before traffic": pretraffic,
    "logs": logs,
    "cost of the run": cost,
    "nothing remains of a removed stack": removed,
}

UNSUPPORTED = {
    "local AWS": {
        denials: "it allows every call; tests/roles evaluates each role against the calls of the functions",
        canary: "it has no CodeDeploy; cargo xtask canary-drill plays bad releases against the alarms",
        cost: "it measures no use",
    },
    "account": {
        bad_release: "the canary's chapter deploys a bad release",
        story: "its nights are those of three days, and no clock can be set",
        updates: "what it updates is the adapted template; the canary's chapter deploys again",
        failures: "twelve deliveries of a message are 73 minutes apart, and no clock can be set",
        kills: "processes of Lambda cannot be killed",
        runbook: "its entries break a stack deliberately and need the clock",
        regions: "a table of two stacks would be removed with the first one",
        removed: "the stack is removed at the end, also after a failure: see Removal",
    },
}


def names():
    """The chapters by the names of their files."""
    return [chapter.__name__ for chapter in CHAPTERS.values()]


def run(app, checks, wanted):
    """Runs the wanted chapters in their order. Those that it does not support are skipped by name."""
    unsupported = UNSUPPORTED[app.aws.name]
    for name, chapter in CHAPTERS.items():
        if chapter.__name__ not in wanted:
            continue
        if chapter in unsupported:
            checks.skip(name, unsupported[chapter])
            continue
        with checks.chapter(name):
            chapter.check(app, checks)
