"""The alarms: each exists, fires by its metric, and notifies."""

import json
import re
import time

from adapters import LEFT_OUT, kind
from template import expand, of_type

METRIC = "AWS::CloudWatch::Alarm"
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
PATIENCE = 10


class Mail:
    """A queue that is subscribed to the topic of all alarms."""

    def __init__(self, app):
        self.sqs = app.aws.client("sqs")
        self.queue = self.sqs.create_queue(QueueName=f"{app.stack.name}-mail")["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        app.aws.client("sns").subscribe(
            TopicArn=app.stack.outputs()["AlarmTopic"],
            Protocol="sqs",
            Endpoint=found["Attributes"]["QueueArn"],
        )

    def wait_for(self, alarm, state):
        """Waits for the notification that an alarm has a state."""
        deadline = time.monotonic() + PATIENCE
        received = []
        while (alarm, state) not in received:
            if time.monotonic() > deadline:
                raise AssertionError(f"expected a notification of {alarm} {state}, found {received}")
            received += self.notifications()

    def notifications(self):
        received = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        for message in received.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            content = json.loads(json.loads(message["Body"])["Message"])
            yield content["AlarmName"], content["NewStateValue"]


def fire_all(app, checks):
    """Lets each alarm fire; returns how, by the alarm's name."""
    template = expand(app.stack.release)
    mail = Mail(app)
    fired = {}
    for name, alarm in of_type(template, METRIC).items():
        if kind(alarm) in LEFT_OUT:
            fired[name] = "is not created: an expression over several metrics"
        else:
            fires(app, checks, mail, name)
            fired[name] = "fires by its metric"
    for name, alarm in of_type(template, COMPOSITE).items():
        composite_fires(app, checks, mail, name, alarm)
        fired[name] = "fires by each of its alarms, and notifies"
    return fired


def fires(app, checks, mail, name):
    """The metric exceeds the threshold, and returns. The local AWS evaluates neither dimensions nor
    more than one period."""
    alarm = described(app, name)
    over = alarm["Threshold"] + 1
    put(app, alarm, over)
    checks.equal(f"{name} over its threshold", "ALARM", described(app, name)["StateValue"])
    if alarm["AlarmActions"]:
        mail.wait_for(alarm["AlarmName"], "ALARM")
    app.aws.clock.advance(alarm["Period"] * alarm["EvaluationPeriods"] + 1)
    put(app, alarm, 0)
    checks.equal(f"{name} below its threshold", "OK", described(app, name)["StateValue"])


def composite_fires(app, checks, mail, name, alarm):
    """Creates the composite alarm, which the stack lacks, from the alarms that its rule names. Each of
    them alone lets it fire, and it returns to OK with them."""
    cloudwatch = app.aws.client("cloudwatch")
    names = sorted(set(re.findall(r"ALARM\(..?\$\{(\w+)\}", json.dumps(alarm["Properties"]["AlarmRule"]))))
    children = [child_alarm(app, one) for one in names]
    mine = f"{app.stack.name}-{name}"
    topic = [app.stack.outputs()["AlarmTopic"]]
    rule = " OR ".join(f'ALARM("{one}")' for one in children)
    cloudwatch.put_composite_alarm(AlarmName=mine, AlarmRule=rule, AlarmActions=topic, OKActions=topic)
    for one in children:
        for state in ("ALARM", "OK"):
            cloudwatch.set_alarm_state(AlarmName=one, StateValue=state, StateReason="a test")
            mail.wait_for(mine, state)
    checks.equal(f"alarms of {name}", True, len(children) > 1)


def child_alarm(app, name):
    """The name of an alarm. A simple one replaces one that the local AWS cannot create."""
    if name in app.stack.resources():
        return app.stack.physical(name)
    mine = f"{app.stack.name}-{name}"
    app.aws.client("cloudwatch").put_metric_alarm(
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


def described(app, name):
    found = app.aws.client("cloudwatch").describe_alarms(AlarmNames=[app.stack.physical(name)])
    return found["MetricAlarms"][0]


def put(app, alarm, value):
    data = {"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Value": value}
    app.aws.client("cloudwatch").put_metric_data(Namespace=alarm["Namespace"], MetricData=[data])


def measure(app, function, since):
    """Sends a function's metrics since an instant to CloudWatch: AWS reads them from log lines, the
    local AWS does not."""
    client = app.aws.client("cloudwatch")
    group = f"/aws/lambda/{app.stack.name}/{function}"
    pages = app.aws.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=group, startTime=since):
        for event in page["events"]:
            if event["message"].startswith('{"_aws"'):
                data(client, json.loads(event["message"]))


def data(client, line):
    for directive in line["_aws"]["CloudWatchMetrics"]:
        client.put_metric_data(
            Namespace=directive["Namespace"],
            MetricData=[
                {
                    "MetricName": metric["Name"],
                    "Dimensions": [{"Name": name, "Value": line[name]} for name in names],
                    "Value": line[metric["Name"]],
                }
                for names in directive["Dimensions"]
                for metric in directive["Metrics"]
            ],
        )
