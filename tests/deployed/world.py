"""The programme deployed, with an exchange around it: what every chapter works with."""

import contextlib
import json

from api import Api
from exchange import Exchange
from issuer import Issuer
from local_aws import local_aws
from nights import Nights
from stack import Stack, upload_code
from template import REGION

PAGE = "https://affiliates.example.com"
# The scope of every access token of a Cognito user pool that is not issued by its own pages.
SCOPE = "aws.cognito.signin.user.admin"
# The last but one day of a quarter, so that a story has tiers evaluated on its second night.
START = "2026-12-30T09:00:00Z"
RELEASES = ("first", "second")


class People:
    """The exchange's users, whom the issuer knows."""

    def __init__(self, aws):
        self.issuer = Issuer(aws, "exchange")
        self.uids = {}

    def uid(self, name):
        """A user's uid; he is made when he is asked for first."""
        if name not in self.uids:
            self.uids[name] = self.issuer.user(name)
        return self.uids[name]


class World:
    """One stack, and its API, queue and nights; `operator` is where the operator's tool is."""

    def __init__(self, aws, people, name, operator=None):
        self.aws = aws
        self.people = people
        self.operator = operator
        self.stack = Stack(aws, name, parameters(people.issuer, name))
        self.stack.create()
        self.api = Api(self.stack)
        self.exchange = Exchange(self.stack)
        self.nights = Nights(self.stack)

    def uid(self, name):
        return self.people.uid(name)

    def token(self, name):
        self.uid(name)
        return self.people.issuer.token(name)

    def call(self, method, target, name, body=None, **headers):
        """Calls a route as a user."""
        return self.api.call(method, target, self.token(name), body, **headers)

    def get(self, target, name, **headers):
        return self.call("GET", target, name, **headers)

    def lines(self, name, first, last):
        """All lines that an affiliate reads of some days, as the export has them."""
        target = f"/v1/dashboard/commissions?from={first}&to={last}"
        export = self.get(target, name, accept="application/x-ndjson")
        return [json.loads(line) for line in export.text().splitlines()]

    def function(self, logical):
        """The name of a function in AWS."""
        return self.stack.physical(logical)


def parameters(issuer, stack):
    """The parameters that production requires. The local AWS does not check that the names exist."""
    return {
        "Issuer": issuer.url,
        "Audience": issuer.audience,
        "ReadScope": SCOPE,
        "WriteScope": SCOPE,
        "PageOrigin": PAGE,
        "PageDomainName": "affiliates.example.com",
        "PageCertificateArn": f"arn:aws:acm:{REGION}:111122223333:certificate/1",
        # A domain name belongs to one API.
        "ApiDomainName": f"{stack}.api.example.com",
        "ApiCertificateArn": f"arn:aws:acm:{REGION}:111122223333:certificate/2",
        "WebAclArn": f"arn:aws:wafv2:{REGION}:111122223333:global/webacl/recall/3",
        "EventProducers": "arn:aws:iam::000000000000:role/ledger,arn:aws:iam::000000000000:role/desk",
    }


@contextlib.contextmanager
def deployed(binaries, port, name="recall", operator=None):
    """The programme, deployed to a local AWS at a port, until the block ends."""
    with local_aws(port) as aws:
        aws.clock.set(START)
        upload_code(aws, binaries, RELEASES)
        yield World(aws, People(aws), name, operator)
