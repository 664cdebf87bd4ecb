"""Entries of the runbook: quarantined, dead-lettered and unpublished events; corrections of days."""

from exchange import REDELIVERED_AFTER, corrected, fee, paid, registered
from failures import NOWHERE, TRIES, until
from runbook_nights import DAY_1, DAY_4

DAY_5 = "2027-02-05"


def events_dead_lettered(runner):
    """A fee of an unknown account fails twelve times; then the registration arrives."""
    here, app, checks = "EventsDeadLettered", runner.app, runner.checks
    app.aws.clock.set(f"{DAY_5}T12:00:00Z")
    code = app.get("/v1/link", "affiliate").json()["code"]
    late = app.uid("late")
    app.exchange.send(fee("late", late, f"{DAY_4}T10:00:00Z"))
    for number in range(1, TRIES + 1):
        # A clock that moves during a try would end the function's time, and the try has no line then.
        until(f"try {number} in the log", lambda: logged_tries(runner) >= number)
        until("the message to be redelivered later", lambda: app.exchange.waiting() == (1, 1))
        app.aws.clock.advance(REDELIVERED_AFTER)
    until("the queue to be empty", lambda: app.exchange.waiting() == (0, 0))
    rows = runner.ask(here, """ask ingest 24 'filter fields.message = "batch\"""")
    tries = sum(row["sum(fields.redelivered)"] for row in rows)
    checks.equal("tries in the log", TRIES, tries)
    checks.equal("errors in the log", [], runner.ask(here, "ask ingest 24 'filter level"))
    messages = runner.answer(here, "aws sqs receive-message")["Messages"]
    checks.contains("the message of the dead-letter queue", "late", messages[0]["Body"])
    runner.record(here, f"{TRIES} tries as `redelivered`, no error, the message with its fee")
    app.exchange.send_and_wait(registered(late, f"{DAY_4}T08:00:00Z", ref=code))
    redrive(runner, late)


def logged_tries(runner):
    """How often the log says that a message of a batch goes back to the queue."""
    batches = [line for line in runner.lines("ingest", 24) if line.get("fields.message") == "batch"]
    return sum(line.get("fields.redelivered", 0) for line in batches)


def redrive(runner, late):
    """The move itself is done as SQS does it: see `Exchange.redrive`."""
    here, app, checks = "Redrive dead letters", runner.app, runner.checks
    runner.run(here, "ARN=")
    runner.expect_failure(here, "aws sqs start-message-move-task")
    # They were received, and are not seen again for five seconds.
    app.aws.clock.advance(6)
    app.exchange.redrive()
    app.exchange.wait_until_ingested()
    checks.equal("messages of the dead-letter queue", (0, 0), app.exchange.waiting(app.exchange.dead_letters))
    runner.facts["day"] = DAY_4
    runner.run(here, "operator rollup")
    lines = [line for line in app.lines("affiliate", DAY_4, DAY_4) if line["uid"] == late]
    checks.equal("the fee's line", ["0.00020000"], [line["commission"] for line in lines])
    runner.record(here, "the queue's ARN; moved as SQS does it, the fee is ingested, and `rollup` books its line")


def events_quarantined(runner):
    """A payment of a run that booked nothing yet, and invalid JSON."""
    here, app, checks = "EventsQuarantined", runner.app, runner.checks
    app.exchange.send_and_wait(fee("paid", app.uid("dormant"), f"{DAY_5}T10:00:00Z"))
    run = f"{DAY_5}.{newest_run(app) + 1}"
    app.exchange.send_and_wait(paid(app.uid("affiliate"), DAY_5, run, f"{DAY_5}T11:00:00Z"))
    app.exchange.send_text("{ not json")
    app.exchange.wait_until_ingested()
    listed = runner.run(here, "operator quarantine list").output
    [mine] = [line for line in listed.splitlines() if "nothing_booked" in line]
    checks.contains("the list", "unreadable", listed)
    runner.facts["quarantined"] = mine.split()[0]
    shown = runner.run(here, "operator quarantine show")
    checks.contains("the entry", run, shown.output)
    app.nights.after(DAY_5)
    runner.run(here, "operator quarantine replay", status=1)
    listed = runner.run(here, "operator quarantine list").output
    checks.equal("the remaining entries", (0, 1), (listed.count("nothing_booked"), listed.count("unreadable")))
    statuses = {line["status"] for line in app.lines("affiliate", DAY_5, DAY_5)}
    checks.equal("the lines that were paid", {"paid"}, statuses)
    runner.record(here, "both entries with reasons; replayed, the payment is ingested, the unreadable stays")


