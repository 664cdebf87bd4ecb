"""Entries of the runbook: its procedures."""

from exchange import registered
from local_aws import parameters
from stack import LocalStack
from template import read

DAYS = "2027-02-01..2027-02-05"
# Seconds after which every process has read the signing keys again.
KNOWN_EVERYWHERE = 16 * 60
PROTECTED = "DeletionProtectionEnabled"
QUEUES = ("EventQueueUrl", "EventDeadLettersUrl", "ScheduleDeadLettersUrl", "PublishEventsDeadLettersUrl")


def deploy(runner):
    """Deploys other code at once: CodeDeploy's part is left out."""
    runner.exclude("sam")
    runner.run("Deploy", "sam build")
    runner.terminal.sam_calls()
    before = live(runner)
    runner.app.stack.update(release="second")
    runner.checks.equal("whether other code is live", True, live(runner)["CodeSha256"] != before["CodeSha256"])
    runner.record("Deploy", "other code is live, at once")


def live(runner):
    """The configuration of the version that the alias of bind serves."""
    return runner.app.aws.client("lambda").get_function_configuration(
        FunctionName=runner.app.function("Bind"), Qualifier="live"
    )


def roll_back(runner):
    """Rolls back from a version with a tenth of the calls, by the alias and then by a deployment."""
    here, app, checks = "Roll back", runner.app, runner.checks
    before = live(runner)
    runner.run(here, "FUNCTION=")
    versions = runner.answer(here, "aws lambda list-versions-by-function")
    numbers = [number for number, *_ in versions if number != "$LATEST"]
    checks.contains("the version that is live", before["Version"], numbers)
    runner.facts["version"] = next(number for number in numbers if number != before["Version"])
    app.aws.client("lambda").update_alias(
        FunctionName=app.function("Bind"),
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {runner.facts["version"]: 0.1}},
    )
    alias = runner.answer(here, "aws lambda update-alias")
    found = alias["FunctionVersion"], alias.get("RoutingConfig")
    checks.equal("the alias", (runner.facts["version"], None), found)
    checks.equal("the live version", runner.facts["version"], live(runner)["Version"])
    checks.equal("whether it is other code", True, live(runner)["CodeSha256"] != before["CodeSha256"])
    serves(runner, runner.facts["version"])
    runner.run(here, "sam build")
    update(runner, here, release="first")
    runner.record(here, "the alias, of two versions before, serves one, which answers; then a deployment")


def serves(runner, version):
    """Calls the API, and checks that the version's log has the call."""
    streams = {"logGroupName": f"/aws/lambda/{runner.app.stack.name}/bind"}
    runner.app.get("/v1/binding", "dormant")
    found = runner.app.aws.client("logs").describe_log_streams(**streams)["logStreams"]
    newest = max(found, key=lambda stream: stream.get("lastEventTimestamp", 0))
    runner.checks.contains("the log of the newest call", f"[{version}]", newest["logStreamName"])


def update(runner, heading, **more):
    """Deploys what the entry asks of `sam`, with the parameters that it names."""
    runner.run(heading, "sam deploy")
    [*_, words] = runner.terminal.sam_calls()
    _, _, given = words.partition("--parameter-overrides ")
    runner.app.stack.update(**more, **dict(one.split("=") for one in given.split()))


def rotate(runner):
    """A list is read across the change to the new key and the removal of the old one. Nothing is
    deployed: the functions read the secret again."""
    here, app, checks = "Rotate the signing keys", runner.app, runner.checks
    before = opened(app)
    for command in ("SECRET=", "OLD=", "NEW=", "aws secretsmanager put"):
        runner.run(here, command)
    old, new = keys(app)
    app.aws.clock.advance(KNOWN_EVERYWHERE)
    checks.equal("the list continues", 200, read_on(app, before).status)
    for command in ("SECRET=", "KEYS=", "aws secretsmanager put"):
        runner.run(here, command)
    checks.equal("keys", [new, old], keys(app))
    app.aws.clock.advance(KNOWN_EVERYWHERE)
    checks.equal("the list by the old key continues", 200, read_on(app, before).status)
    between = opened(app)
    bound = app.call("POST", "/v1/bind", "late decider", {"confirmation": between["confirmation"]})
    checks.equal("the bind", 201, bound.status)
    for command in ("SECRET=", "KEYS=", "aws secretsmanager put"):
        runner.run(here, command)
    checks.equal("keys", [new], keys(app))
    app.aws.clock.advance(KNOWN_EVERYWHERE)
    checks.equal("the list by the new key", 200, read_on(app, between).status)
    checks.equal("the list by the old key", 400, read_on(app, before).status)
    runner.record(here, "a list continues over the change; after it only cursors of the new key are valid")


def opened(app):
    """A window that is open, and a list of which one page is read."""
    code = app.get("/v1/link", "affiliate").json()["code"]
    window = app.get(f"/v1/bind?ref={code}", "late decider").json()
    page = app.get(LIST, "affiliate").json()
    return {"confirmation": window.get("confirmation"), "cursor": page["nextCursor"]}


LIST = "/v1/dashboard/commissions?from=2027-02-01&to=2027-02-05&limit=1"


def read_on(app, before):
    return app.get(f"{LIST}&cursor={before['cursor']}", "affiliate")


