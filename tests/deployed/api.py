"""The deployed API, by plain HTTP."""

import http.client
import json
import time

# Seconds after which a connection is opened again, since a gateway ends idle ones.
IDLE = 10


class Answer:
    """An answer: status, headers by their lower-case names, bytes."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


class Api:
    """The API of a stack, over one connection that is kept."""

    def __init__(self, stack):
        self.connection, self.host = stack.aws.connect(stack.physical("Api"))
        self.used = time.monotonic()

    def call(self, method, target, token=None, body=None, **headers):
        """Calls a route; `if_none_match` becomes the header If-None-Match."""
        sent = {"Host": self.host} | {k.replace("_", "-"): v for k, v in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = json.dumps(body)
        if time.monotonic() - self.used > IDLE:
            self.connection.close()
        try:
            self.connection.request(method, target, body, sent)
            return Answer(self.connection.getresponse())
        except (http.client.HTTPException, ConnectionError):
            self.connection.close()
            raise
        finally:
            self.used = time.monotonic()
