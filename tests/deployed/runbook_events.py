"""Entries of the runbook: events that are put aside, given up, or not published; days to correct."""

from exchange import REDELIVERED_AFTER, corrected, fee, paid, registered
from failures import NOWHERE, TRIES, until
from runbook_nights import DAY_1, DAY_4

DAY_5 = "2027-02-05"


def events_dead_lettered(desk):
    """A fee whose account is not known, twelve times; then the registration comes."""
    here, world, checks = "EventsDeadLettered", desk.world, desk.checks
    world.aws.clock.set(f"{DAY_5}T12:00:00Z")
    code = world.get("/v1/link", "affiliate").json()["code"]
    late = world.uid("late")
    world.exchange.send(fee("late", late, f"{DAY_4}T10:00:00Z"))
    for number in range(TRIES):
        until("the message to be left for later", lambda: world.exchange.waiting() == (1, 1))
        world.aws.clock.go_on(REDELIVERED_AFTER)
    until("the queue to be empty", lambda: world.exchange.waiting() == (0, 0))
    rows = desk.ask(here, """ask ingest 24 'filter fields.message = "batch\"""")
    tries = sum(row["sum(fields.redelivered)"] for row in rows)
    checks.equal("tries in the log", TRIES, tries)
    checks.equal("errors in the log", [], desk.ask(here, "ask ingest 24 'filter level"))
    letters = desk.answer(here, "aws sqs receive-message")["Messages"]
    checks.contains("the dead letter", "late", letters[0]["Body"])
    desk.saw(here, f"{TRIES} tries as `redelivered`, no error, the letter with its fee")
    world.exchange.tell(registered(late, f"{DAY_4}T08:00:00Z", ref=code))
    redrive(desk, late)


def redrive(desk, late):
    """The move itself is done as SQS does it: see `Exchange.redrive`."""
    here, world, checks = "Redrive dead letters", desk.world, desk.checks
    desk.run(here, "ARN=")
    desk.cannot(here, "aws sqs start-message-move-task")
    # They were received, and are not seen again for five seconds.
    world.aws.clock.go_on(6)
    world.exchange.redrive()
    world.exchange.wait_until_ingested()
    checks.equal("dead letters", (0, 0), world.exchange.waiting(world.exchange.dead_letters))
    desk.facts["day"] = DAY_4
    desk.run(here, "operator rollup")
    lines = [line for line in world.lines("affiliate", DAY_4, DAY_4) if line["uid"] == late]
    checks.equal("the fee's line", ["0.00020000"], [line["commission"] for line in lines])
    desk.saw(here, "the queue's ARN; moved as SQS does it, the fee is ingested, and `rollup` books its line")


def events_quarantined(desk):
    """A payment of a run that booked nothing yet, and what nobody can read."""
    here, world, checks = "EventsQuarantined", desk.world, desk.checks
    world.exchange.tell(fee("paid", world.uid("dormant"), f"{DAY_5}T10:00:00Z"))
    run = f"{DAY_5}.{newest_run(world) + 1}"
    world.exchange.tell(paid(world.uid("affiliate"), DAY_5, run, f"{DAY_5}T11:00:00Z"))
    world.exchange.send_text("{ not json")
    world.exchange.wait_until_ingested()
    listed = desk.run(here, "operator quarantine list").output
    [mine] = [line for line in listed.splitlines() if "nothing_booked" in line]
    checks.contains("the list", "unreadable", listed)
    desk.facts["quarantined"] = mine.split()[0]
    shown = desk.run(here, "operator quarantine show")
    checks.contains("the entry", run, shown.output)
    world.nights.after(DAY_5)
    desk.run(here, "operator quarantine replay", status=1)
    listed = desk.run(here, "operator quarantine list").output
    checks.equal("what is left", (0, 1), (listed.count("nothing_booked"), listed.count("unreadable")))
    statuses = {line["status"] for line in world.lines("affiliate", DAY_5, DAY_5)}
    checks.equal("the lines that were paid", {"paid"}, statuses)
    desk.saw(here, "both entries with reasons; replayed, the payment is ingested, the unreadable stays")


def newest_run(world):
    """The number of the last run, by which the next one is known."""
    lines = world.lines("affiliate", DAY_1, DAY_4)
    return max(int(line["runId"].split(".")[1]) for line in lines)


def correct_a_day(desk):
    """A fee is corrected by the exchange, and the difference booked by hand."""
    here, world, checks = "Correct a day", desk.world, desk.checks
    dormant = world.uid("dormant")
    at = "2027-02-06T08:00:00Z"
    world.aws.clock.set("2027-02-06T09:00:00Z")
    world.exchange.tell(corrected("night-3", dormant, "2027-02-03", at, "0.0005", "50"))
    desk.facts["day"], desk.facts["invitee"] = "2027-02-03", dormant
    checks.contains("what is booked", "1 line", desk.run(here, "operator rollup").output)
    checks.contains("the proof", "every one as booked", desk.run(here, "operator verify").output)
    told = desk.run(here, "operator explain").output
    checks.contains("the explanation", "a discount was missing", told)
    desk.saw(here, "one correcting line, the proof of the day, the fee's correction with its cause")


def function_errors(desk):
    """Ingest cannot reach its table, and then can again."""
    here, world, checks = "FunctionErrors", desk.world, desk.checks
    ingest = world.function("Ingest")
    failed = world.aws.failed_batches(ingest)
    world.stack.update(release="second", LocalAwsOfIngest=NOWHERE)
    world.exchange.send(registered(world.uid("hindered")))
    until("the batch to fail", lambda: world.aws.failed_batches(ingest) > failed)
    world.stack.update(release="first", LocalAwsOfIngest=world.aws.endpoint)
    world.aws.clock.go_on(REDELIVERED_AFTER)
    world.exchange.wait_until_ingested()
    [row] = desk.ask(here, "ask ingest 1")
    checks.contains("the error", "Diagnostic", row["fields.message"])
    checks.equal("panics and timeouts of bind", [], desk.ask(here, "ask bind 1"))
    desk.saw(here, "the batch's `Diagnostic` in `ingest`, nothing in `bind`; its message came again")


def events_late(desk):
    """It has no command; the setting that it names is there."""
    mapping = desk.world.aws.client("lambda").get_event_source_mapping(
        UUID=desk.world.stack.physical("IngestQueue")
    )
    desk.checks.contains("how ingest grows", "MaximumConcurrency", mapping["ScalingConfig"])
    desk.saw("EventsLate", "it has no command; `MaximumConcurrency` is set at the queue's mapping")


def outbound_events_late(desk):
    """The stream, too, has the account of a form that the code does not know: see `api_failing`."""
    here, checks = "OutboundEventsLate", desk.checks
    until("publish-events to read it", lambda: errors_of_publish_events(desk))
    rows = desk.ask(here, "ask publish-events 3")
    found = {row["fields.message"] for row in rows}
    checks.equal("lines", {"a record of the stream cannot be read"}, found)
    checks.contains("why", "form", rows[0]["fields.error"])
    desk.saw(here, "the record that cannot be read, with its reason")


def errors_of_publish_events(desk):
    return any(line.get("level") == "ERROR" for line in desk.lines("publish-events", 1))


def outbound_events_dead_lettered(desk):
    here, world = "OutboundEventsDeadLettered", desk.world
    queue = desk.run(here, "out PublishEventsDeadLettersUrl").output.strip()
    desk.checks.equal("the queue's messages", (0, 0), world.exchange.waiting(queue))
    desk.saw(here, "the output names the queue")
