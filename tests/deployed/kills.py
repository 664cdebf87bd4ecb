"""Chapter: functions' processes are killed at work, and the books are those of an undisturbed stack."""

import threading
import time

from exchange import REDELIVERED_AFTER, fee, joined, registered
from failures import until
from nights import expect_success
from world import World

DAY_BEFORE, DAY = "2027-01-04", "2027-01-05"
INVITEES = [f"invitee-{number:03}" for number in range(180)]
MESSAGES = 3
# In seconds: how long a batch is worked on before its process is killed.
AT_WORK = 0.05
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
    hits = told(calm, shaken, checks, signups) + told(calm, shaken, checks, fees)
    checks.equal("whether batches were killed", True, hits > 0)
    night(calm, shaken, checks)
    checks.equal("lines", len(INVITEES), len(calm.lines("affiliate", DAY, DAY)))
    for target in READ:
        checks.equal(target, read(calm, target), read(shaken, target))


def signups(one):
    """Messages with sixty sign-ups each, which are ingested one after the other."""
    code, at = code_of(one), f"{DAY}T09:00:00Z"
    return messages(registered(uid, at, ref=code) for uid in INVITEES)


def fees(_):
    """Messages with a fee of each, which are kept shard by shard."""
    amounts = ((uid, f"0.0{place:03}7") for place, uid in enumerate(INVITEES))
    at = f"{DAY}T10:00:00Z"
    return messages(fee(f"fee-{uid}", uid, at, amount=amount) for uid, amount in amounts)


def messages(events):
    events = list(events)
    return [events[number::MESSAGES] for number in range(MESSAGES)]


def told(calm, shaken, checks, news):
    """Both are told the same; who takes a message in at the shaken one is killed over it. Answers
    how often that was in time."""
    for message in news(calm):
        calm.exchange.tell(*message)
    hits = 0
    for message in news(shaken):
        shaken.exchange.send(*message)
        until("the message to be under way", lambda: shaken.exchange.waiting() != (1, 0))
        time.sleep(AT_WORK)
        hits += killed(shaken, checks)
    print(f"  {hits} of {MESSAGES} batches of {news.__name__} were killed at work")
    return hits


def killed(shaken, checks):
    """Kills whoever is at work on a batch; answers whether that was before it was done."""
    function = shaken.function("Ingest")
    before = shaken.aws.failed_batches(function)
    shaken.aws.kill(function)
    over = lambda: shaken.aws.failed_batches(function) > before or not any(shaken.exchange.waiting())
    until("the end of the batch", over)
    if shaken.aws.failed_batches(function) == before:
        return False
    checks.equal("messages to be redelivered", (1, 1), shaken.exchange.waiting())
    shaken.aws.clock.go_on(REDELIVERED_AFTER)
    shaken.exchange.wait_until_ingested()
    return True


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
