"""Chapter: events, batches and nights recover from failures in AWS."""

import hashlib
import time

from exchange import REDELIVERED_AFTER, fee, joined, registered
from nights import next_half_past_midnight

DAY_4, DAY_5, DAY_6 = "2027-01-02", "2027-01-03", "2027-01-04"
NOWHERE = "http://127.0.0.1:9"
SHARDS = 64
TRIES = 12
PATIENCE = 30


def check(app, checks):
    app.aws.clock.set(f"{DAY_4}T15:00:00Z")
    poison(app, checks)
    fee_before_its_account(app, checks)
    table_out_of_reach(app, checks)
    broken_night(app, checks)
    double_start(app, checks)


def poison(app, checks):
    """An unreadable event is quarantined, and delays neither its batch nor its message."""
    good = joined(app.uid("dormant"))
    app.exchange.send_text("{ not json")
    app.exchange.send_and_wait({"id": "no event"}, good, registered("not a uid"))
    entries = items(app, f"Q#{DAY_4}")
    reasons = [entry["reason"]["S"] for entry in entries]
    checks.equal("reasons in the quarantine", ["unreadable"] * 3, reasons)
    checks.equal("messages of the dead-letter queue", (0, 0), app.exchange.waiting(app.exchange.dead_letters))
    checks.equal("the account of the same message", 200, app.get("/v1/link", "dormant").status)


def fee_before_its_account(app, checks):
    """The message is redelivered, alone, until its account is known."""
    app.uid("early bird")
    app.exchange.send(fee("early", app.uid("early bird"), f"{DAY_4}T10:00:00Z"))
    until("the message to be redelivered later", lambda: app.exchange.waiting() == (1, 1))
    app.exchange.send(registered(app.uid("early bird")))
    until("the registration to be ingested", lambda: app.exchange.waiting() == (1, 1))
    checks.equal("messages that wait", (1, 1), app.exchange.waiting())
    app.aws.clock.advance(REDELIVERED_AFTER)
    app.exchange.wait_until_ingested()
    found = app.get("/v1/link", "early bird").json()["code"]
    checks.equal("the account", "inviter_not_affiliate", found)


def table_out_of_reach(app, checks):
    """A batch that fails is tried twelve times, then dead-lettered, and ingested after a redrive."""
    ingest = app.function("Ingest")
    # With other code, since functions' versions follow their code and not parameters.
    app.stack.update(release="first", LocalAwsOfIngest=NOWHERE)
    app.exchange.send(registered(app.uid("latecomer")))
    for number in range(1, TRIES + 1):
        until(f"try {number} to fail", lambda: app.aws.failed_batches(ingest) == number)
        checks.equal(f"messages after try {number}", (1, 1), app.exchange.waiting())
        app.aws.clock.advance(REDELIVERED_AFTER)
    until("the queue to be empty", lambda: app.exchange.waiting() == (0, 0))
    checks.equal("messages of the dead-letter queue", (1, 0), app.exchange.waiting(app.exchange.dead_letters))
    found = app.get("/v1/link", "latecomer").json()["code"]
    checks.equal("the account before the redrive", "unknown_account", found)
    app.stack.update(release="second", LocalAwsOfIngest=app.aws.endpoint)
    app.exchange.redrive()
    app.exchange.wait_until_ingested()
    checks.equal("messages of the dead-letter queue", (0, 0), app.exchange.waiting(app.exchange.dead_letters))
    found = app.get("/v1/link", "latecomer").json()["code"]
    checks.equal("the account", "inviter_not_affiliate", found)


def broken_night(app, checks):
    """A shard with an unreadable item is deferred, and the night continues. After the repair, the next
    night books it."""
    app.exchange.send_and_wait(fee("t6", app.uid("dormant"), f"{DAY_4}T10:00:00Z"))
    broken = {"pk": {"S": bindings_key(DAY_4, app.uid("dormant"))}, "sk": {"S": "broken"}}
    table = {"TableName": app.stack.physical("Table")}
    app.aws.client("dynamodb").put_item(Item=broken | {"v": {"N": "1"}}, **table)
    night = app.nights.after(DAY_4)
    checks.equal("the broken night", "SUCCEEDED", night["status"])
    checks.equal("deferred days", [DAY_4], list(days_set_aside(app)))
    checks.equal("its lines", [], app.lines("affiliate", DAY_4, DAY_4))
    app.aws.client("dynamodb").delete_item(Key=broken, **table)
    app.aws.clock.set(f"{DAY_5}T12:00:00Z")
    app.exchange.send_and_wait(fee("t7", app.uid("dormant"), f"{DAY_5}T10:00:00Z"))
    night = app.nights.after(DAY_5)
    checks.equal("the next night", "SUCCEEDED", night["status"])
    booked = [(l["day"], l["commission"]) for l in app.lines("affiliate", DAY_4, DAY_5)]
    checks.equal("days still deferred", [], list(days_set_aside(app)))
    checks.equal("the booked lines", [(DAY_4, "0.00025000"), (DAY_5, "0.00025000")], sorted(booked))


def double_start(app, checks):
    """Two deliveries of one schedule are one execution, concurrently and after its end. The second
    concurrent one gets an error, where AWS would answer with the execution of the first."""
    at = next_half_past_midnight(DAY_6)
    app.aws.clock.set(at)
    first, second = app.nights.deliver(at), app.nights.deliver(at)
    checks.equal("the execution of the second delivery", None, second)
    checks.equal("the night", "SUCCEEDED", app.nights.ended(first)["status"])
    checks.equal("a delivery after its end", None, app.nights.deliver(at))
    names = [e["name"] for e in app.nights.executions()]
    checks.equal("executions of that name", 1, names.count(f"scheduled-{at[:10]}"))


def bindings_key(day, uid):
    shard = hashlib.sha256(uid.encode()).digest()[0] % SHARDS
    return f"B#{day}#{shard:02}"


def days_set_aside(app):
    [head] = items(app, "HEAD")
    return head.get("setAside", {"M": {}})["M"]


def items(app, pk):
    found = app.aws.client("dynamodb").query(
        TableName=app.stack.physical("Table"),
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
    )
    return found["Items"]


def until(what, holds):
    """Waits until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"expected {what} within {PATIENCE} s")
        time.sleep(0.01)
