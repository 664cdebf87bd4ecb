"""Entries of the runbook: nights that fail, do not come, or are refused."""

import json

from exchange import fee
from failures import days_set_aside, items
from nights import expect_success
from runbook_rings import described, measure, put

# The first day's night fails, the second day's does not come, the third day's is refused.
DAY_1, DAY_2, DAY_3, DAY_4 = "2027-02-01", "2027-02-02", "2027-02-03", "2027-02-04"
NIGHT_2 = f"{DAY_3}T00:30:00Z"
QUARTER_OF_AN_HOUR = 900
# A fee's amount in the smallest unit, as a shard's report has it in bytes, and one unit more.
AMOUNT, ANOTHER = b"\xc0\x9a\x0c", b"\xc2\x9a\x0c"


def night_failed(desk):
    """The ledger's head cannot be read; then it can."""
    here, world, checks = "NightFailed", desk.world, desk.checks
    table = {"TableName": world.stack.physical("Table")}
    dynamodb = world.aws.client("dynamodb")
    heads = items(world, "HEAD")
    broken = {"pk": {"S": "HEAD"}, "sk": {"S": "HEAD"}}
    dynamodb.put_item(Item=broken | {"v": {"N": "1"}}, **table)
    checks.equal("the broken night", "FAILED", world.nights.after(DAY_1)["status"])
    failed = desk.answer(here, "aws stepfunctions list-executions")["executions"]
    desk.facts["execution"] = failed[0]["executionArn"]
    error, _, given = desk.answer(here, "aws stepfunctions describe-execution")
    checks.equal("its error", "HeadUnreadable", error)
    rows = desk.ask(here, """ask daily-commission 12 'filter fields.message = "step\"""")
    found = {(row["fields.step"], row["fields.day"], row["fields.outcome"]) for row in rows}
    checks.equal("steps that were not done", {("plan", DAY_1, "HeadUnreadable")}, found)
    [row] = desk.ask(here, "ask daily-commission 12 'filter fields.message like /Diagnostic/")
    checks.contains("what the step says", "cannot be read", row["fields.message"])
    dynamodb.delete_item(Key=broken, **table)
    for head in heads:
        dynamodb.put_item(Item=head, **table)
    desk.facts["night"] = json.loads(given)["scheduledTime"]
    start_the_night(desk)
    booked = world.lines("affiliate", DAY_1, DAY_1)
    checks.equal("whether the day is booked", True, len(booked) > 0)
    desk.saw(here, f"error `{error}`, the plan `HeadUnreadable` in the log; started again, the day is booked")


def start_the_night(desk):
    started = desk.answer("NightFailed", "aws stepfunctions start-execution")
    expect_success(desk.world.nights.ended(started["executionArn"]))


def day_not_closed(desk):
    """At 02:30 the night has not come; the check says how old the data are."""
    here, world, checks = "DayNotClosed", desk.world, desk.checks
    world.aws.clock.set(f"{DAY_3}T02:30:00Z")
    age = look_how_old(world)
    checks.equal("the alarm without a night", "ALARM", described(world, here)["StateValue"])
    # Whoever is called comes a minute later.
    world.aws.clock.go_on(60)
    points = desk.answer(here, "aws cloudwatch get-metric-statistics")["Datapoints"]
    checks.equal("the graph's top", age, max(point["Maximum"] for point in points))
    executions = desk.answer(here, "aws stepfunctions list-executions")["executions"]
    names = [execution["name"] for execution in executions]
    checks.equal("executions of the night", 0, names.count(f"scheduled-{DAY_3}"))
    state = desk.answer(here, "aws scheduler get-schedule")
    checks.equal("the schedule, as the adapters hold it", "DISABLED", state)
    rows = desk.ask(here, "ask daily-commission 6")
    checks.equal("what became of the check", "done", rows[0]["fields.outcome"])
    ringing = desk.answer("NightlyUnhealthy", "aws cloudwatch describe-alarms")
    checks.contains("the signs that ring", described(world, here)["AlarmName"], ringing)
    desk.saw("NightlyUnhealthy", "names DayNotClosed while the night is missing")
    desk.facts["night"] = NIGHT_2
    start_the_night(desk)
    world.aws.clock.go_on(2 * QUARTER_OF_AN_HOUR + 1)
    look_how_old(world)
    checks.equal("the alarm after the night", "OK", described(world, here)["StateValue"])
    desk.saw(here, "DataAge of 26.5 hours in graph and log, no execution; started by hand, the alarm goes back")


