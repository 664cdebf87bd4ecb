"""The deployed programme with its exchange, which every chapter uses."""

import json

from api import Api
from exchange import Exchange
from issuer import Issuer
from nights import Nights

PAGE = "https://affiliates.example.com"
# The scope of every access token of a Cognito user pool that is not issued by its own pages.
SCOPE = "aws.cognito.signin.user.admin"

class Users:
    """The exchange's users, at the issuer."""

    def __init__(self, aws):
        self.issuer = Issuer(aws, "exchange")
        self.uids = {}

    def uid(self, name):
        """A user's uid. The first call creates the user."""
        if name not in self.uids:
            self.uids[name] = self.issuer.user(name)
        return self.uids[name]


class TestApp:
    """One stack with its API, queue and nights; `operator` is the path of the operator's tool."""

    def __init__(self, aws, users, name, operator=None, **parameters):
        self.aws = aws
        self.users = users
        self.operator = operator
        self.stack = aws.deploy(name, users.issuer, **parameters)
        self.api = Api(self.stack)
        self.exchange = Exchange(self.stack)
        self.nights = Nights(self.stack)

    def another(self, name):
        """Another stack where the target has room for more than one, else this one."""
        if not self.aws.many_stacks:
            return self
        return TestApp(self.aws, self.users, name, self.operator)

    def uid(self, name):
        return self.users.uid(name)

    def token(self, name):
        self.uid(name)
        return self.users.issuer.token(name)

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
