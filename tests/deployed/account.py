"""A real account: a throw-away stack, deployed by the SAM CLI and removed at the end."""

import contextlib
import datetime
import http.client
import tempfile
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

import removal
from sam import Sam, SamStack
from test_app import PAGE, SCOPE


class Refused(Exception):
    """The run cannot begin. Nothing has been created."""


class RealClock:
    """The time, which no test can set."""

    def now(self):
        return datetime.datetime.now(datetime.UTC)

    def wait(self, seconds):
        time.sleep(seconds)


class Account:
    """An AWS account and region, with clients of its services."""

    name = "account"
    many_stacks = False
    # Seconds to wait for a result, between readings, and how often a queue must be found empty: its
    # counts are approximate.
    patience, pause, readings = 600, 2, 5

    def __init__(self, session, sam):
        self.session = session
        self.region = session.region_name
        self.sam = sam
        self.clock = RealClock()
        self.clients = {}
        self.undo = []
        self.left = []

    def client(self, service, region=None):
        key = service, region or self.region
        if key not in self.clients:
            config = Config(retries={"mode": "standard", "total_max_attempts": 5}, read_timeout=120)
            self.clients[key] = self.session.client(service, region_name=key[1], config=config)
        return self.clients[key]

    def variables(self):
        """The environment of a program that calls this AWS."""
        found = {"AWS_REGION": self.region}
        return found | ({"AWS_PROFILE": self.sam.profile} if self.sam.profile else {})

    def connect(self, api):
        host = f"{api}.execute-api.{self.region}.amazonaws.com"
        return http.client.HTTPSConnection(host, timeout=60), host

    def deploy(self, name, issuer):
        return SamStack(self, name, parameters(self, issuer)).create()

    def stack(self, name):
        return SamStack(self, name, {})

    def remove_later(self, remove):
        """Keeps how to remove something that is not of the stack."""
        self.undo.append(remove)

    def remove_all(self, stack):
        """Removes everything else and the stack, in this order: its bus must have no rules. `left` is
        what could not be removed."""
        for remove in reversed(self.undo):
            try:
                remove()
            except (BotoCoreError, ClientError) as error:
                self.left.append((remove.__qualname__, "", str(error)))
        self.left += removal.remove(self, stack)

    def caller(self):
        """The ARN of the user or role that makes the calls."""
        arn = self.client("sts").get_caller_identity()["Arn"]
        if ":assumed-role/" not in arn:
            return arn
        # The ARN of a session lacks the path of its role.
        role = arn.split("/")[1]
        return self.client("iam").get_role(RoleName=role)["Role"]["Arn"]


def parameters(account, issuer):
    """A stack that can be deleted, whose new code takes over gradually as in production."""
    return {
        "Stage": "sandbox",
        "Rollout": "gradual-in-sandbox",
        "Issuer": issuer.url,
        "Audience": issuer.audience,
        "ReadScope": SCOPE,
        "WriteScope": SCOPE,
        "PageOrigin": PAGE,
        "LogRetentionDays": 7,
        "EventProducers": account.caller(),
    }


@contextlib.contextmanager
def account_target(stack, profile, region, sam="sam", keep=False):
    """An account in which the stack does not exist yet. Everything that was created is removed when
    the block ends, unless `keep`."""
    with tempfile.TemporaryDirectory(prefix="acceptance-") as folder:
        session = opened(profile, region)
        account = Account(session, Sam(sam, folder, profile, session.region_name))
        require_absence(account, stack)
        account.sam.build()
        try:
            yield account
        finally:
            if not keep:
                account.remove_all(stack)


def opened(profile, region):
    """A session whose credentials are valid.

    Raises `Refused` with the cause if there is no such profile, region or valid credential.
    """
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        if session.region_name is None:
            raise Refused("no region: pass --region, or set one for the profile")
        session.client("sts").get_caller_identity()
        return session
    except ProfileNotFound as error:
        raise Refused(f"{error}: `aws configure list-profiles` lists them") from error
    except (BotoCoreError, ClientError) as error:
        raise Refused(f"no valid credentials for AWS: {error}") from error


def require_absence(account, stack):
    """Raises `Refused` if the stack exists: it is not this run's, and would be removed."""
    try:
        found = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise Refused(f"the stack {stack} cannot be looked up: {error}") from error
    raise Refused(f"the stack {stack} exists ({found['StackStatus']}): choose a name that is free")
