"""Entries of the runbook: work that comes up."""

from exchange import registered
from local_aws import parameters
from stack import LocalStack
from template import read

DAYS = "2027-02-01..2027-02-05"
# Seconds after which every process has read the signing keys again.
KNOWN_EVERYWHERE = 16 * 60
PROTECTED = "DeletionProtectionEnabled"
QUEUES = ("EventQueueUrl", "EventDeadLettersUrl", "ScheduleDeadLettersUrl", "PublishEventsDeadLettersUrl")


def deploy(desk):
    """Other code, all at once: what CodeDeploy would do is left out."""
    desk.do_without("sam")
    desk.run("Deploy", "sam build")
    desk.terminal.asked_of_sam()
    before = live(desk)
    desk.world.stack.update(release="second")
    desk.checks.equal("whether other code is live", True, live(desk)["CodeSha256"] != before["CodeSha256"])
    desk.saw("Deploy", "other code is live, at once")


def live(desk):
    """What the alias of bind serves."""
    return desk.world.aws.client("lambda").get_function_configuration(
        FunctionName=desk.world.function("Bind"), Qualifier="live"
    )


def roll_back(desk):
    """From code that a tenth of the calls get, to the code before; and then properly."""
    here, world, checks = "Roll back", desk.world, desk.checks
    before = live(desk)
    desk.run(here, "FUNCTION=")
    versions = desk.answer(here, "aws lambda list-versions-by-function")
    numbers = [number for number, *_ in versions if number != "$LATEST"]
    checks.contains("the version that is live", before["Version"], numbers)
    desk.facts["version"] = next(number for number in numbers if number != before["Version"])
    world.aws.client("lambda").update_alias(
        FunctionName=world.function("Bind"),
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {desk.facts["version"]: 0.1}},
    )
    alias = desk.answer(here, "aws lambda update-alias")
    found = alias["FunctionVersion"], alias.get("RoutingConfig")
    checks.equal("the alias", (desk.facts["version"], None), found)
    checks.equal("what is live", desk.facts["version"], live(desk)["Version"])
    checks.equal("whether it is other code", True, live(desk)["CodeSha256"] != before["CodeSha256"])
    serves(desk, desk.facts["version"])
    desk.run(here, "sam build")
    update(desk, here, release="first")
    desk.saw(here, "the alias, of two versions before, serves one, which answers; then a deployment")


def serves(desk, version):
    """Calls the API, and looks in which version's log that call stands."""
    streams = {"logGroupName": f"/aws/lambda/{desk.world.stack.name}/bind"}
    desk.world.get("/v1/binding", "dormant")
    found = desk.world.aws.client("logs").describe_log_streams(**streams)["logStreams"]
    newest = max(found, key=lambda stream: stream.get("lastEventTimestamp", 0))
    desk.checks.contains("the log that a call stands in", f"[{version}]", newest["logStreamName"])


def update(desk, heading, **more):
    """Deploys what the entry asks of `sam`, with the parameters that it names."""
    desk.run(heading, "sam deploy")
    [*_, words] = desk.terminal.asked_of_sam()
    _, _, given = words.partition("--parameter-overrides ")
    desk.world.stack.update(**more, **dict(one.split("=") for one in given.split()))


def rotate(desk):
    """A list is half read when the new key begins to sign; and when the old one goes. Nothing is
    deployed: what serves reads the secret again."""
    here, world, checks = "Rotate the signing keys", desk.world, desk.checks
    before = opened(world)
    for command in ("SECRET=", "OLD=", "NEW=", "aws secretsmanager put"):
        desk.run(here, command)
    old, new = keys(world)
    world.aws.clock.go_on(KNOWN_EVERYWHERE)
    checks.equal("the list goes on", 200, read_on(world, before).status)
    for command in ("SECRET=", "KEYS=", "aws secretsmanager put"):
        desk.run(here, command)
    checks.equal("keys", [new, old], keys(world))
    world.aws.clock.go_on(KNOWN_EVERYWHERE)
    checks.equal("the list by the old key goes on", 200, read_on(world, before).status)
    between = opened(world)
    bound = world.call("POST", "/v1/bind", "late decider", {"confirmation": between["confirmation"]})
    checks.equal("the bind", 201, bound.status)
    for command in ("SECRET=", "KEYS=", "aws secretsmanager put"):
        desk.run(here, command)
    checks.equal("keys", [new], keys(world))
    world.aws.clock.go_on(KNOWN_EVERYWHERE)
    checks.equal("the list by the new key", 200, read_on(world, between).status)
    checks.equal("the list by the old key", 400, read_on(world, before).status)
    desk.saw(here, "a list goes on over the change of keys; when the old one is gone only those by the new one do")


def opened(world):
    """A window that is open, and a list of which one page is read."""
    code = world.get("/v1/link", "affiliate").json()["code"]
    window = world.get(f"/v1/bind?ref={code}", "late decider").json()
    page = world.get(LIST, "affiliate").json()
    return {"confirmation": window.get("confirmation"), "cursor": page["nextCursor"]}


LIST = "/v1/dashboard/commissions?from=2027-02-01&to=2027-02-05&limit=1"


def read_on(world, before):
    return world.get(f"{LIST}&cursor={before['cursor']}", "affiliate")


