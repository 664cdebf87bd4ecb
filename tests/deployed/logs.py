"""Chapter: the functions' logs know no people and no tokens."""


def check(world, checks):
    lines = list(messages(world.aws.client("logs")))
    print(f"  {len(lines)} lines")
    checks.equal("whether there are lines", True, len(lines) > 0)
    secrets = {"a token": "eyJ", "a confirmation": "confirmation\":\""}
    secrets |= {f"the uid of {name}": uid for name, uid in world.people.uids.items()}
    secrets["an invitee's uid"] = "invitee-0"
    for what, secret in secrets.items():
        checks.equal(f"lines with {what}", [], [line for line in lines if secret in line])


def messages(logs):
    """All that is in any log group."""
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        for page in pages:
            yield from (event["message"] for event in page["events"])