def keys(app):
    secret = app.aws.client("secretsmanager").get_secret_value(SecretId=app.stack.physical("SigningKeys"))
    return secret["SecretString"].split(",")


def restore(runner):
    """The drill, and an adoption. The local AWS restores the present, regardless of the time."""
    here, app, checks = "Restore the table", runner.app, runner.checks
    runner.facts["instant"], runner.facts["days"] = "2027-02-06T10:00:00Z", DAYS
    before = app.lines("affiliate", *DAYS.split(".."))
    own = app.stack.physical("Table")
    runner.run(here, "aws dynamodb restore-table-to-point-in-time")
    runner.run(here, "aws dynamodb wait table-exists --table-name recall-drill")
    proved(runner, here, "operator --table recall-drill verify")
    runner.run(here, "aws dynamodb delete-table --table-name recall-drill")
    update(runner, here)
    for command in ("aws lambda update-event", "aws lambda put-function", "aws lambda put-function"):
        runner.run(here, command)
    checks.equal("the writers", ("Disabled", 0, 0), writers(runner))
    for command in ("RESTORED=", "aws dynamodb restore-table-to-point-in-time", "aws dynamodb wait"):
        runner.run(here, command)
    proved(runner, here, "operator --table $RESTORED verify")
    for command in ("update-table", "wait", "update-time-to-live", "update-continuous-backups"):
        runner.run(here, f"aws dynamodb {command}")
    for command in ("ARN=", "STREAM="):
        runner.run(here, command)
    update(runner, here)
    runner.run(here, "export TABLE_NAME=")
    adopted = app.stack.outputs()["TableName"]
    checks.equal("the adopted table", f"{own}-restored", adopted)
    same_settings(app, checks, own, adopted)
    for command in ("aws lambda put-function", "aws lambda put-function", "aws lambda update-event"):
        runner.run(here, command)
    checks.equal("the writers after the restore", ("Enabled", 200, 100), writers(runner))
    checks.equal("the affiliate's lines", before, app.lines("affiliate", *DAYS.split("..")))
    written_to(app, checks, own, adopted)
    runner.record(here, "the copy is proved and adopted; affiliates read the same lines, and new items are in it")


def proved(runner, here, command):
    summary = runner.run(here, command).output.strip().splitlines()[-1]
    found = "(5 days)" in summary, "every one as booked" in summary
    runner.checks.equal("the proof", (True, True), found)


def same_settings(app, checks, own, adopted):
    """The restored table has the settings that the template gives to the stack's own."""
    dynamodb = app.aws.client("dynamodb")
    tables = [dynamodb.describe_table(TableName=name)["Table"] for name in (own, adopted)]
    streams = [table["StreamSpecification"] for table in tables]
    checks.equal("its stream", *streams)
    checks.equal("its protection", *(table[PROTECTED] for table in tables))
    # Of the template, since the local CloudFormation does not set it.
    wanted = read()["Resources"]["Table"]["Properties"]["TimeToLiveSpecification"]["AttributeName"]
    found = dynamodb.describe_time_to_live(TableName=adopted)["TimeToLiveDescription"]
    expiry = found["TimeToLiveStatus"], found.get("AttributeName")
    checks.equal("its expiry", ("ENABLED", wanted), expiry)


def written_to(app, checks, own, adopted):
    """An account and its event after the adoption are in the adopted table only."""
    app.exchange.send_and_wait(registered(app.uid("after the adoption")))
    key = {"pk": {"S": f"U#{app.uid('after the adoption')}"}, "sk": {"S": "ACCOUNT"}}
    dynamodb = app.aws.client("dynamodb")
    found = ["Item" in dynamodb.get_item(TableName=name, Key=key) for name in (own, adopted)]
    checks.equal("the new account, in the own and the adopted table", [False, True], found)


def writers(runner):
    """The state of the queue's mapping, and the concurrency of bind and get-link. The local AWS stores
    the concurrency, and throttles no call of an alias."""
    client = runner.app.aws.client("lambda")
    mapping = client.get_event_source_mapping(UUID=runner.app.stack.physical("IngestQueue"))
    concurrency = [
        client.get_function_concurrency(FunctionName=runner.app.function(one))["ReservedConcurrentExecutions"]
        for one in ("Bind", "GetLink")
    ]
    return mapping["State"], *concurrency


def delete_a_sandbox(runner):
    """A second stack, of the other stage; it is deleted by CloudFormation, as `sam delete` does."""
    here, app, checks = "Delete a sandbox", runner.app, runner.checks
    given = parameters(app.users.issuer, "recall-sandbox") | {"Stage": "sandbox"}
    sandbox = LocalStack(app.aws, "recall-sandbox", given).create()
    outputs, table = sandbox.outputs(), sandbox.physical("Table")
    runner.run(here, "sam delete")
    runner.terminal.sam_calls()
    sandbox.delete()
    found = app.aws.client("dynamodb").describe_table(TableName=table)["Table"]
    checks.equal("the table's protection", False, found[PROTECTED])
    for queue in QUEUES:
        checks.equal(f"messages of {queue}", (0, 0), app.exchange.waiting(outputs[queue]))
    app.aws.client("s3").head_bucket(Bucket=outputs["PageBucket"])
    runner.record(here, "table, queues and bucket stay, the table without deletion protection")
