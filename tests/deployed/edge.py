"""Chapter: the secret by which the functions know that a request passed through CloudFront, and in an
account the distribution itself with its web ACL."""

import contextlib
import http.client
import json
import time

from api import Answer
from runbook import LEFT_OUT
from runbook_runner import RunbookRunner
from runbook_work import KNOWN_EVERYWHERE
from signatures import deploy
from template import ROOT

ROTATION = "Rotate the origin secret"
# A route without a token, and the link of nobody.
ROUTE = "/v1/invitation?ref=ABCDEFGH"
ANSWERED, REFUSED = (200, None), (403, "forbidden")
# CloudFront accepts only web ACLs of this region.
WEB_ACL_REGION = "us-east-1"
# The lowest rate that the web ACL accepts, and how many requests the chapter sends at most.
RATE, REQUESTS = 10, 300


def check(app, checks):
    one = app.another("edge")
    deploy(one, "second", OriginHeader="FIRST")
    checks.equal("a direct request before the check", ANSWERED, direct(one))
    deploy(one, "first", OriginCheck="ENABLED")
    first = values(one)["first"]
    checks.equal("the value that CloudFront sends", ANSWERED, direct(one, first))
    for what, value in (("no value", None), ("an empty value", ""), ("another value", first[::-1])):
        checks.equal(f"a request with {what}", REFUSED, direct(one, value))
    if one.aws.many_stacks:
        rotate(one, checks, first)
    else:
        distribution(one, checks)
    deploy(one, "second", OriginCheck="DISABLED")
    checks.equal("a direct request without the check", ANSWERED, direct(one))


def values(app):
    """The two values of the secret."""
    secret = app.stack.physical("OriginSecret")
    found = app.aws.client("secretsmanager").get_secret_value(SecretId=secret)
    return json.loads(found["SecretString"])


def direct(app, value=None):
    """Calls the API past CloudFront; returns the status and the code of a refusal."""
    headers = {} if value is None else {"x_origin_secret": value}
    return outcome(app.api.call("GET", ROUTE, **headers))


def outcome(answer):
    return answer.status, answer.json().get("code")


def rotate(app, checks, first):
    """Replaces the value that is not sent by the runbook's commands. Nothing is deployed."""
    runner = RunbookRunner(app, checks, LEFT_OUT)
    try:
        runner.run_introduction()
        for command in ("SECRET=", "OLD=", "NEW=", "VALUES=", "aws secretsmanager put"):
            runner.run(ROTATION, command)
    finally:
        runner.close()
    found = values(app)
    checks.equal("the first value", first, found["first"])
    checks.equal("the length of the second", 64, len(found["second"]))
    app.aws.clock.advance(KNOWN_EVERYWHERE)
    for name, value in found.items():
        checks.equal(f"the {name} value", ANSWERED, direct(app, value))


def distribution(app, checks):
    """Calls through CloudFront, first without and then with a web ACL."""
    host = app.stack.outputs()["PageUrl"].removeprefix("https://")
    for what, value in (("no value", None), ("a value of the client", "wrong")):
        found = through(host, value)
        checks.equal(f"through CloudFront with {what}", ANSWERED, outcome(found))
    secured = [name in found.headers for name in ("strict-transport-security", "x-content-type-options")]
    checks.equal("security headers", [True, True], secured)
    with web_acl(app) as arn:
        app.stack.update(Rollout="gradual", WebAclArn=arn)
        try:
            checks.equal("a request over the rate", 429, first_refusal(host))
        finally:
            app.stack.update(Rollout="gradual", WebAclArn="")


def through(host, value=None):
    connection = http.client.HTTPSConnection(host, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", ROUTE, headers={} if value is None else {"x-origin-secret": value})
        return Answer(connection.getresponse())


def first_refusal(host):
    """The status of the first request that is refused, or of the last one. The web ACL counts with a
    delay of about half a minute."""
    for _ in range(REQUESTS):
        found = through(host).status
        if found != 200:
            break
        time.sleep(0.5)
    return found


@contextlib.contextmanager
def web_acl(app):
    """The web ACL of `edge.yaml`, with the lowest rates."""
    cloudformation = app.aws.client("cloudformation", WEB_ACL_REGION)
    name = f"{app.stack.name}-edge"
    rates = "RequestsPerAddress", "RequestsPerToken", "WritesPerAddress", "ExportsPerToken"
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(ROOT / "edge.yaml").read_text(),
        Parameters=[{"ParameterKey": rate, "ParameterValue": str(RATE)} for rate in rates],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name)
        [output] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
        yield output["OutputValue"]
    finally:
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)
