"""Chapter: link, window, bind, fees, a night and the dashboard, by the clock as it is.

Newcomers have signed up and paid fees on the day before, so that the night of that day can be booked
now.
"""

import csv
import datetime
import io
import json
import time
from decimal import Decimal

from exchange import fee, joined, registered

NEWCOMERS = ("newcomer-1", "newcomer-2", "newcomer-3")
COMMISSION = "0.00020000"
# The day is over for the night at 00:20 UTC.
OVER = datetime.timedelta(minutes=25)
BINDING = "recall.binding.created.v1"


def check(world, checks):
    one = world.another("small")
    wallet = Wallet(one)
    day = last_day(one)
    code = invite(one, checks)
    bind(one, checks, code, wallet)
    trade(one, code, day)
    night(one, checks, day)
    dashboard(one, checks, day)


def last_day(world):
    """The newest day whose night can be started."""
    return (world.aws.clock.now() - OVER).date() - datetime.timedelta(days=1)


def invite(world, checks):
    """Accounts arrive by the queue, and the affiliate reads a link."""
    world.exchange.tell(*(registered(world.uid(name)) for name in ("affiliate", "dormant")))
    world.exchange.tell(joined(world.uid("affiliate")))
    link = world.get("/v1/link", "affiliate")
    checks.equal("the link", 200, link.status)
    checks.equal("the link again", link.json(), world.get("/v1/link", "affiliate").json())
    return link.json()["code"]


def bind(world, checks, code, wallet):
    """The dormant user opens the window and binds, and receivers of events learn of it."""
    window = world.get(f"/v1/bind?ref={code}", "dormant").json()
    checks.equal("the window", (True, []), (window["eligible"], unmet(window)))
    confirmation = {"confirmation": window["confirmation"]}
    bound = world.call("POST", "/v1/bind", "dormant", confirmation)
    again = world.call("POST", "/v1/bind", "dormant", confirmation)
    checks.equal("binding, and again", (201, 200), (bound.status, again.status))
    checks.equal("the binding again", bound.body, again.body)
    checks.equal("the own relation", 200, world.get("/v1/binding", "dormant").status)
    stolen = world.call("POST", "/v1/bind", "affiliate", confirmation)
    checks.equal("another's confirmation", "confirmation_invalid", stolen.json()["code"])
    told = wallet.wait_for(BINDING)
    checks.equal("the invitee of the event", world.uid("dormant"), told["data"]["invitee"])


def unmet(window):
    return [check for check in window["checks"] if not check["met"]]


def trade(world, code, day):
    """Newcomers sign up by the link and pay fees, all on the day. One message is sent twice."""
    at = [f"{day}T{hour}:00:00Z" for hour in ("09", "10")]
    world.exchange.tell(*(registered(world.uid(name), at[0], ref=code) for name in NEWCOMERS))
    fees = [fee(f"{day}-{name}", world.uid(name), at[1]) for name in NEWCOMERS]
    world.exchange.tell(*fees)
    world.exchange.tell(*fees)


def night(world, checks, day):
    today = world.nights.by_hand(day=f"{world.aws.clock.now().date()}")
    checks.equal("a day that is not over", ("FAILED", "DayNotOver"), (today["status"], today["error"]))
    for number in ("the night", "the night again"):
        checks.equal(number, "SUCCEEDED", world.nights.by_hand(day=f"{day}")["status"])
    lines = world.lines("affiliate", day, day)
    expected = sorted((world.uid(name), "signup", "0.00100000", COMMISSION) for name in NEWCOMERS)
    found = sorted((l["uid"], l["origin"], l["fees"], l["commission"]) for l in lines)
    checks.equal("the lines", expected, found)


def dashboard(world, checks, day):
    """Dashboard and CSV have the same sums."""
    summary = world.get(f"/v1/dashboard?from={day}&to={day}", "affiliate").json()
    # The dormant user is bound after the day.
    counts = {"invitees": 3, "recall": 0, "signup": 3, "active": 3}
    checks.equal("counts", counts, summary["counts"])
    total = summary["totals"]["byAsset"]["BTC"]["commission"]
    checks.equal("the total", str(len(NEWCOMERS) * Decimal(COMMISSION)), total)
    target = f"/v1/dashboard/commissions?from={day}&to={day}"
    export = world.get(target, "affiliate", accept="text/csv")
    rows = csv.DictReader(io.StringIO(export.text()))
    checks.equal("the sum of the CSV", total, str(sum(Decimal(row["commission"]) for row in rows)))


class Wallet:
    """A receiver of outbound events: a queue behind a rule of the bus."""

    def __init__(self, world):
        self.aws = world.aws
        self.events, self.sqs = world.aws.client("events"), world.aws.client("sqs")
        self.bus = world.stack.outputs()["BusName"]
        self.rule = f"{world.stack.name}-wallet"
        self.queue = self.sqs.create_queue(QueueName=self.rule)["QueueUrl"]
        world.aws.remove_later(self.remove)
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        policy = json.dumps(allow_events(arn))
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": policy})
        pattern = json.dumps({"source": ["recall"]})
        self.events.put_rule(Name=self.rule, EventBusName=self.bus, EventPattern=pattern)
        target = {"Id": "wallet", "Arn": arn}
        self.events.put_targets(Rule=self.rule, EventBusName=self.bus, Targets=[target])

    def wait_for(self, kind):
        """Waits until an event of a type arrives, and returns it."""
        deadline = time.monotonic() + self.aws.patience
        kinds = []
        while time.monotonic() < deadline:
            found = self.sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=1)
            for message in found.get("Messages", []):
                event = json.loads(message["Body"])
                kinds.append(event["detail-type"])
                if event["detail-type"] == kind:
                    return event["detail"]
        raise AssertionError(f"expected an event {kind}, found {kinds}")

    def remove(self):
        self.events.remove_targets(Rule=self.rule, EventBusName=self.bus, Ids=["wallet"])
        self.events.delete_rule(Name=self.rule, EventBusName=self.bus)
        self.sqs.delete_queue(QueueUrl=self.queue)


def allow_events(arn):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
