"""Chapter: functions' processes are killed at work, and the ledger equals that of an undisturbed stack."""

import threading
import time

from exchange import REDELIVERED_AFTER, fee, joined, registered
from failures import until
from nights import expect_success
from test_app import TestApp

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


def check(app, checks):
    app.aws.clock.set(f"{DAY}T12:00:00Z")
    undisturbed, disturbed = (TestApp(app.aws, app.users, name) for name in ("undisturbed", "disturbed"))
    for one in (undisturbed, disturbed):
        one.exchange.send_and_wait(registered(one.uid("affiliate")))
        one.exchange.send_and_wait(joined(one.uid("affiliate")))
    hits = sum(compare_ingestion(undisturbed, disturbed, checks, make) for make in (signups, fees))
    checks.equal("whether batches were killed", True, hits > 0)
    night(undisturbed, disturbed, checks)
    checks.equal("lines", len(INVITEES), len(undisturbed.lines("affiliate", DAY, DAY)))
    for target in READ:
        checks.equal(target, read(undisturbed, target), read(disturbed, target))


def signups(one):
    """Messages with sixty sign-ups each, which are ingested one after the other."""
    code, at = code_of(one), f"{DAY}T09:00:00Z"
    return messages(registered(uid, at, ref=code) for uid in INVITEES)


def fees(_):
    """Messages with a fee of each invitee, which are stored by shard."""
    amounts = ((uid, f"0.0{place:03}7") for place, uid in enumerate(INVITEES))
    at = f"{DAY}T10:00:00Z"
    return messages(fee(f"fee-{uid}", uid, at, amount=amount) for uid, amount in amounts)


def messages(events):
    events = list(events)
    return [events[number::MESSAGES] for number in range(MESSAGES)]


def compare_ingestion(undisturbed, disturbed, checks, make_messages):
    """Sends the same messages to both stacks, and kills the process of the disturbed one at each.

    Returns how many batches were killed before their end.
    """
    for message in make_messages(undisturbed):
        undisturbed.exchange.send_and_wait(*message)
    hits = 0
    for message in make_messages(disturbed):
        disturbed.exchange.send(*message)
        until("the message to be under way", lambda: disturbed.exchange.waiting() != (1, 0))
        time.sleep(AT_WORK)
        hits += killed(disturbed, checks)
    print(f"  {hits} of {MESSAGES} batches of {make_messages.__name__} were killed at work")
    return hits


def killed(disturbed, checks):
    """Kills the process that works on a batch; returns whether that was before its end."""
    function = disturbed.function("Ingest")
    before = disturbed.aws.failed_batches(function)
    disturbed.aws.kill(function)
    over = lambda: disturbed.aws.failed_batches(function) > before or not any(disturbed.exchange.waiting())
    until("the end of the batch", over)
    if disturbed.aws.failed_batches(function) == before:
        return False
    checks.equal("messages to be redelivered", (1, 1), disturbed.exchange.waiting())
    disturbed.aws.clock.advance(REDELIVERED_AFTER)
    disturbed.exchange.wait_until_ingested()
    return True


def night(undisturbed, disturbed, checks):
    """Kills all workers of a night repeatedly. Those of the night before are warm."""
    expect_success(disturbed.nights.start_manually(day=DAY_BEFORE))
    expect_success(undisturbed.nights.start_manually(day=DAY_BEFORE))
    expect_success(undisturbed.nights.after(DAY))
    function = disturbed.function("DailyCommission")
    killer = threading.Thread(target=keep_killing, args=(disturbed.aws, function))
    killer.start()
    found = disturbed.nights.start_manually(day=DAY)
    killer.join()
    expect_success(found)
    hits = disturbed.aws.killed_at_work(function)
    print(f"  {hits} workers of the night were killed at work")
    checks.equal("whether workers were killed", True, hits > 0)


def keep_killing(aws, function):
    for _ in range(ROUNDS):
        time.sleep(0.2)
        aws.kill(function, STARTED_AFTER)


def read(one, target):
    """The affiliate's answer, without the link's code, which is random."""
    answer = one.get(target, "affiliate")
    return answer.status, answer.text().replace(code_of(one), "CODE")


def code_of(one):
    return one.get("/v1/link", "affiliate").json()["code"]
