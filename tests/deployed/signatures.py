"""Chapter: messages are signed by the exchange, and its keys rotate without a deployment."""

import base64
import hmac
import json

from exchange import registered
from failures import items
from runbook import LEFT_OUT
from runbook_runner import RunbookRunner
from runbook_work import KNOWN_EVERYWHERE
from switches import operate

ALARM, ROTATION = "SignaturesRefused", "Rotate the event keys"
# The id of the key that the stack makes.
FIRST = "first"
# What a message adds to the quarantine, and the answer to a user whom it registers.
INGESTED = [], "inviter_not_affiliate"
UNSIGNED = ["unsigned"], "unknown_account"
INVALID = ["signature_invalid"], "unknown_account"


def check(app, checks):
    one = app.another("signed")
    made = keys(one)
    deploy(one, "second", EventSignatures="ACCEPT_UNSIGNED")
    accept_unsigned(one, checks, made[FIRST])
    deploy(one, "first", EventSignatures="REQUIRED")
    require(one, checks, made[FIRST])
    if one.aws.many_stacks:
        with_runbook(one, checks, made[FIRST])
    before = keys(one)
    deploy(one, "second", EventSignatures="DISABLED")
    checks.equal("the keys without verification", before, keys(one))
    checks.equal("an unsigned message then", INGESTED, outcome(one, "not verified"))


def deploy(app, release, **parameters):
    """Deploys at once. The local AWS publishes a version for other code only."""
    if app.aws.many_stacks:
        app.stack.update(release=release, **parameters)
    else:
        app.stack.update(Rollout="gradual", **parameters)


def keys(app):
    """The keys of the exchange by their ids."""
    secret = app.stack.physical("EventKeys")
    found = app.aws.client("secretsmanager").get_secret_value(SecretId=secret)
    return json.loads(found["SecretString"])


def sign(body, key_id, key):
    mac = hmac.digest(key.encode(), body.encode(), "sha256")
    return f"{key_id}:{base64.b64encode(mac).decode()}"


def accept_unsigned(app, checks, key):
    by_stranger = lambda body: sign(body, FIRST, key[::-1])
    checks.equal("an unsigned message", INGESTED, outcome(app, "unsigned"))
    checks.equal("one with a wrong signature", INVALID, outcome(app, "wrong", by_stranger))


def require(app, checks, key):
    """Only messages with a valid signature have an effect."""
    by_exchange = lambda body: sign(body, FIRST, key)
    batch = [app.uid(name) for name in ("signed 1", "signed 2")]
    body = json.dumps([registered(uid) for uid in batch])
    app.exchange.send_text(body, by_exchange(body))
    app.exchange.wait_until_ingested()
    found = [state(app, name) for name in ("signed 1", "signed 2")]
    checks.equal("a signed batch", ["inviter_not_affiliate"] * 2, found)
    for what, expected, signature in (
        ("no signature", UNSIGNED, None),
        ("an unknown key", INVALID, lambda body: sign(body, "second", key)),
        ("another key under this id", INVALID, lambda body: sign(body, FIRST, key[::-1])),
        ("a signature of another body", INVALID, lambda body: sign(body + " ", FIRST, key)),
        ("a key without a signature", INVALID, lambda _: f"{FIRST}:"),
    ):
        checks.equal(what, expected, outcome(app, what, signature))
    checks.equal("an envelope", INGESTED, enveloped(app, "envelope", by_exchange))
    checks.equal("a forged envelope", INVALID, enveloped(app, "forged", lambda _: sign("", FIRST, key)))


def outcome(app, name, signature=None):
    """Registers a new user by a message, whose signature is made of its body. Returns the reasons for
    which it is quarantined, and the answer to the user."""
    body = json.dumps(registered(app.uid(name)))
    return sent(app, name, body, signature and signature(body))


def enveloped(app, name, signature):
    """As `outcome`, by an envelope, as a stream has them."""
    body = json.dumps(registered(app.uid(name)))
    return sent(app, name, json.dumps({"signature": signature(body), "body": body}))


def sent(app, name, body, signature=None):
    before = quarantined(app)
    app.exchange.send_text(body, signature)
    app.exchange.wait_until_ingested()
    new = quarantined(app).items() - before.items()
    return [reason for _, reason in new], state(app, name)


def quarantined(app):
    """The reasons of today's entries in the quarantine, by their keys."""
    entries = items(app, f"Q#{app.aws.clock.now().date()}")
    return {entry["sk"]["S"]: entry["reason"]["S"] for entry in entries}


def state(app, name):
    return app.get("/v1/link", name).json()["code"]


def with_runbook(app, checks, key):
    """The runbook's entries about signatures, verbatim."""
    runner = RunbookRunner(app, checks, LEFT_OUT)
    try:
        runner.run_introduction()
        refused(runner)
        rotate(runner, key)
        runner.check_queries()
    finally:
        runner.close()


def refused(runner):
    """Finds the refused messages; one of them is replayed by its id."""
    app, checks = runner.app, runner.checks
    listed = runner.run(ALARM, "operator quarantine list").output.splitlines()
    unsigned = [line for line in listed if " unsigned" in line]
    checks.equal("unsigned entries", 1, len(unsigned))
    rows = runner.ask(ALARM, "ask ingest 24")
    counts = [sum(row[f"sum(fields.{name})"] for row in rows) for name in ("signatures_refused", "unsigned")]
    checks.equal("refused and unsigned messages in the log", [len(quarantined(app)), 1], counts)
    operate(app, "quarantine", "replay", unsigned[0].split()[0])
    checks.equal("a replayed message", "inviter_not_affiliate", state(app, "no signature"))


def rotate(runner, old):
    """The exchange changes to a new key while messages arrive. Nothing is deployed."""
    app, checks = runner.app, runner.checks
    version = live(app)
    for command in ("SECRET=", "OLD=", "NEW=", "aws secretsmanager put"):
        runner.run(ROTATION, command)
    [key_id] = keys(app).keys() - {FIRST}
    new = keys(app)[key_id]
    by_old = lambda body: sign(body, FIRST, old)
    by_new = lambda body: sign(body, key_id, new)
    app.aws.clock.advance(KNOWN_EVERYWHERE)
    checks.equal("the old key, between", INGESTED, outcome(app, "old between", by_old))
    checks.equal("the new key, between", INGESTED, outcome(app, "new between", by_new))
    for command in ("SECRET=", "KEYS=", "aws secretsmanager put"):
        runner.run(ROTATION, command)
    checks.equal("keys after the rotation", {key_id: new}, keys(app))
    app.aws.clock.advance(KNOWN_EVERYWHERE)
    checks.equal("the old key, after", INVALID, outcome(app, "old after", by_old))
    checks.equal("the new key, after", INGESTED, outcome(app, "new after", by_new))
    checks.equal("the live version", version, live(app))


def live(app):
    found = app.aws.client("lambda").get_alias(FunctionName=app.function("Ingest"), Name="live")
    return found["FunctionVersion"]
