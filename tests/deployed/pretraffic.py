"""Chapter: the pre-traffic hook tries link, window and bind on the versions of a deployment."""

import contextlib
import io
import os
import sys
import types

from exchange import joined, registered
from sam import SamError
from template import of_type, read

HOOK = "PreTraffic"
TARGETS = {"GET_LINK": "GetLink", "BIND": "Bind", "DASHBOARD": "Dashboard"}
EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}


def check(app, checks):
    one = app.another("hooked")
    one.exchange.send_and_wait(*(registered(one.uid(name)) for name in ("canary-inviter", "canary-invitee")))
    one.exchange.send_and_wait(joined(one.uid("canary-inviter")))
    if app.aws.many_stacks:
        check_local(one, checks)
    else:
        check_account(one, checks)


def check_local(app, checks):
    """The hook's own code against the deployed versions: the first time it binds, later it reads."""
    for time in ("the first time", "again"):
        checks.equal(time, ("Succeeded", ""), hook(app))
    found = app.get("/v1/binding", "canary-invitee")
    checks.equal("the relation that it made", 200, found.status)
    for name, wrong, message in (
        ("BIND", "GetLink", "window: expected"),
        ("DASHBOARD", "GetLink", "dashboard: expected"),
        ("GET_LINK", "Bind", "link: expected"),
    ):
        status, log = hook(app, **{name: app.function(wrong)})
        checks.equal(f"a release of {name} that answers otherwise", "Failed", status)
        checks.contains("its log", message, log)
    status, log = hook(app, AFFILIATE=app.uid("canary-invitee"))
    checks.equal("an account outside the programme as affiliate", "Failed", status)


def check_account(app, checks):
    """A broken release fails in the hook, before it has any traffic; the good one passes it."""
    given = {
        "CanaryAffiliate": app.uid("canary-inviter"),
        "CanaryInvitee": app.uid("canary-invitee"),
    }
    # The hook runs for new versions: a setting makes them.
    app.stack.update(LogLevel="DEBUG", **given)
    checks.equal("the relation", 200, app.get("/v1/binding", "canary-invitee").status)
    if not app.aws.sam.built("broken").exists():
        app.aws.sam.break_function("Bind")
    try:
        app.stack.update(release="broken")
        found = "deployed"
    except SamError:
        found = "refused"
    checks.equal("a broken release", "refused", found)
    checks.equal("the window after it", 404, app.get("/v1/bind?ref=ZZZZZZZZ", "affiliate").status)


def hook(app, **variables):
    """Runs the hook's code as of the template; returns the status that it reports, and its log."""
    reported = []
    code = of_type(read(), "AWS::Lambda::Function")[HOOK]["Properties"]["Code"]["ZipFile"]
    module = types.ModuleType("hook")
    given = {name: f"{app.function(function)}:live" for name, function in TARGETS.items()}
    given |= {"AFFILIATE": app.uid("canary-inviter"), "INVITEE": app.uid("canary-invitee")}
    log = io.StringIO()
    with environment(given | variables), replaced_boto3(app, reported), contextlib.redirect_stdout(log):
        exec(compile(code, HOOK, "exec"), module.__dict__)
        module.handler(EVENT, None)
    [status] = reported
    expected = {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1"}
    if {name: status[name] for name in expected} != expected:
        raise AssertionError(f"expected {expected}, found {status}")
    return status["status"], log.getvalue().strip()


@contextlib.contextmanager
def environment(variables):
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def replaced_boto3(app, reported):
    """Replaces boto3 by clients of this AWS. It lacks CodeDeploy, whose calls are kept in `reported`."""

    class CodeDeploy:
        def put_lifecycle_event_hook_execution_status(self, **status):
            reported.append(status)

    clients = {"codedeploy": CodeDeploy(), "lambda": app.aws.client("lambda")}
    before, sys.modules["boto3"] = sys.modules["boto3"], types.SimpleNamespace(client=clients.get)
    try:
        yield
    finally:
        sys.modules["boto3"] = before
