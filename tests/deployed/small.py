"""Chapter: link, window, bind, fees, a night and the dashboard, without setting the clock.

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
from story import NEWCOMERS, confirm, unmet

COMMISSION = "0.00020000"
# The day is over for the night at 00:20 UTC.
OVER = datetime.timedelta(minutes=25)
BINDING = "recall.binding.created.v1"


def check(app, checks):
    one = app.another("small")
    wallet = Wallet(one)
    day = last_day(one)
    code = invite(one, checks)
    bind(one, checks, code, wallet)
    trade(one, code, day)
    night(one, checks, day)
    dashboard(one, checks, day)


def last_day(app):
    """The newest day whose night can be started."""
    return (app.aws.clock.now() - OVER).date() - datetime.timedelta(days=1)


def invite(app, checks):
    """Accounts arrive by the queue, and the affiliate reads a link."""
    app.exchange.send_and_wait(*(registered(app.uid(name)) for name in ("affiliate", "dormant")))
    app.exchange.send_and_wait(joined(app.uid("affiliate")))
    link = app.get("/v1/link", "affiliate")
    checks.equal("the link", 200, link.status)
    checks.equal("the link again", link.json(), app.get("/v1/link", "affiliate").json())
    return link.json()["code"]


def bind(app, checks, code, wallet):
    """The dormant user opens the window and binds, and receivers of events get the binding."""
    window = app.get(f"/v1/bind?ref={code}", "dormant").json()
    checks.equal("the window", (True, []), (window["eligible"], unmet(window)))
    confirm(app, checks, window)
    checks.equal("the own relation", 200, app.get("/v1/binding", "dormant").status)
    event = wallet.wait_for(BINDING)
    checks.equal("the invitee of the event", app.uid("dormant"), event["data"]["invitee"])


def trade(app, code, day):
    """Newcomers sign up by the link and pay fees, all on the day. One message is sent twice."""
    at = [f"{day}T{hour}:00:00Z" for hour in ("09", "10")]
    app.exchange.send_and_wait(*(registered(app.uid(name), at[0], ref=code) for name in NEWCOMERS))
    fees = [fee(f"{day}-{name}", app.uid(name), at[1]) for name in NEWCOMERS]
    app.exchange.send_and_wait(*fees)
    app.exchange.send_and_wait(*fees)


def night(app, checks, day):
    today = app.nights.start_manually(day=f"{app.aws.clock.now().date()}")
    checks.equal("a day that is not over", ("FAILED", "DayNotOver"), (today["status"], today["error"]))
    for number in ("the night", "the night again"):
        checks.equal(number, "SUCCEEDED", app.nights.start_manually(day=f"{day}")["status"])
    lines = app.lines("affiliate", day, day)
    expected = sorted((app.uid(name), "signup", "0.00100000", COMMISSION) for name in NEWCOMERS)
    found = sorted((l["uid"], l["origin"], l["fees"], l["commission"]) for l in lines)
    checks.equal("the lines", expected, found)


def dashboard(app, checks, day):
    """Dashboard and CSV have the same sums."""
    summary = app.get(f"/v1/dashboard?from={day}&to={day}", "affiliate").json()
    # The dormant user is bound after the day.
    counts = {"invitees": 3, "recall": 0, "signup": 3, "active": 3}
    checks.equal("counts", counts, summary["counts"])
    total = summary["totals"]["byAsset"]["BTC"]["commission"]
    checks.equal("the total", str(len(NEWCOMERS) * Decimal(COMMISSION)), total)
    target = f"/v1/dashboard/commissions?from={day}&to={day}"
    export = app.get(target, "affiliate", accept="text/csv")
    rows = csv.DictReader(io.StringIO(export.text()))
    checks.equal("the sum of the CSV", total, str(sum(Decimal(row["commission"]) for row in rows)))


class Wallet:
    """A receiver of outbound events: a queue behind a rule of the bus."""

    def __init__(self, app):
        self.aws = app.aws
        self.events, self.sqs = app.aws.client("events"), app.aws.client("sqs")
        self.bus = app.stack.outputs()["BusName"]
        self.rule = f"{app.stack.name}-wallet"
        self.queue = self.sqs.create_queue(QueueName=self.rule)["QueueUrl"]
        app.aws.remove_later(self.remove)
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
