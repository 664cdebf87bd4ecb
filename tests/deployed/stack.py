"""A deployed stack: created, updated and described by CloudFormation."""

import io
import json
import pathlib
import time
import zipfile

from adapters import adapt
from template import CODE_BUCKET, binaries, expand

PATIENCE = 60


class Stack:
    """A stack by its name, as CloudFormation describes it. Targets differ in how they deploy it."""

    def __init__(self, aws, name, parameters):
        self.aws = aws
        self.name = name
        self.parameters = parameters
        self.release = "first"

    def update(self, release=None, **parameters):
        """Deploys again: other code, other parameters, or both."""
        before = self.release, self.parameters
        self.release, self.parameters = release or self.release, self.parameters | parameters
        try:
            self.deploy_again()
        except Exception:
            self.release, self.parameters = before
            raise

    def describe(self):
        return self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]

    def failures(self):
        """Which resources failed, and why, the first one first."""
        pages = self.cloudformation.get_paginator("describe_stack_events")
        pages = pages.paginate(StackName=self.name)
        events = [event for page in pages for event in page["StackEvents"]]
        failed = [e for e in reversed(events) if e["ResourceStatus"].endswith("FAILED")]
        return [(e["LogicalResourceId"], e.get("ResourceStatusReason", "")) for e in failed]

    def summaries(self):
        """All resources that the stack has or has retained, with types and physical ids."""
        pages = self.cloudformation.get_paginator("list_stack_resources")
        pages = pages.paginate(StackName=self.name)
        return [summary for page in pages for summary in page["StackResourceSummaries"]]

    def resources(self):
        """The logical ids of all created resources."""
        return {summary["LogicalResourceId"] for summary in self.summaries()}

    def outputs(self):
        return {o["OutputKey"]: o["OutputValue"] for o in self.describe()["Outputs"]}

    def physical(self, logical):
        """The name or id of a resource in AWS."""
        found = self.cloudformation.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical
        )
        return found["StackResourceDetail"]["PhysicalResourceId"]

    @property
    def cloudformation(self):
        return self.aws.client("cloudformation")


class LocalStack(Stack):
    """A stack of the local AWS, from the adapted template."""

    def create(self):
        self.cloudformation.create_stack(**self.request())
        self.expect("CREATE_COMPLETE")
        return self

    def deploy_again(self):
        self.cloudformation.update_stack(**self.request())
        self.expect("UPDATE_COMPLETE")

    def delete(self):
        self.cloudformation.delete_stack(StackName=self.name)

    def request(self, kept=()):
        template = expand(self.release)
        adapt(template, self.aws.endpoint, kept)
        upload_text(self.aws, f"{self.name}.json", json.dumps(template))
        return {
            "StackName": self.name,
            "TemplateURL": f"{self.aws.endpoint}/{CODE_BUCKET}/{self.name}.json",
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": str(value)}
                for key, value in self.parameters.items()
            ],
            "Capabilities": ["CAPABILITY_IAM"],
        }

    def expect(self, wanted):
        status = self.settled()
        if status != wanted:
            raise AssertionError(f"expected the stack {wanted}, found {status}: {self.failures()}")

    def settled(self):
        """The stack's status, when nothing is in progress any more."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status = self.describe()["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                return status
            time.sleep(0.1)
        return status


def upload_text(aws, key, text):
    aws.client("s3").put_object(Bucket=CODE_BUCKET, Key=key, Body=text.encode())


def upload_code(aws, folder, releases):
    """Uploads the functions' binaries of `folder`, once for each release.

    Releases have the same binaries and differ in one more file, so that each is other code.
    """
    aws.client("s3").create_bucket(Bucket=CODE_BUCKET)
    for binary in binaries().values():
        for release in releases:
            package = zipped(pathlib.Path(folder, binary).read_bytes(), release)
            key = f"{release}/{binary}.zip"
            aws.client("s3").put_object(Bucket=CODE_BUCKET, Key=key, Body=package)


def zipped(binary, release):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        bootstrap = zipfile.ZipInfo("bootstrap")
        bootstrap.external_attr = 0o755 << 16
        archive.writestr(bootstrap, binary)
        archive.writestr("release", release)
    return package.getvalue()
