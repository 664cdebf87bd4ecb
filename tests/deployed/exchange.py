"""The exchange: its events, sent to the deployed queue, and the state of the messages."""

import json
import time

# A failed batch is redelivered after so many seconds, by the queue's visibility timeout.
REDELIVERED_AFTER = 365 + 1


def event(identity, kind, data):
    """A CloudEvent of the exchange."""
    return {
        "specversion": "1.0",
        "id": identity,
        "source": "https://exchange.example/ledger",
        "type": f"exchange.{kind}.v1",
        "data": data,
    }


def registered(uid, at="2024-01-01T00:00:00Z", **more):
    data = {"uid": uid, "registeredAt": at, "country": "CH"} | more
    return event(f"registered-{uid}", "account.registered", data)


def joined(uid):
    """An account enters the affiliate programme."""
    data = {
        "uid": uid,
        "affiliate": True,
        "futuresOpenedAt": "2020-01-01T00:00:00Z",
        "at": "2025-01-01T00:00:00Z",
    }
    return event(f"joined-{uid}", "account.changed", data)


def fee(trade, uid, at, **more):
    """A spot fee of 0.001 BTC, worth 100 USD, on a trade of 100,000 USD."""
    data = {
        "tradeId": trade,
        "uid": uid,
        "product": "spot",
        "kind": "trade",
        "asset": "BTC",
        "amount": "0.001",
        "amountUsd": "100",
        "volumeUsd": "100000",
        "vipLevel": 0,
        "at": at,
    }
    return event(f"charged-{trade}", "fee.charged", data | more)


def corrected(trade, uid, day, at, amount, usd):
    data = {
        "tradeId": trade,
        "uid": uid,
        "day": day,
        "amount": amount,
        "amountUsd": usd,
        "volumeUsd": "100000",
        "at": at,
        "why": "a discount was missing",
    }
    return event(f"corrected-{trade}-{at}", "fee.corrected", data)


def paid(uid, day, run, at):
    data = {"uid": uid, "day": day, "runId": run, "paidAt": at, "reference": "payout-1"}
    return event(f"paid-{uid}-{run}", "commission.paid", data)


class Exchange:
    """Sends events to a stack's queue."""

    def __init__(self, stack):
        self.aws = stack.aws
        self.sqs = stack.aws.client("sqs")
        self.clock = stack.aws.clock
        outputs = stack.outputs()
        self.queue, self.dead_letters = outputs["EventQueueUrl"], outputs["EventDeadLettersUrl"]

    def send_and_wait(self, *events):
        """Sends one message with the events, and waits until the queue is empty."""
        self.send(*events)
        self.wait_until_ingested()

    def send(self, *events):
        """Sends one message: the event alone, or an array of several."""
        body = events[0] if len(events) == 1 else events
        self.send_text(json.dumps(body))

    def send_text(self, body, signature=None):
        attributes = {}
        if signature is not None:
            attributes["recall-signature"] = {"DataType": "String", "StringValue": signature}
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=body, MessageAttributes=attributes)

    def redrive(self):
        """Moves the messages of the dead-letter queue back to the queue. The local SQS has no call for
        it."""
        while messages := self.dead():
            for message in messages:
                self.send_text(message["Body"])
                self.sqs.delete_message(
                    QueueUrl=self.dead_letters, ReceiptHandle=message["ReceiptHandle"]
                )

    def dead(self):
        """Some messages of the dead-letter queue, invisible to other receivers for a while."""
        return self.sqs.receive_message(QueueUrl=self.dead_letters).get("Messages", [])

    def waiting(self, queue=None):
        """The messages that are in a queue, and of these the ones under way or to be redelivered."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=queue or self.queue, AttributeNames=names)
        visible, invisible = (int(found["Attributes"][name]) for name in names)
        return visible + invisible, invisible

    def wait_until_ingested(self):
        """Waits until the queue is empty, in as many readings in a row as the target needs."""
        deadline = time.monotonic() + self.aws.patience
        empty = 0
        while empty < self.aws.readings:
            left = self.waiting()[0]
            empty = 0 if left else empty + 1
            if time.monotonic() > deadline:
                raise AssertionError(f"expected an empty queue, found {left} messages")
            time.sleep(self.aws.pause)
