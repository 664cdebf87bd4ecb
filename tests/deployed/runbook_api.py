"""Entries of the runbook: errors, latency, throttling and refusals of the API."""

import json
import re

from template import read

# The API's own log, which the local AWS does not write: lines as the template's format has them.
VARIABLE = re.compile(r"\$context\.[\w.]+")


def api_unhealthy(runner):
    runner.expect_failure("ApiUnhealthy", "aws deploy list-deployments")
    runner.record("ApiUnhealthy", "its one command calls CodeDeploy, which does not exist there")


def api_failing(runner):
    """An account has a schema version that the code does not know."""
    here, app, checks = "ApiFailing", runner.app, runner.checks
    code = app.get("/v1/link", "affiliate").json()["code"]
    corrupt_account(app, app.uid("dormant"), "99")
    found = app.get(f"/v1/bind?ref={code}", "dormant")
    corrupt_account(app, app.uid("dormant"), "1")
    checks.equal("the window", (500, "internal"), (found.status, found.json()["code"]))
    log = access_lines([("GET /v1/bind", 500), ("GET /v1/link", 200)])
    [row] = runner.ask(here, "ask api 1", log)
    checks.equal("calls that failed", ("GET /v1/bind", 1), (row["route"], row["count(*)"]))
    [row] = runner.ask(here, "ask bind 1")
    checks.contains("the error", "account", row["fields.error"])
    runner.record(here, "the one failed call of a generated access log, and the error of that call in `bind`")


def corrupt_account(app, uid, version):
    app.aws.client("dynamodb").update_item(
        TableName=app.stack.physical("Table"),
        Key={"pk": {"S": f"U#{uid}"}, "sk": {"S": "ACCOUNT"}},
        UpdateExpression="SET v = :version",
        ExpressionAttributeValues={":version": {"N": version}},
    )


def access_lines(calls):
    """Lines of the API's own log, of routes and statuses."""
    form = read()["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"]
    for route, status in calls:
        known = form.replace("$context.routeKey", route).replace("$context.status", str(status))
        yield json.loads(VARIABLE.sub("-", known))


def api_slow(runner):
    rows = runner.ask("ApiSlow", "ask bind 1")
    routes = [row["fields.route"] for row in rows]
    runner.checks.contains("routes", "/v1/bind", routes)
    for row in rows:
        slowest, table = (row[f"pct(fields.{name}, 99)"] for name in ("milliseconds", "table_milliseconds"))
        runner.checks.equal(f"whether {row} is of times", True, slowest >= 0 and table >= 0)
    runner.record("ApiSlow", "times, starts and counts by route")


def functions_throttled(runner):
    found = runner.answer("FunctionsThrottled", "aws lambda get-account-settings")
    limit = found["AccountLimit"]["ConcurrentExecutions"]
    runner.checks.equal("whether there is a limit", True, limit > 0)
    runner.record("FunctionsThrottled", "the account's limit")


def table_throttled(runner):
    here = "TableThrottled"
    table = runner.answer(here, "aws dynamodb update-table")["TableDescription"]
    runner.checks.equal("the table", runner.app.stack.physical("Table"), table["TableName"])
    runner.checks.equal("throttled calls", [], runner.ask(here, "ask bind 1"))
    runner.record(here, "the call is accepted, and nothing warmed; the log has the field and no throttled call")


def requests_refused(runner):
    calls = [("GET /v1/bind", 404), ("GET /v1/link", 401), ("GET /v1/link", 401), ("GET /v1/link", 200)]
    rows = runner.ask("RequestsRefused", "ask api 1", access_lines(calls))
    found = [(row["route"], row["status"], row["count(*)"]) for row in rows]
    expected = [("GET /v1/bind", "404", 1), ("GET /v1/link", "401", 2)]
    runner.checks.equal("refusals", expected, found)
    runner.record("RequestsRefused", "refusals by route and status, of a generated access log")
