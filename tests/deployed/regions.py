"""Chapter: a passive stack, which adopts another stack's table, reads until the regions switch.

Both stacks are in one region, since the local AWS replicates no table: another `BookingRegion` makes a
stack passive. The switch is that of docs/decisions/2026-11-27-a-second-region.md. The reserved
concurrency of 0, by which the passive stack's `bind` and `get-link` refuse requests, is left out: the
local CloudFormation does not set it.
"""

from exchange import joined, registered
from nights import expect_success
from small import last_day
from story import confirm
from test_app import TestApp

ELSEWHERE = "eu-west-1"
# The mappings of queue and stream.
WRITES = ["Enabled", "Enabled"]
READS = ["Disabled", "Disabled"]


def check(app, checks):
    first = app.another("first-region")
    first.exchange.send_and_wait(*(registered(first.uid(name)) for name in ("affiliate", "dormant")))
    second = adopting(first)
    second.exchange.send(registered(second.uid("of the second region")))
    first.exchange.send_and_wait(joined(first.uid("affiliate")))
    checks.equal("a message to the passive stack", (1, 0), second.exchange.waiting())
    code = first.get("/v1/link", "affiliate").json()["code"]
    checks.equal("the dashboards", *(counts(one) for one in (first, second)))
    first.stack.update(release="second", BookingRegion=ELSEWHERE)
    # Not the region's name: the local CloudFormation knows no AWS::Region in conditions.
    second.stack.update(release="second", BookingRegion="")
    checks.equal("the mappings after the switch", (READS, WRITES), (mappings(first), mappings(second)))
    second.exchange.wait_until_ingested()
    found = second.get("/v1/link", "of the second region").json()["code"]
    checks.equal("its account after the switch", "inviter_not_affiliate", found)
    first.exchange.send(registered(first.uid("of the first region")))
    confirm(second, checks, second.get(f"/v1/bind?ref={code}", "dormant").json())
    expect_success(second.nights.start_manually(day=f"{last_day(second)}"))
    checks.equal("a message to the stack that is passive now", (1, 0), first.exchange.waiting())
    checks.equal("the dashboards then", *(counts(one) for one in (first, second)))


def adopting(first):
    """A passive stack on the table of another one."""
    table = first.stack.outputs()["TableName"]
    found = first.aws.client("dynamodb").describe_table(TableName=table)["Table"]
    return TestApp(
        first.aws,
        first.users,
        "second-region",
        first.operator,
        BookingRegion=ELSEWHERE,
        AdoptedTableArn=found["TableArn"],
        # The local AWS ends it with the Z of a time, which AWS leaves out.
        AdoptedStreamArn=found["LatestStreamArn"].removesuffix("Z"),
    )


def mappings(app):
    client = app.aws.client("lambda")
    return [
        client.get_event_source_mapping(UUID=app.stack.physical(name))["State"]
        for name in ("IngestQueue", "PublishEventsStream")
    ]


def counts(app):
    summary = app.get("/v1/dashboard", "affiliate").json()
    return summary["counts"], summary["dataAsOf"]