def keys(world):
    secret = world.aws.client("secretsmanager").get_secret_value(SecretId=world.stack.physical("SigningKeys"))
    return secret["SecretString"].split(",")


def restore(desk):
    """The drill, and an adoption. The local AWS restores what is there now, whatever the time."""
    here, world, checks = "Restore the table", desk.world, desk.checks
    desk.facts["instant"], desk.facts["days"] = "2027-02-06T10:00:00Z", DAYS
    before = world.lines("affiliate", *DAYS.split(".."))
    own = world.stack.physical("Table")
    desk.run(here, "aws dynamodb restore-table-to-point-in-time")
    desk.run(here, "aws dynamodb wait table-exists --table-name recall-drill")
    proved(desk, here, "operator --table recall-drill verify")
    desk.run(here, "aws dynamodb delete-table --table-name recall-drill")
    update(desk, here)
    for command in ("aws lambda update-event", "aws lambda put-function", "aws lambda put-function"):
        desk.run(here, command)
    checks.equal("what writes", ("Disabled", 0, 0), writers(desk))
    for command in ("RESTORED=", "aws dynamodb restore-table-to-point-in-time", "aws dynamodb wait"):
        desk.run(here, command)
    proved(desk, here, "operator --table $RESTORED verify")
    for command in ("update-table", "wait", "update-time-to-live", "update-continuous-backups"):
        desk.run(here, f"aws dynamodb {command}")
    for command in ("ARN=", "STREAM="):
        desk.run(here, command)
    update(desk, here)
    desk.run(here, "export TABLE_NAME=")
    adopted = world.stack.outputs()["TableName"]
    checks.equal("the adopted table", f"{own}-restored", adopted)
    same_settings(world, checks, own, adopted)
    for command in ("aws lambda put-function", "aws lambda put-function", "aws lambda update-event"):
        desk.run(here, command)
    checks.equal("what writes again", ("Enabled", 200, 100), writers(desk))
    checks.equal("what the affiliate reads", before, world.lines("affiliate", *DAYS.split("..")))
    written_to(world, checks, own, adopted)
    desk.saw(here, "the copy is proved and adopted; affiliates read the same lines, and what is new is in it")


def proved(desk, here, command):
    summary = desk.run(here, command).output.strip().splitlines()[-1]
    found = "(5 days)" in summary, "every one as booked" in summary
    desk.checks.equal("the proof", (True, True), found)


def same_settings(world, checks, own, adopted):
    """The restored table has the settings that the template gives to the stack's own."""
    dynamodb = world.aws.client("dynamodb")
    tables = [dynamodb.describe_table(TableName=name)["Table"] for name in (own, adopted)]
    streams = [table["StreamSpecification"] for table in tables]
    checks.equal("its stream", *streams)
    checks.equal("its protection", *(table[PROTECTED] for table in tables))
    # Of the template, since the local CloudFormation does not set it.
    wanted = read()["Resources"]["Table"]["Properties"]["TimeToLiveSpecification"]["AttributeName"]
    found = dynamodb.describe_time_to_live(TableName=adopted)["TimeToLiveDescription"]
    expiry = found["TimeToLiveStatus"], found.get("AttributeName")
    checks.equal("its expiry", ("ENABLED", wanted), expiry)


def written_to(world, checks, own, adopted):
    """An account and its event after the adoption are in the adopted table only."""
    world.exchange.tell(registered(world.uid("after the adoption")))
    key = {"pk": {"S": f"U#{world.uid('after the adoption')}"}, "sk": {"S": "ACCOUNT"}}
    dynamodb = world.aws.client("dynamodb")
    found = ["Item" in dynamodb.get_item(TableName=name, Key=key) for name in (own, adopted)]
    checks.equal("the new account, in the own and the adopted table", [False, True], found)


def writers(desk):
    """Whether the queue is given to ingest, and the concurrency of bind and get-link. The local AWS
    notes the concurrency, and turns no call of an alias away."""
    client = desk.world.aws.client("lambda")
    mapping = client.get_event_source_mapping(UUID=desk.world.stack.physical("IngestQueue"))
    concurrency = [
        client.get_function_concurrency(FunctionName=desk.world.function(one))["ReservedConcurrentExecutions"]
        for one in ("Bind", "GetLink")
    ]
    return mapping["State"], *concurrency


def delete_a_sandbox(desk):
    """A second stack, of the other stage; it is deleted by CloudFormation, as `sam delete` does."""
    here, world, checks = "Delete a sandbox", desk.world, desk.checks
    given = parameters(world.people.issuer, "recall-sandbox") | {"Stage": "sandbox"}
    sandbox = LocalStack(world.aws, "recall-sandbox", given).create()
    outputs, table = sandbox.outputs(), sandbox.physical("Table")
    desk.run(here, "sam delete")
    desk.terminal.asked_of_sam()
    sandbox.delete()
    found = world.aws.client("dynamodb").describe_table(TableName=table)["Table"]
    checks.equal("the table's protection", False, found[PROTECTED])
    for queue in QUEUES:
        checks.equal(f"messages of {queue}", (0, 0), world.exchange.waiting(outputs[queue]))
    world.aws.client("s3").head_bucket(Bucket=outputs["PageBucket"])
    desk.saw(here, "table, queues and bucket stay, the table without deletion protection")
