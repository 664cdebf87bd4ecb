"""The deployed API, by plain HTTP."""

import http.client
import json


class Answer:
    """What came back: status, headers by their lower-case names, bytes."""

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
        self.port = stack.aws.port
        # Its output names the API's own domain, which the local AWS does not resolve.
        self.host = f"{stack.physical('Api')}.execute-api.localhost:{self.port}"
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def call(self, method, target, token=None, body=None, **headers):
        """Calls a route; `if_none_match` becomes the header If-None-Match."""
        sent = {"Host": self.host} | {k.replace("_", "-"): v for k, v in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = json.dumps(body)
        try:
            self.connection.request(method, target, body, sent)
            return Answer(self.connection.getresponse())
        except (http.client.HTTPException, ConnectionError):
            self.connection.close()
            raise
