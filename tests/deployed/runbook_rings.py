"""The alarms: each is there and calls somebody, and what it watches makes it ring."""

import json
import re
import time

from adapters import LEFT_OUT, kind
from template import expand, of_type

METRIC = "AWS::CloudWatch::Alarm"
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
PATIENCE = 10


class Mail:
    """Who has subscribed to the topic of all alarms: a queue."""

    def __init__(self, world):
        self.sqs = world.aws.client("sqs")
        self.queue = self.sqs.create_queue(QueueName=f"{world.stack.name}-mail")["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        world.aws.client("sns").subscribe(
            TopicArn=world.stack.outputs()["AlarmTopic"],
            Protocol="sqs",
            Endpoint=found["Attributes"]["QueueArn"],
        )

    def wait_for(self, alarm, state):
        """Waits until it is told that an alarm went to a state."""
        deadline = time.monotonic() + PATIENCE
        told = []
        while (alarm, state) not in told:
            if time.monotonic() > deadline:
                raise AssertionError(f"expected to be told of {alarm} {state}, found {told}")
            told += self.told()

    def told(self):
        received = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        for letter in received.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=letter["ReceiptHandle"])
            told = json.loads(json.loads(letter["Body"])["Message"])
            yield told["AlarmName"], told["NewStateValue"]


def ring_all(world, checks):
    """Answers what made each alarm ring, by its name."""
    template = expand(world.stack.release)
    mail = Mail(world)
    rang = {}
    for name, alarm in of_type(template, METRIC).items():
        if kind(alarm) in LEFT_OUT:
            rang[name] = "is not made: an expression over several metrics"
        else:
            rings(world, checks, mail, name)
            rang[name] = "rings by its metric"
    for name, alarm in of_type(template, COMPOSITE).items():
        rings_by_its_signs(world, checks, mail, name, alarm)
        rang[name] = "rings by each of its signs, and tells it"
    return rang


def rings(world, checks, mail, name):
    """What the alarm watches goes over its threshold, and back. The local AWS looks neither at an
    alarm's dimensions nor at more than one period."""
    alarm = described(world, name)
    over = alarm["Threshold"] + 1
    put(world, alarm, over)
    checks.equal(f"{name} over its threshold", "ALARM", described(world, name)["StateValue"])
    if alarm["AlarmActions"]:
        mail.wait_for(alarm["AlarmName"], "ALARM")
    world.aws.clock.go_on(alarm["Period"] * alarm["EvaluationPeriods"] + 1)
    put(world, alarm, 0)
    checks.equal(f"{name} below its threshold", "OK", described(world, name)["StateValue"])


def rings_by_its_signs(world, checks, mail, name, alarm):
    """Made by hand, as the template's stack lacks it, of the signs that its rule names; each of them
    alone makes it ring, and it is over when they are."""
    cloudwatch = world.aws.client("cloudwatch")
    names = sorted(set(re.findall(r"ALARM\(..?\$\{(\w+)\}", json.dumps(alarm["Properties"]["AlarmRule"]))))
    signs = [sign(world, one) for one in names]
    mine = f"{world.stack.name}-{name}"
    topic = [world.stack.outputs()["AlarmTopic"]]
    rule = " OR ".join(f'ALARM("{one}")' for one in signs)
    cloudwatch.put_composite_alarm(AlarmName=mine, AlarmRule=rule, AlarmActions=topic, OKActions=topic)
    for one in signs:
        for state in ("ALARM", "OK"):
            cloudwatch.set_alarm_state(AlarmName=one, StateValue=state, StateReason="a test")
            mail.wait_for(mine, state)
    checks.equal(f"signs of {name}", True, len(signs) > 1)


def sign(world, name):
    """The name of an alarm; one that the local AWS cannot make has one in its place."""
    if name in world.stack.resources():
        return world.stack.physical(name)
    mine = f"{world.stack.name}-{name}"
    world.aws.client("cloudwatch").put_metric_alarm(
        AlarmName=mine,
        Namespace="In its place",
        MetricName=name,
        Period=300,
        Statistic="Sum",
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    return mine


def described(world, name):
    found = world.aws.client("cloudwatch").describe_alarms(AlarmNames=[world.stack.physical(name)])
    return found["MetricAlarms"][0]


def put(world, alarm, value):
    data = {"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Value": value}
    world.aws.client("cloudwatch").put_metric_data(Namespace=alarm["Namespace"], MetricData=[data])


def measure(world, function, since):
    """What a function has measured since an instant: lines of its log, of which CloudWatch makes
    metrics and the local one makes none."""
    client = world.aws.client("cloudwatch")
    group = f"/aws/lambda/{world.stack.name}/{function}"
    pages = world.aws.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=group, startTime=since):
        for event in page["events"]:
            if event["message"].startswith('{"_aws"'):
                data(client, json.loads(event["message"]))


def data(client, line):
    for told in line["_aws"]["CloudWatchMetrics"]:
        client.put_metric_data(
            Namespace=told["Namespace"],
            MetricData=[
                {
                    "MetricName": metric["Name"],
                    "Dimensions": [{"Name": name, "Value": line[name]} for name in names],
                    "Value": line[metric["Name"]],
                }
                for names in told["Dimensions"]
                for metric in told["Metrics"]
            ],
        )
