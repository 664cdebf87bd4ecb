"""Chapter: a release of `bind` whose processes end at their start is rolled back by its canary."""

import threading
import time

from api import Api
from sam import SamError

BROKEN = "Bind"
# Calls a second, of which the new version gets a tenth.
RATE = 10
ROLLED_BACK = "UPDATE_ROLLBACK_COMPLETE"


class Traffic:
    """Calls the window until the block ends, and counts the answers by status."""

    def __init__(self, app):
        self.api = Api(app.stack)
        self.app = app
        self.code = app.get("/v1/link", "affiliate").json()["code"]
        self.counts = {}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.call)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def call(self):
        renewed, token = 0, None
        while not self.ended.wait(1 / RATE):
            # A token is valid for an hour.
            if token is None or time.monotonic() - renewed > 1800:
                renewed, token = time.monotonic(), self.app.token("dormant")
            try:
                status = self.api.call("GET", f"/v1/bind?ref={self.code}", token).status
            except OSError as error:
                status = type(error).__name__
            self.counts[status] = self.counts.get(status, 0) + 1


def check(app, checks):
    before = live(app)
    app.aws.sam.break_function(BROKEN)
    begin = time.monotonic()
    with Traffic(app) as traffic:
        try:
            app.stack.update(release="broken")
            found = "deployed"
        except SamError:
            found = "rolled back"
    minutes = (time.monotonic() - begin) / 60
    checks.equal("the broken release", "rolled back", found)
    checks.equal("the stack", ROLLED_BACK, app.stack.describe()["StackStatus"])
    checks.equal("the live version", before, live(app))
    stopped = stopped_deployments(app)
    checks.equal("whether an alarm stopped a deployment", True, any("ALARM" in one for one in stopped))
    calls = sum(traffic.counts.values())
    failed = sum(count for status, count in traffic.counts.items() if status not in (200, 429))
    checks.equal("whether the release was called", True, failed > 0)
    row = (f"{minutes:.0f}", calls, failed, "; ".join(stopped))
    checks.measure("The broken release", ("minutes", "calls", "failed", "stopped by"), [row])


def live(app):
    """The version that the alias serves, without a share for another one."""
    found = app.aws.client("lambda").get_alias(FunctionName=app.function(BROKEN), Name="live")
    return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def stopped_deployments(app):
    """Why deployments of the stack's application were stopped."""
    codedeploy = app.aws.client("codedeploy")
    application = app.stack.physical("ServerlessDeploymentApplication")
    found = []
    groups = codedeploy.list_deployment_groups(applicationName=application)["deploymentGroups"]
    for group in groups:
        ids = codedeploy.list_deployments(
            applicationName=application,
            deploymentGroupName=group,
            includeOnlyStatuses=["Stopped", "Failed"],
        )["deployments"]
        for one in ids:
            deployment = codedeploy.get_deployment(deploymentId=one)["deploymentInfo"]
            information = deployment.get("errorInformation", {})
            found.append(f"{information.get('code', '')} {information.get('message', '')}".strip())
    return found
