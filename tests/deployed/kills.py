"""Chapter: functions' processes are killed at work, and the books are those of an undisturbed stack."""

import threading
import time

from exchange import BROUGHT_AGAIN, fee, joined, registered
from failures import fees_key, items, until
from nights import expect_success
from world import World

DAY_BEFORE, DAY = "2027-01-04", "2027-01-05"
INVITEES = [f"invitee-{number:02}" for number in range(60)]
# A batch is killed when so many of its invitees are there, and again when it comes again.
REGISTERED = (5, 20, 40)
READ = (
    f"/v1/dashboard?from={DAY}&to={DAY}",
    "/v1/dashboard/referrals?limit=200",
    f"/v1/dashboard/commissions?from={DAY}&to={DAY}&limit=200",
)
ROUNDS = 6
# In seconds. A process killed while it starts fails by a name that only the local AWS has.
STARTED_AFTER = 0.5


def check(world, checks):
    world.aws.clock.set(f"{DAY}T12:00:00Z")
    calm, shaken = (World(world.aws, world.people, name) for name in ("calm", "shaken"))
    for one in (calm, shaken):
        one.exchange.tell(registered(one.uid("affiliate")))
        one.exchange.tell(joined(one.uid("affiliate")))
    signups(calm, shaken, checks)
    fees(calm, shaken, checks)
    night(calm, shaken, checks)
    checks.equal("lines", len(INVITEES), len(calm.lines("affiliate", DAY, DAY)))
    for target in READ:
        checks.equal(target, read(calm, target), read(shaken, target))


def signups(calm, shaken, checks):
    """One message with sixty sign-ups, which are taken in one after the other."""
    for one in (calm, shaken):
        code = code_of(one)
        at = f"{DAY}T09:00:00Z"
        one.exchange.send(*(registered(uid, at, ref=code) for uid in INVITEES))
    for number in REGISTERED:
        until(f"{number} sign-ups", lambda: items(shaken, f"U#{INVITEES[number - 1]}"))
        kill_ingest(shaken, checks)
    checks.equal("the last sign-up", [], items(shaken, f"U#{INVITEES[-1]}"))
    finish(calm, shaken)


def fees(calm, shaken, checks):
    """One message with two fees of each, which are written by shard."""
    told = [
        fee(f"{uid}-{number}", uid, f"{DAY}T10:00:00Z", amount=f"0.0{place:02}{number}7")
        for place, uid in enumerate(INVITEES)
        for number in range(2)
    ]
    calm.exchange.send(*told)
    shaken.exchange.send(*told)
    partitions = sorted({fees_key(DAY, uid) for uid in INVITEES})
    until("some shards", lambda: items(shaken, partitions[len(partitions) // 4]))
    kill_ingest(shaken, checks)
    checks.equal("the last shard", [], items(shaken, partitions[-1]))
    finish(calm, shaken)


def kill_ingest(shaken, checks):
    function = shaken.function("Ingest")
    before = shaken.aws.failed_batches(function)
    shaken.aws.kill(function)
    until("the killed batch to fail", lambda: shaken.aws.failed_batches(function) > before)
    checks.equal("messages to be brought again", (1, 1), shaken.exchange.waiting())
    shaken.aws.clock.go_on(BROUGHT_AGAIN)


def finish(calm, shaken):
    for one in (calm, shaken):
        one.exchange.wait_until_taken_in()


def night(calm, shaken, checks):
    """All workers of the night are killed, again and again; those of the night before are warm."""
    expect_success(shaken.nights.by_hand(day=DAY_BEFORE))
    expect_success(calm.nights.by_hand(day=DAY_BEFORE))
    expect_success(calm.nights.after(DAY))
    function = shaken.function("DailyCommission")
    killer = threading.Thread(target=keep_killing, args=(shaken.aws, function))
    killer.start()
    found = shaken.nights.by_hand(day=DAY)
    killer.join()
    expect_success(found)
    hits = shaken.aws.killed_at_work(function)
    print(f"  {hits} workers of the night were killed at work")
    checks.equal("whether workers were killed", True, hits > 0)


def keep_killing(aws, function):
    for _ in range(ROUNDS):
        time.sleep(0.2)
        aws.kill(function, STARTED_AFTER)


def read(one, target):
    """What the affiliate reads, but for his link's code, which is drawn by lot."""
    answer = one.get(target, "affiliate")
    return answer.status, answer.text().replace(code_of(one), "CODE")


def code_of(one):
    return one.get("/v1/link", "affiliate").json()["code"]
