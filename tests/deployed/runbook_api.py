"""Entries of the runbook: people who get errors, wait, or are turned away."""

import json
import re

from template import read

# The API's own log, which the local AWS does not write: lines as the template's format has them.
VARIABLE = re.compile(r"\$context\.[\w.]+")


def api_unhealthy(desk):
    desk.cannot("ApiUnhealthy", "aws deploy list-deployments")
    desk.saw("ApiUnhealthy", "its one command asks CodeDeploy, which is not there")


def api_failing(desk):
    """The account of a user is of a form that the code does not know."""
    here, world, checks = "ApiFailing", desk.world, desk.checks
    code = world.get("/v1/link", "affiliate").json()["code"]
    spoil_account(world, world.uid("dormant"), "99")
    found = world.get(f"/v1/bind?ref={code}", "dormant")
    spoil_account(world, world.uid("dormant"), "1")
    checks.equal("the window", (500, "internal"), (found.status, found.json()["code"]))
    log = access_lines([("GET /v1/bind", 500), ("GET /v1/link", 200)])
    [row] = desk.ask(here, "ask api 1", log)
    checks.equal("calls that failed", ("GET /v1/bind", 1), (row["route"], row["count(*)"]))
    [row] = desk.ask(here, "ask bind 1")
    checks.contains("the error", "account", row["fields.error"])
    desk.saw(here, "the one failed call of a made access log, and the error of that call in `bind`")


def spoil_account(world, uid, form):
    world.aws.client("dynamodb").update_item(
        TableName=world.stack.physical("Table"),
        Key={"pk": {"S": f"U#{uid}"}, "sk": {"S": "ACCOUNT"}},
        UpdateExpression="SET v = :form",
        ExpressionAttributeValues={":form": {"N": form}},
    )


def access_lines(calls):
    """Lines of the API's own log, of routes and statuses."""
    form = read()["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"]
    for route, status in calls:
        known = form.replace("$context.routeKey", route).replace("$context.status", str(status))
        yield json.loads(VARIABLE.sub("-", known))


def api_slow(desk):
    rows = desk.ask("ApiSlow", "ask bind 1")
    routes = [row["fields.route"] for row in rows]
    desk.checks.contains("routes", "/v1/bind", routes)
    for row in rows:
        slowest, table = (row[f"pct(fields.{name}, 99)"] for name in ("milliseconds", "table_milliseconds"))
        desk.checks.equal(f"whether {row} is of times", True, slowest >= 0 and table >= 0)
    desk.saw("ApiSlow", "times, starts and counts by route")


def functions_throttled(desk):
    found = desk.answer("FunctionsThrottled", "aws lambda get-account-settings")
    limit = found["AccountLimit"]["ConcurrentExecutions"]
    desk.checks.equal("whether there is a limit", True, limit > 0)
    desk.saw("FunctionsThrottled", "the account's limit")


def table_throttled(desk):
    here = "TableThrottled"
    table = desk.answer(here, "aws dynamodb update-table")["TableDescription"]
    desk.checks.equal("the table", desk.world.stack.physical("Table"), table["TableName"])
    desk.checks.equal("calls turned away", [], desk.ask(here, "ask bind 1"))
    desk.saw(here, "the call is taken (and nothing warmed); no refusal in the log, whose lines have the field")


def requests_refused(desk):
    calls = [("GET /v1/bind", 404), ("GET /v1/link", 401), ("GET /v1/link", 401), ("GET /v1/link", 200)]
    rows = desk.ask("RequestsRefused", "ask api 1", access_lines(calls))
    found = [(row["route"], row["status"], row["count(*)"]) for row in rows]
    expected = [("GET /v1/bind", "404", 1), ("GET /v1/link", "401", 2)]
    desk.checks.equal("refusals", expected, found)
    desk.saw("RequestsRefused", "refusals by route and status, of a made access log")
