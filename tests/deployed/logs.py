"""Chapter: the logs hold no ids and no tokens, and a keyed hash of each request's subject."""

import json
import re

PUBLIC = ("/v1/invitation", "/v1/invitation/card")
# All groups of a stack begin so. The local AWS has no others than those of this run.
GROUPS = ("/aws/lambda/{}/", "/aws/vendedlogs/{}/")


def check(app, checks):
    prefixes = [""] if app.aws.many_stacks else [one.format(app.stack.name) for one in GROUPS]
    logs = app.aws.client("logs")
    lines = [line for prefix in prefixes for line in messages(logs, prefix)]
    print(f"  {len(lines)} lines")
    checks.equal("whether there are lines", True, len(lines) > 0)
    secrets = {"a token": "eyJ", "a confirmation": "confirmation\":\""}
    secrets |= {f"the uid of {name}": uid for name, uid in app.users.uids.items()}
    secrets["an invitee's uid"] = "invitee-"
    for what, secret in secrets.items():
        checks.equal(f"lines with {what}", [], [line for line in lines if secret in line])
    answered = [one for one in map(request, lines) if one.get("status") == 200]
    subjects = [one.get("subject", "") for one in answered if one["route"] not in PUBLIC]
    checks.equal("whether requests were answered", True, len(subjects) > 0)
    malformed = [one for one in subjects if not re.fullmatch("[0-9a-f]{16}", one)]
    checks.equal("requests without a hashed subject", [], malformed)


def request(line):
    """The fields of a request's line; of any other line none."""
    fields = json.loads(line).get("fields", {}) if line.startswith("{") else {}
    return fields if fields.get("message") == "request" else {}


def messages(logs, prefix):
    """Everything in the log groups with a prefix."""
    named = {"logGroupNamePrefix": prefix} if prefix else {}
    for page in logs.get_paginator("describe_log_groups").paginate(**named):
        for group in page["logGroups"]:
            yield from messages_of(logs, group["logGroupName"])


def messages_of(logs, group):
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        yield from (event["message"] for event in page["events"])
