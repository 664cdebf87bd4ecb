"""Chapter: the stack is deployed again with data in it, and its answers stay equal to the byte."""

from botocore.exceptions import ClientError
from story import DAY_1, DAY_3
from template import binaries
from test_app import SCOPE

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


def check(app, checks):
    before, code, levels = read(app), codes(app), log_levels(app)
    app.stack.update(release="second", LogLevel="DEBUG")
    expect_same(app, checks, "after an update", before)
    changed = {name for name, sha in codes(app).items() if sha != code[name]}
    checks.equal("functions with other code", set(binaries()), changed)
    checks.equal("log levels", ({"INFO"}, {"DEBUG"}), (levels, log_levels(app)))
    other_scope(app, checks, before)
    refused(app, checks, before)
    rolled_back(app, checks, before)


def other_scope(app, checks, before):
    """A token without the scope that a route asks for is refused; the other routes still work."""
    app.stack.update(WriteScope="recall/other")
    found = app.call("POST", "/v1/links", "affiliate", {})
    checks.equal("a write without the scope", 403, found.status)
    checks.equal("a read with its scope", 200, app.get("/v1/links", "affiliate").status)
    app.stack.update(WriteScope=SCOPE)
    expect_same(app, checks, "after another scope", before)


def refused(app, checks, before):
    """A parameter that the template does not allow is refused before anything is touched."""
    try:
        app.stack.update(LogLevel="LOUD")
        found = "done"
    except ClientError as error:
        found = error.response["Error"]["Code"]
    checks.equal("an update to an unknown log level", "ValidationError", found)
    checks.equal("the stack after it", "UPDATE_COMPLETE", app.stack.settled())
    expect_same(app, checks, "after a refused update", before)


def rolled_back(app, checks, before):
    """Missing code fails in the middle of an update, which is rolled back."""
    deployed, parameters = codes(app), app.stack.parameters
    try:
        app.stack.update(release="missing", LogLevel="INFO")
    except AssertionError:
        pass
    checks.equal("an update to missing code", "UPDATE_ROLLBACK_COMPLETE", app.stack.settled())
    checks.equal("code after it", deployed, codes(app))
    checks.equal("log levels after it", {parameters["LogLevel"]}, log_levels(app))
    expect_same(app, checks, "after a failed update", before)


def expect_same(app, checks, when, before):
    for (name, target), answer in read(app).items():
        checks.equal(f"{target} {when}", before[name, target], answer)
    made = app.call("POST", "/v1/links", "rival", {})
    checks.equal(f"a write {when}", (403, "unknown_account"), (made.status, made.json()["code"]))


def read(app):
    """The answers of the routes in READ: status and bytes."""
    answers = {}
    for name, target in READ:
        answer = app.get(target, name)
        answers[name, target] = answer.status, answer.body
    return answers


def configurations(app):
    client = app.aws.client("lambda")
    for name in binaries():
        yield name, client.get_function_configuration(FunctionName=app.function(name))


def codes(app):
    return {name: found["CodeSha256"] for name, found in configurations(app)}


def log_levels(app):
    return {found["LoggingConfig"]["ApplicationLogLevel"] for _, found in configurations(app)}
