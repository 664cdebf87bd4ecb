"""Chapter: the pre-traffic hook lives through link, window and bind on the versions of a deployment."""

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


def check(world, checks):
    one = world.another("hooked")
    one.exchange.tell(*(registered(one.uid(name)) for name in ("canary-inviter", "canary-invitee")))
    one.exchange.tell(joined(one.uid("canary-inviter")))
    if world.aws.many_stacks:
        check_local(one, checks)
    else:
        check_account(one, checks)


def check_local(world, checks):
    """The hook's own code against the deployed versions: the first time it binds, later it reads."""
    for time in ("the first time", "again"):
        checks.equal(time, ("Succeeded", ""), hook(world))
    found = world.get("/v1/binding", "canary-invitee")
    checks.equal("the relation that it made", 200, found.status)
    for name, wrong, told in (
        ("BIND", "GetLink", "window: expected"),
        ("DASHBOARD", "GetLink", "dashboard: expected"),
        ("GET_LINK", "Bind", "link: expected"),
    ):
        status, log = hook(world, **{name: world.function(wrong)})
        checks.equal(f"a release of {name} that answers otherwise", "Failed", status)
        checks.contains("its log", told, log)
    status, log = hook(world, AFFILIATE=world.uid("canary-invitee"))
    checks.equal("an affiliate who is none", "Failed", status)


def check_account(world, checks):
    """A broken release fails in the hook, before it has any traffic; the good one passes it."""
    given = {
        "CanaryAffiliate": world.uid("canary-inviter"),
        "CanaryInvitee": world.uid("canary-invitee"),
    }
    # The hook runs for new versions: a setting makes them.
    world.stack.update(LogLevel="DEBUG", **given)
    checks.equal("the relation", 200, world.get("/v1/binding", "canary-invitee").status)
    if not world.aws.sam.built("broken").exists():
        world.aws.sam.break_function("Bind")
    try:
        world.stack.update(release="broken")
        found = "deployed"
    except SamError:
        found = "refused"
    checks.equal("a broken release", "refused", found)
    checks.equal("the window after it", 404, world.get("/v1/bind?ref=ZZZZZZZZ", "affiliate").status)


def hook(world, **variables):
    """Runs the hook's code as of the template; returns the status that it reports, and its log."""
    reported = []
    code = of_type(read(), "AWS::Lambda::Function")[HOOK]["Properties"]["Code"]["ZipFile"]
    module = types.ModuleType("hook")
    given = {name: f"{world.function(function)}:live" for name, function in TARGETS.items()}
    given |= {"AFFILIATE": world.uid("canary-inviter"), "INVITEE": world.uid("canary-invitee")}
    log = io.StringIO()
    with environment(given | variables), replaced_boto3(world, reported), contextlib.redirect_stdout(log):
        exec(compile(code, HOOK, "exec"), module.__dict__)
        module.handler(EVENT, None)
    [told] = reported
    expected = {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1"}
    if {name: told[name] for name in expected} != expected:
        raise AssertionError(f"expected {expected}, found {told}")
    return told["status"], log.getvalue().strip()


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
def replaced_boto3(world, reported):
    """Clients of this AWS; what is reported to CodeDeploy, which it lacks, is kept."""

    class CodeDeploy:
        def put_lifecycle_event_hook_execution_status(self, **told):
            reported.append(told)

    clients = {"codedeploy": CodeDeploy(), "lambda": world.aws.client("lambda")}
    before, sys.modules["boto3"] = sys.modules["boto3"], types.SimpleNamespace(client=clients.get)
    try:
        yield
    finally:
        sys.modules["boto3"] = before
