"""Chapter: all of the template is there, but for what is left out by name."""

import removal
from adapters import LEFT_OUT, adapt, kind
from botocore.exceptions import ClientError
from local_aws import parameters
from stack import LocalStack
from template import expand

VERSION = "AWS::Lambda::Version"
# The parameters without which production is refused.
GUARDS = ("PageDomainName", "ApiDomainName", "WebAclArn", "ReadScope", "WriteScope", "EventProducers")


def check(world, checks):
    if world.aws.many_stacks:
        check_local(world, checks)
    else:
        check_account(world, checks)


def check_account(world, checks):
    """Everything without a condition is made, and production is refused without its guards."""
    template = expand(world.stack.release)["Resources"]
    # The logical id of a version has a digest of where its code is.
    named = {name: one for name, one in template.items() if one["Type"] != VERSION}
    wanted = {name for name, resource in named.items() if "Condition" not in resource}
    summaries = world.stack.summaries()
    made = {one["LogicalResourceId"] for one in summaries if one["ResourceType"] != VERSION}
    checks.equal("resources that are not made", set(), wanted - made)
    checks.equal("resources that are not in the template", set(), made - set(named))
    versions = sum(one["ResourceType"] == VERSION for one in summaries)
    checks.equal("versions", len(template) - len(named), versions)
    unguarded = f"{world.stack.name}-unguarded"
    world.aws.remove_later(lambda: removal.remove(world.aws, unguarded))
    given = world.stack.parameters | {"Stage": "production"}
    found = world.aws.sam.refusal(unguarded, world.stack.release, given)
    checks.contains("production without guards", "Production needs", found)


def check_local(world, checks):
    template = expand(world.stack.release)
    kinds = {name: kind(resource) for name, resource in template["Resources"].items()}
    found = adapt(template, world.aws.endpoint)
    checks.equal("kinds left out that are in the template", sorted(LEFT_OUT), sorted(found))
    # Conditions are not judged here: what has one may be there.
    wanted = {name for name, r in template["Resources"].items() if "Condition" not in r}
    made = world.stack.resources()
    checks.equal("resources that are not made", set(), wanted - made)
    checks.equal("resources that are not in the template", set(), made - set(template["Resources"]))
    for name in GUARDS:
        unguarded(world, checks, name)
    for left_out in LEFT_OUT:
        cannot_be_made(world, checks, left_out, kinds)


def unguarded(world, checks, name):
    """Production is refused without a parameter that guards it."""
    given = parameters(world.people.issuer, "unguarded") | {name: ""}
    probe = LocalStack(world.aws, "unguarded", given)
    try:
        probe.create()
        found = "created"
    except ClientError as error:
        found = str(error)
    checks.contains(f"production without {name}", f"Production needs {name}", found)


def cannot_be_made(world, checks, left_out, kinds):
    """An entry of LEFT_OUT that has become needless is to be taken away: it is tried each time."""
    probe = LocalStack(world.aws, "probe", parameters(world.people.issuer, "probe"))
    try:
        world.aws.client("cloudformation").create_stack(**probe.request(kept=(left_out,)))
    except ClientError as error:
        checks.contains("types it does not know", left_out, str(error))
        return
    checks.equal(f"a stack with {left_out}", "ROLLBACK_COMPLETE", probe.settled())
    culprit, _ = probe.failures()[0]
    checks.equal("what could not be made", left_out, kinds.get(culprit))
    probe.delete()
