"""Chapter: an operator stops binds without a deployment, and starts them again."""

import os
import subprocess

from checks import Skip
from exchange import joined, registered

# Processes read the switches every half a minute.
SECONDS = 60


def check(app, checks):
    if not has_switches(app.operator):
        raise Skip("the operator's tool has no command `switches` yet")
    one = app.another("switched")
    one.exchange.send_and_wait(*(registered(one.uid(name)) for name in ("affiliate", "switched")))
    one.exchange.send_and_wait(joined(one.uid("affiliate")))
    code = one.get("/v1/link", "affiliate").json()["code"]
    checks.equal("the window before", 200, window(one, code).status)
    operate(one, "stop", "binds", "--reason", "acceptance")
    seconds, stopped = until_window(one, code, 503)
    checks.equal("its code", "binds_stopped", stopped.json()["code"])
    checks.contains("the switches", "acceptance", operate(one, "switches"))
    operate(one, "start", "binds", "--reason", "acceptance")
    again, _ = until_window(one, code, 200)
    rows = [("stopped", f"{seconds:.0f}"), ("started", f"{again:.0f}")]
    checks.measure("Seconds until a switch has its effect", ("binds", "s"), rows)


def has_switches(operator):
    text = subprocess.run([operator, "--help"], text=True, capture_output=True).stdout
    return any(line.split()[:1] == ["switches"] for line in text.splitlines())


def operate(app, *arguments):
    """Runs the operator's tool on the stack's table; returns its output."""
    variables = os.environ | app.aws.variables()
    table = app.stack.outputs()["TableName"]
    command = [app.operator, "--yes", "--table", table, *arguments]
    ended = subprocess.run(command, env=variables, text=True, capture_output=True)
    if ended.returncode != 0:
        raise AssertionError(f"operator {' '.join(arguments)}: {ended.stdout}{ended.stderr}")
    return ended.stdout


def window(app, code):
    return app.get(f"/v1/bind?ref={code}", "switched")


def until_window(app, code, status):
    """Waits until the window answers with a status; returns the seconds that it took by the functions'
    clock, and the answer."""
    begin = app.aws.clock.now()
    seconds = lambda: (app.aws.clock.now() - begin).total_seconds()
    while (found := window(app, code)).status != status:
        if seconds() > SECONDS:
            raise AssertionError(f"expected {status} within {SECONDS} s, found {found.status}")
        app.aws.clock.wait(1)
    return seconds(), found
