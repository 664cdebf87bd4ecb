"""Chapter: all of the template is there, but for what is left out by name."""

from adapters import LEFT_OUT, adapt, kind
from botocore.exceptions import ClientError
from stack import Stack
from template import expand
from world import parameters

# The parameters without which production is refused.
GUARDS = ("PageDomainName", "ApiDomainName", "WebAclArn", "ReadScope", "WriteScope", "EventProducers")


def check(world, checks):
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
    probe = Stack(world.aws, "unguarded", given)
    try:
        probe.create()
        found = "created"
    except ClientError as error:
        found = str(error)
    checks.contains(f"production without {name}", f"Production needs {name}", found)


def cannot_be_made(world, checks, left_out, kinds):
    """An entry of LEFT_OUT that has become needless is to be taken away: it is tried each time."""
    probe = Stack(world.aws, "probe", parameters(world.people.issuer, "probe"))
    try:
        world.aws.client("cloudformation").create_stack(**probe.request(kept=(left_out,)))
    except ClientError as error:
        checks.contains("types it does not know", left_out, str(error))
        return
    checks.equal(f"a stack with {left_out}", "ROLLBACK_COMPLETE", probe.settled())
    culprit, _ = probe.failures()[0]
    checks.equal("what could not be made", left_out, kinds.get(culprit))
    probe.delete()
