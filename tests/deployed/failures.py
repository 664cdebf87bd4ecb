"""Chapter: what goes wrong in AWS goes right again: events, batches, nights."""

import hashlib
import time

from exchange import REDELIVERED_AFTER, fee, joined, registered
from nights import next_half_past_midnight

DAY_4, DAY_5, DAY_6 = "2027-01-02", "2027-01-03", "2027-01-04"
NOWHERE = "http://127.0.0.1:9"
SHARDS = 64
TRIES = 12
PATIENCE = 30


def check(world, checks):
    world.aws.clock.set(f"{DAY_4}T15:00:00Z")
    poison(world, checks)
    fee_before_its_account(world, checks)
    table_out_of_reach(world, checks)
    broken_night(world, checks)
    double_start(world, checks)


def poison(world, checks):
    """What cannot be read is kept aside, and holds up neither its batch nor its message."""
    good = joined(world.uid("dormant"))
    world.exchange.send_text("{ not json")
    world.exchange.tell({"id": "no event"}, good, registered("not a uid"))
    entries = items(world, f"Q#{DAY_4}")
    reasons = [entry["reason"]["S"] for entry in entries]
    checks.equal("reasons in the quarantine", ["unreadable"] * 3, reasons)
    checks.equal("dead letters", (0, 0), world.exchange.waiting(world.exchange.dead_letters))
    checks.equal("who came with the poison", 200, world.get("/v1/link", "dormant").status)


def fee_before_its_account(world, checks):
    """The message is redelivered, alone, until its account is known."""
    world.uid("early bird")
    world.exchange.send(fee("early", world.uid("early bird"), f"{DAY_4}T10:00:00Z"))
    until("the message to be left for later", lambda: world.exchange.waiting() == (1, 1))
    world.exchange.send(registered(world.uid("early bird")))
    until("the other one to be ingested", lambda: world.exchange.waiting() == (1, 1))
    checks.equal("messages that wait", (1, 1), world.exchange.waiting())
    world.aws.clock.go_on(REDELIVERED_AFTER)
    world.exchange.wait_until_ingested()
    found = world.get("/v1/link", "early bird").json()["code"]
    checks.equal("the account", "inviter_not_affiliate", found)


def table_out_of_reach(world, checks):
    """A batch that fails is tried twelve times, then put with the dead letters, and comes home."""
    ingest = world.function("Ingest")
    # With other code, since functions' versions follow their code and not parameters.
    world.stack.update(release="first", LocalAwsOfIngest=NOWHERE)
    world.exchange.send(registered(world.uid("latecomer")))
    for number in range(1, TRIES + 1):
        until(f"try {number} to fail", lambda: world.aws.failed_batches(ingest) == number)
        checks.equal(f"messages after try {number}", (1, 1), world.exchange.waiting())
        world.aws.clock.go_on(REDELIVERED_AFTER)
    until("the queue to be empty", lambda: world.exchange.waiting() == (0, 0))
    checks.equal("dead letters", (1, 0), world.exchange.waiting(world.exchange.dead_letters))
    found = world.get("/v1/link", "latecomer").json()["code"]
    checks.equal("the account before it came home", "unknown_account", found)
    world.stack.update(release="second", LocalAwsOfIngest=world.aws.endpoint)
    world.exchange.redrive()
    world.exchange.wait_until_ingested()
    checks.equal("dead letters", (0, 0), world.exchange.waiting(world.exchange.dead_letters))
    found = world.get("/v1/link", "latecomer").json()["code"]
    checks.equal("the account", "inviter_not_affiliate", found)


def broken_night(world, checks):
    """A shard with an item that cannot be read is set aside, and the night goes on; once it is
    repaired, the next one books it."""
    world.exchange.tell(fee("t6", world.uid("dormant"), f"{DAY_4}T10:00:00Z"))
    broken = {"pk": {"S": bindings_key(DAY_4, world.uid("dormant"))}, "sk": {"S": "broken"}}
    table = {"TableName": world.stack.physical("Table")}
    world.aws.client("dynamodb").put_item(Item=broken | {"v": {"N": "1"}}, **table)
    night = world.nights.after(DAY_4)
    checks.equal("the broken night", "SUCCEEDED", night["status"])
    checks.equal("days set aside", [DAY_4], list(days_set_aside(world)))
    checks.equal("its lines", [], world.lines("affiliate", DAY_4, DAY_4))
    world.aws.client("dynamodb").delete_item(Key=broken, **table)
    world.aws.clock.set(f"{DAY_5}T12:00:00Z")
    world.exchange.tell(fee("t7", world.uid("dormant"), f"{DAY_5}T10:00:00Z"))
    night = world.nights.after(DAY_5)
    checks.equal("the next night", "SUCCEEDED", night["status"])
    booked = [(l["day"], l["commission"]) for l in world.lines("affiliate", DAY_4, DAY_5)]
    checks.equal("days still set aside", [], list(days_set_aside(world)))
    checks.equal("what it booked", [(DAY_4, "0.00025000"), (DAY_5, "0.00025000")], sorted(booked))


def double_start(world, checks):
    """Two deliveries of one schedule are one execution, at once and after it has ended. The second
    one at once is told so, where AWS would answer it with the first one's execution."""
    at = next_half_past_midnight(DAY_6)
    world.aws.clock.set(at)
    first, second = world.nights.deliver(at), world.nights.deliver(at)
    checks.equal("the execution of the second delivery", None, second)
    checks.equal("the night", "SUCCEEDED", world.nights.ended(first)["status"])
    checks.equal("a delivery after its end", None, world.nights.deliver(at))
    names = [e["name"] for e in world.nights.executions()]
    checks.equal("executions of that name", 1, names.count(f"scheduled-{at[:10]}"))


def bindings_key(day, uid):
    shard = hashlib.sha256(uid.encode()).digest()[0] % SHARDS
    return f"B#{day}#{shard:02}"


def days_set_aside(world):
    [head] = items(world, "HEAD")
    return head.get("setAside", {"M": {}})["M"]


def items(world, pk):
    found = world.aws.client("dynamodb").query(
        TableName=world.stack.physical("Table"),
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
