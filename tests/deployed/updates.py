"""Chapter: the stack is deployed again with data in it; what was there is there, to the byte."""

from botocore.exceptions import ClientError
from story import DAY_1, DAY_3
from template import binaries
from world import SCOPE

RANGE = f"from={DAY_1}&to={DAY_3}"
READ = (
    ("affiliate", "/v1/link"),
    ("affiliate", "/v1/link/qr.svg"),
    ("affiliate", "/v1/links"),
    ("affiliate", f"/v1/dashboard?{RANGE}"),
    ("affiliate", "/v1/dashboard/referrals"),
    ("affiliate", f"/v1/dashboard/commissions?{RANGE}"),
    ("dormant", "/v1/binding"),
)


def check(world, checks):
    before, code, levels = read(world), codes(world), log_levels(world)
    world.stack.update(release="second", LogLevel="DEBUG")
    expect_same(world, checks, "after an update", before)
    changed = {name for name, sha in codes(world).items() if sha != code[name]}
    checks.equal("functions with other code", set(binaries()), changed)
    checks.equal("log levels", ({"INFO"}, {"DEBUG"}), (levels, log_levels(world)))
    other_scope(world, checks, before)
    refused(world, checks, before)
    rolled_back(world, checks, before)


def other_scope(world, checks, before):
    """A token without the scope that a route asks for is refused; the other routes go on."""
    world.stack.update(WriteScope="recall/other")
    found = world.call("POST", "/v1/links", "affiliate", {})
    checks.equal("a write without the scope", 403, found.status)
    checks.equal("a read with its scope", 200, world.get("/v1/links", "affiliate").status)
    world.stack.update(WriteScope=SCOPE)
    expect_same(world, checks, "after another scope", before)


def refused(world, checks, before):
    """A parameter that the template does not allow is refused before anything is touched."""
    try:
        world.stack.update(LogLevel="LOUD")
        found = "done"
    except ClientError as error:
        found = error.response["Error"]["Code"]
    checks.equal("an update to an unknown log level", "ValidationError", found)
    checks.equal("the stack after it", "UPDATE_COMPLETE", world.stack.settled())
    expect_same(world, checks, "after a refused update", before)


def rolled_back(world, checks, before):
    """Code that is not there fails half-way, and what was there is put back."""
    deployed, parameters = codes(world), world.stack.parameters
    try:
        world.stack.update(release="missing", LogLevel="INFO")
    except AssertionError:
        pass
    checks.equal("an update to missing code", "UPDATE_ROLLBACK_COMPLETE", world.stack.settled())
    checks.equal("code after it", deployed, codes(world))
    checks.equal("log levels after it", {parameters["LogLevel"]}, log_levels(world))
    expect_same(world, checks, "after a failed update", before)


def expect_same(world, checks, when, before):
    for (name, target), answer in read(world).items():
        checks.equal(f"{target} {when}", before[name, target], answer)
    made = world.call("POST", "/v1/links", "rival", {})
    checks.equal(f"a write {when}", (403, "unknown_account"), (made.status, made.json()["code"]))


def read(world):
    """What people read: status and bytes."""
    answers = {}
    for name, target in READ:
        answer = world.get(target, name)
        answers[name, target] = answer.status, answer.body
    return answers


def configurations(world):
    client = world.aws.client("lambda")
    for name in binaries():
        yield name, client.get_function_configuration(FunctionName=world.function(name))


def codes(world):
    return {name: found["CodeSha256"] for name, found in configurations(world)}


def log_levels(world):
    return {found["LoggingConfig"]["ApplicationLogLevel"] for _, found in configurations(world)}
