"""Chapter, for information: what the run used, by CloudWatch, and what that costs.

Prices are list prices of us-east-1 without a free tier. The invoice decides: the report names the
command that reads it, a day later.
"""

import datetime
import time
from decimal import Decimal

from template import binaries

MILLION = Decimal(1_000_000)
# Metrics arrive some minutes late.
DELIVERY = 300
# USD for a unit.
PRICES = {
    "Lambda requests": Decimal("0.20") / MILLION,
    "Lambda GB-seconds, arm64": Decimal("0.0000133334"),
    "DynamoDB write units": Decimal("0.625") / MILLION,
    "DynamoDB read units": Decimal("0.125") / MILLION,
    "API requests": Decimal("1.00") / MILLION,
    "SQS messages sent and received": Decimal("0.40") / MILLION,
    "Step Functions transitions": Decimal("25") / MILLION,
    "log bytes": Decimal("0.50") / 10**9,
}


def check(app, checks):
    time.sleep(DELIVERY)
    used = usage(app)
    checks.equal("priced kinds of use", set(PRICES), set(used))
    checks.equal("whether requests are metered", True, used["Lambda requests"] > 0)
    rows = [(name, f"{count:f}", usd(count * PRICES[name])) for name, count in used.items()]
    total = sum(count * PRICES[name] for name, count in used.items())
    rows.append(("together", "", usd(total)))
    for row in rows:
        print("  " + "  ".join(row))
    checks.measure("Use and cost of the run", ("of", "units", "USD"), rows)


def usd(amount):
    return f"{amount.quantize(Decimal('0.000001')):f}"


def usage(app):
    """The units of each kind that the stack has used since it was created."""
    meter = Meter(app)
    functions = list(meter.functions())
    table = {"TableName": app.stack.outputs()["TableName"]}
    queues = [meter.queue(name) for name in ("EventQueueUrl", "EventDeadLettersUrl")]
    messages = ("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfEmptyReceives")
    groups = [f"/aws/lambda/{app.stack.name}/{binary}" for binary in binaries().values()]
    api = {"ApiId": app.stack.physical("Api")}
    return {
        "Lambda requests": sum(meter.sum("AWS/Lambda", "Invocations", one) for one, _ in functions),
        "Lambda GB-seconds, arm64": sum(
            meter.sum("AWS/Lambda", "Duration", one) / 1000 * memory / 1024 for one, memory in functions
        ),
        "DynamoDB write units": meter.sum("AWS/DynamoDB", "ConsumedWriteCapacityUnits", table),
        "DynamoDB read units": meter.sum("AWS/DynamoDB", "ConsumedReadCapacityUnits", table),
        "API requests": meter.sum("AWS/ApiGateway", "Count", api),
        "SQS messages sent and received": sum(
            meter.sum("AWS/SQS", name, queue) for queue in queues for name in messages
        ),
        "Step Functions transitions": Decimal(meter.transitions()),
        "log bytes": sum(
            meter.sum("AWS/Logs", "IncomingBytes", {"LogGroupName": group}) for group in groups
        ),
    }


class Meter:
    """Sums of metrics since the stack was created."""

    def __init__(self, app):
        self.app = app
        self.cloudwatch = app.aws.client("cloudwatch")
        self.begin = app.stack.describe()["CreationTime"]
        self.end = app.aws.clock.now() + datetime.timedelta(minutes=1)

    def sum(self, namespace, metric, dimensions):
        found = self.cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=self.begin,
            EndTime=self.end,
            Period=3600,
            Statistics=["Sum"],
        )
        return sum((Decimal(str(point["Sum"])) for point in found["Datapoints"]), Decimal(0))

    def functions(self):
        """The functions' dimensions and memory in MB."""
        client = self.app.aws.client("lambda")
        for summary in self.app.stack.summaries():
            if summary["ResourceType"] == "AWS::Lambda::Function":
                name = summary["PhysicalResourceId"]
                found = client.get_function_configuration(FunctionName=name)
                yield {"FunctionName": name}, found["MemorySize"]

    def queue(self, output):
        return {"QueueName": self.app.stack.outputs()[output].rsplit("/", 1)[1]}

    def transitions(self):
        """State transitions of all executions of the night and its days."""
        states = self.app.aws.client("stepfunctions")
        pages = states.get_paginator("list_executions")
        machine = self.app.stack.outputs()["NightlyArn"]
        count = 0
        for page in pages.paginate(stateMachineArn=machine):
            for execution in page["executions"]:
                history = states.get_paginator("get_execution_history")
                for events in history.paginate(executionArn=execution["executionArn"]):
                    count += sum(one["type"].endswith("StateEntered") for one in events["events"])
        return count