def newest_run(app):
    """The number of the last run, by which the next one is known."""
    lines = app.lines("affiliate", DAY_1, DAY_4)
    return max(int(line["runId"].split(".")[1]) for line in lines)


def correct_a_day(runner):
    """The exchange corrects a fee, and the difference is booked manually."""
    here, app, checks = "Correct a day", runner.app, runner.checks
    dormant = app.uid("dormant")
    at = "2027-02-06T08:00:00Z"
    app.aws.clock.set("2027-02-06T09:00:00Z")
    app.exchange.send_and_wait(corrected("night-3", dormant, "2027-02-03", at, "0.0005", "50"))
    runner.facts["day"], runner.facts["invitee"] = "2027-02-03", dormant
    checks.contains("what is booked", "1 line", runner.run(here, "operator rollup").output)
    checks.contains("the proof", "every one as booked", runner.run(here, "operator verify").output)
    explanation = runner.run(here, "operator explain").output
    checks.contains("the explanation", "a discount was missing", explanation)
    runner.record(here, "one correcting line, the proof of the day, the fee's correction with its cause")


def function_errors(runner):
    """Ingest cannot reach its table, and then can again."""
    here, app, checks = "FunctionErrors", runner.app, runner.checks
    ingest = app.function("Ingest")
    failed = app.aws.failed_batches(ingest)
    app.stack.update(release="second", LocalAwsOfIngest=NOWHERE)
    app.exchange.send(registered(app.uid("hindered")))
    until("the batch to fail", lambda: app.aws.failed_batches(ingest) > failed)
    app.stack.update(release="first", LocalAwsOfIngest=app.aws.endpoint)
    app.aws.clock.advance(REDELIVERED_AFTER)
    app.exchange.wait_until_ingested()
    [row] = runner.ask(here, "ask ingest 1")
    checks.contains("the error", "Diagnostic", row["fields.message"])
    checks.equal("panics and timeouts of bind", [], runner.ask(here, "ask bind 1"))
    runner.record(here, "the batch's `Diagnostic` in `ingest`, nothing in `bind`; its message was redelivered")


def events_late(runner):
    """It has no command; the setting that it names is there."""
    mapping = runner.app.aws.client("lambda").get_event_source_mapping(
        UUID=runner.app.stack.physical("IngestQueue")
    )
    runner.checks.contains("how ingest grows", "MaximumConcurrency", mapping["ScalingConfig"])
    runner.record("EventsLate", "it has no command; `MaximumConcurrency` is set at the queue's mapping")


def outbound_events_late(runner):
    """The stream has the account with the unknown schema version: see `api_failing`."""
    here, checks = "OutboundEventsLate", runner.checks
    until("publish-events to read it", lambda: errors_of_publish_events(runner))
    rows = runner.ask(here, "ask publish-events 3")
    found = {row["fields.message"] for row in rows}
    checks.equal("lines", {"a record of the stream cannot be read"}, found)
    checks.contains("why", "form", rows[0]["fields.error"])
    runner.record(here, "the record that cannot be read, with its reason")


def errors_of_publish_events(runner):
    return any(line.get("level") == "ERROR" for line in runner.lines("publish-events", 1))


def outbound_events_dead_lettered(runner):
    here, app = "OutboundEventsDeadLettered", runner.app
    queue = runner.run(here, "out PublishEventsDeadLettersUrl").output.strip()
    runner.checks.equal("the queue's messages", (0, 0), app.exchange.waiting(queue))
    runner.record(here, "the output names the queue")
