"""Entries of the runbook: nights that fail, do not start, or are refused."""

import json

from exchange import fee
from failures import days_set_aside, items
from nights import expect_success
from runbook_alarms import described, measure, put

# The first day's night fails, the second day's does not start, the third day's is refused.
DAY_1, DAY_2, DAY_3, DAY_4 = "2027-02-01", "2027-02-02", "2027-02-03", "2027-02-04"
NIGHT_2 = f"{DAY_3}T00:30:00Z"
QUARTER_OF_AN_HOUR = 900
# A fee's amount in the smallest unit, as a shard's report has it in bytes, and one unit more.
AMOUNT, ANOTHER = b"\xc0\x9a\x0c", b"\xc2\x9a\x0c"


def night_failed(runner):
    """The ledger's head cannot be read; then it can."""
    here, app, checks = "NightFailed", runner.app, runner.checks
    table = {"TableName": app.stack.physical("Table")}
    dynamodb = app.aws.client("dynamodb")
    heads = items(app, "HEAD")
    broken = {"pk": {"S": "HEAD"}, "sk": {"S": "HEAD"}}
    dynamodb.put_item(Item=broken | {"v": {"N": "1"}}, **table)
    checks.equal("the broken night", "FAILED", app.nights.after(DAY_1)["status"])
    failed = runner.answer(here, "aws stepfunctions list-executions")["executions"]
    runner.facts["execution"] = failed[0]["executionArn"]
    error, _, given = runner.answer(here, "aws stepfunctions describe-execution")
    checks.equal("its error", "HeadUnreadable", error)
    rows = runner.ask(here, """ask daily-commission 12 'filter fields.message = "step\"""")
    found = {(row["fields.step"], row["fields.day"], row["fields.outcome"]) for row in rows}
    checks.equal("steps that were not done", {("plan", DAY_1, "HeadUnreadable")}, found)
    [row] = runner.ask(here, "ask daily-commission 12 'filter fields.message like /Diagnostic/")
    checks.contains("what the step says", "cannot be read", row["fields.message"])
    dynamodb.delete_item(Key=broken, **table)
    for head in heads:
        dynamodb.put_item(Item=head, **table)
    runner.facts["night"] = json.loads(given)["scheduledTime"]
    start_the_night(runner)
    booked = app.lines("affiliate", DAY_1, DAY_1)
    checks.equal("whether the day is booked", True, len(booked) > 0)
    runner.record(here, f"error `{error}`, the plan `HeadUnreadable` in the log; started again, the day is booked")


def start_the_night(runner):
    started = runner.answer("NightFailed", "aws stepfunctions start-execution")
    expect_success(runner.app.nights.ended(started["executionArn"]))


def day_not_closed(runner):
    """At 02:30 the night has not started; the check measures the age of the data."""
    here, app, checks = "DayNotClosed", runner.app, runner.checks
    app.aws.clock.set(f"{DAY_3}T02:30:00Z")
    age = measure_data_age(app)
    checks.equal("the alarm without a night", "ALARM", described(app, here)["StateValue"])
    # The engineer reads the graph a minute later.
    app.aws.clock.advance(60)
    points = runner.answer(here, "aws cloudwatch get-metric-statistics")["Datapoints"]
    checks.equal("the graph's top", age, max(point["Maximum"] for point in points))
    executions = runner.answer(here, "aws stepfunctions list-executions")["executions"]
    names = [execution["name"] for execution in executions]
    checks.equal("executions of the night", 0, names.count(f"scheduled-{DAY_3}"))
    state = runner.answer(here, "aws scheduler get-schedule")
    checks.equal("the schedule, as the adapters hold it", "DISABLED", state)
    rows = runner.ask(here, "ask daily-commission 6")
    checks.equal("the outcome of the check", "done", rows[0]["fields.outcome"])
    firing = runner.answer("NightlyUnhealthy", "aws cloudwatch describe-alarms")
    checks.contains("the alarms that fire", described(app, here)["AlarmName"], firing)
    runner.record("NightlyUnhealthy", "names DayNotClosed while the night is missing")
    runner.facts["night"] = NIGHT_2
    start_the_night(runner)
    app.aws.clock.advance(2 * QUARTER_OF_AN_HOUR + 1)
    measure_data_age(app)
    checks.equal("the alarm after the night", "OK", described(app, here)["StateValue"])
    runner.record(here, "DataAge of 26.5 hours, no execution; after a manual start the alarm returns to OK")