def look_how_old(world):
    """The check, as its schedule has it, and what it measures; answers the age in seconds."""
    since = int(world.aws.clock.now().timestamp() * 1000)
    target = world.aws.client("scheduler").get_schedule(Name=f"{world.stack.name}-check")["Target"]
    answer = invoke(world, json.loads(target["Input"]))
    measure(world, "daily-commission", since)
    return answer["dataAgeSeconds"]


def conservation_refused(desk):
    """Somebody changes a shard's report between its fold and the commit."""
    here, world, checks = "ConservationRefused", desk.world, desk.checks
    world.aws.clock.set(f"{DAY_3}T12:00:00Z")
    world.exchange.tell(fee("night-3", world.uid("dormant"), f"{DAY_3}T10:00:00Z"))
    world.aws.clock.set(f"{DAY_4}T00:21:00Z")
    since = int(world.aws.clock.now().timestamp() * 1000)
    refused = refused_run(world)
    checks.contains("what the commit says", "was refused", refused["setAside"])
    checks.equal("days set aside", [DAY_3], list(days_set_aside(world)))
    put(world, described(world, here), 0)
    measure(world, "daily-commission", since)
    checks.equal("the alarm", "ALARM", described(world, here)["StateValue"])
    [row] = desk.ask(here, "ask daily-commission 24")
    checks.equal("the line", DAY_3, row["fields.day"])
    desk.facts["day"] = DAY_3
    proved = desk.run(here, "operator verify", status=1)
    checks.contains("what is due", "not booked yet: 1 fee", proved.output)
    backup = desk.answer(here, "aws dynamodb create-backup")["BackupDetails"]
    checks.equal("the backup", "AVAILABLE", backup["BackupStatus"])
    expect_success(world.nights.after(DAY_3))
    proved = desk.run(here, "operator verify")
    checks.contains("the proof", "every one as booked", proved.output)
    desk.saw(here, "the day in the line, its fee as due by `verify`, a backup; the next run books it")


def refused_run(world):
    """The steps of a run up to its commit, whose answer says why it is set aside."""
    [day] = invoke(world, {"step": "plan", "day": DAY_3})["days"]
    for shard in day["shards"]:
        invoke(world, {"step": "fold", "day": DAY_3, "run": day["run"], "shard": shard})
    table = {"TableName": world.stack.physical("Table")}
    for report in items(world, f"R#{day['run']}"):
        content = next(name for name, value in report.items() if "B" in value)
        report[content]["B"] = report[content]["B"].replace(AMOUNT, ANOTHER, 1)
        world.aws.client("dynamodb").put_item(Item=report, **table)
    shards = day["shards"]
    return invoke(world, {"step": "commit", "day": DAY_3, "run": day["run"], "shards": shards})


def invoke(world, step):
    """One step, as the state machine calls it."""
    answer = world.aws.client("lambda").invoke(
        FunctionName=f"{world.function('DailyCommission')}:live", Payload=json.dumps(step)
    )
    return json.load(answer["Payload"])


def schedule_undelivered(desk):
    """The scheduler gave a night up. The local one keeps nothing, so its message is put there."""
    here, world, checks = "ScheduleUndelivered", desk.world, desk.checks
    at = f"{DAY_4}T00:30:00Z"
    world.aws.client("sqs").send_message(
        QueueUrl=world.stack.outputs()["ScheduleDeadLettersUrl"],
        MessageBody=json.dumps({"scheduledTime": at}),
        MessageAttributes={"ERROR_MESSAGE": {"DataType": "String", "StringValue": "not allowed"}},
    )
    [letter] = desk.answer(here, "aws sqs receive-message")["Messages"]
    why = letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    checks.equal("why", "not allowed", why)
    desk.facts["night"] = json.loads(letter["Body"])["scheduledTime"]
    start_the_night(desk)
    desk.facts["handle"] = letter["ReceiptHandle"]
    desk.run(here, "aws sqs delete-message")
    left = world.exchange.waiting(world.stack.outputs()["ScheduleDeadLettersUrl"])
    checks.equal("letters left", (0, 0), left)
    desk.saw(here, "a made letter's reason is read, the night is started with its body, the letter is gone")