def measure_data_age(app):
    """Runs the check with its schedule's input, and sends its metrics; returns the age in seconds."""
    since = int(app.aws.clock.now().timestamp() * 1000)
    target = app.aws.client("scheduler").get_schedule(Name=f"{app.stack.name}-check")["Target"]
    answer = invoke(app, json.loads(target["Input"]))
    measure(app, "daily-commission", since)
    return answer["dataAgeSeconds"]


def conservation_refused(runner):
    """A shard's report is changed between its fold and the commit."""
    here, app, checks = "ConservationRefused", runner.app, runner.checks
    app.aws.clock.set(f"{DAY_3}T12:00:00Z")
    app.exchange.send_and_wait(fee("night-3", app.uid("dormant"), f"{DAY_3}T10:00:00Z"))
    app.aws.clock.set(f"{DAY_4}T00:21:00Z")
    since = int(app.aws.clock.now().timestamp() * 1000)
    refused = refused_run(app)
    checks.contains("what the commit says", "was refused", refused["setAside"])
    checks.equal("deferred days", [DAY_3], list(days_set_aside(app)))
    put(app, described(app, here), 0)
    measure(app, "daily-commission", since)
    checks.equal("the alarm", "ALARM", described(app, here)["StateValue"])
    [row] = runner.ask(here, "ask daily-commission 24")
    checks.equal("the line", DAY_3, row["fields.day"])
    runner.facts["day"] = DAY_3
    proved = runner.run(here, "operator verify", status=1)
    checks.contains("the unbooked fee", "not booked yet: 1 fee", proved.output)
    backup = runner.answer(here, "aws dynamodb create-backup")["BackupDetails"]
    checks.equal("the backup", "AVAILABLE", backup["BackupStatus"])
    expect_success(app.nights.after(DAY_3))
    proved = runner.run(here, "operator verify")
    checks.contains("the proof", "every one as booked", proved.output)
    runner.record(here, "the day in the line, its fee as unbooked by `verify`, a backup; the next run books it")


def refused_run(app):
    """The steps of a run up to its commit, whose answer has the reason of the deferral."""
    [day] = invoke(app, {"step": "plan", "day": DAY_3})["days"]
    for shard in day["shards"]:
        invoke(app, {"step": "fold", "day": DAY_3, "run": day["run"], "shard": shard})
    table = {"TableName": app.stack.physical("Table")}
    for report in items(app, f"R#{day['run']}"):
        content = next(name for name, value in report.items() if "B" in value)
        report[content]["B"] = report[content]["B"].replace(AMOUNT, ANOTHER, 1)
        app.aws.client("dynamodb").put_item(Item=report, **table)
    shards = day["shards"]
    return invoke(app, {"step": "commit", "day": DAY_3, "run": day["run"], "shards": shards})


def invoke(app, step):
    """One step, as the state machine calls it."""
    answer = app.aws.client("lambda").invoke(
        FunctionName=f"{app.function('DailyCommission')}:live", Payload=json.dumps(step)
    )
    return json.load(answer["Payload"])


def schedule_undelivered(runner):
    """The scheduler discarded a night. The local one keeps no message, so the test sends it."""
    here, app, checks = "ScheduleUndelivered", runner.app, runner.checks
    at = f"{DAY_4}T00:30:00Z"
    app.aws.client("sqs").send_message(
        QueueUrl=app.stack.outputs()["ScheduleDeadLettersUrl"],
        MessageBody=json.dumps({"scheduledTime": at}),
        MessageAttributes={"ERROR_MESSAGE": {"DataType": "String", "StringValue": "not allowed"}},
    )
    [message] = runner.answer(here, "aws sqs receive-message")["Messages"]
    why = message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    checks.equal("why", "not allowed", why)
    runner.facts["night"] = json.loads(message["Body"])["scheduledTime"]
    start_the_night(runner)
    runner.facts["handle"] = message["ReceiptHandle"]
    runner.run(here, "aws sqs delete-message")
    left = app.exchange.waiting(app.stack.outputs()["ScheduleDeadLettersUrl"])
    checks.equal("messages left", (0, 0), left)
    runner.record(here, "the reason is read, the night is started with the body, the message is deleted")
