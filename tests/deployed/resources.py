"""Chapter: each resource of the template is created, except those in LEFT_OUT."""

import removal
from adapters import LEFT_OUT, adapt, kind
from botocore.exceptions import ClientError
from local_aws import parameters
from stack import LocalStack
from template import expand

VERSION = "AWS::Lambda::Version"
# The parameters without which production is refused.
GUARDS = ("PageDomainName", "ApiDomainName", "WebAclArn", "ReadScope", "WriteScope", "EventProducers")


def check(app, checks):
    if app.aws.many_stacks:
        check_local(app, checks)
    else:
        check_account(app, checks)


def check_account(app, checks):
    """Each resource without a condition is created, and production is refused without its guards."""
    template = expand(app.stack.release)["Resources"]
    # The logical id of a version has a digest of where its code is.
    named = {name: one for name, one in template.items() if one["Type"] != VERSION}
    wanted = {name for name, resource in named.items() if "Condition" not in resource}
    summaries = app.stack.summaries()
    made = {one["LogicalResourceId"] for one in summaries if one["ResourceType"] != VERSION}
    checks.equal("resources that are not created", set(), wanted - made)
    checks.equal("resources that are not in the template", set(), made - set(named))
    versions = sum(one["ResourceType"] == VERSION for one in summaries)
    checks.equal("versions", len(template) - len(named), versions)
    unguarded = f"{app.stack.name}-unguarded"
    app.aws.remove_later(lambda: removal.remove(app.aws, unguarded))
    given = app.stack.parameters | {"Stage": "production"}
    found = app.aws.sam.refusal(unguarded, app.stack.release, given)
    checks.contains("production without guards", "Production needs", found)


def check_local(app, checks):
    template = expand(app.stack.release)
    kinds = {name: kind(resource) for name, resource in template["Resources"].items()}
    found = adapt(template, app.aws.endpoint)
    checks.equal("kinds left out that are in the template", sorted(LEFT_OUT), sorted(found))
    # Conditions are not evaluated here: resources with one may exist.
    wanted = {name for name, r in template["Resources"].items() if "Condition" not in r}
    made = app.stack.resources()
    checks.equal("resources that are not created", set(), wanted - made)
    checks.equal("resources that are not in the template", set(), made - set(template["Resources"]))
    for name in GUARDS:
        unguarded(app, checks, name)
    for left_out in LEFT_OUT:
        cannot_be_made(app, checks, left_out, kinds)


def unguarded(app, checks, name):
    """Production is refused without a parameter that guards it."""
    given = parameters(app.users.issuer, "unguarded") | {name: ""}
    probe = LocalStack(app.aws, "unguarded", given)
    try:
        probe.create()
        found = "created"
    except ClientError as error:
        found = str(error)
    checks.contains(f"production without {name}", f"Production needs {name}", found)


def cannot_be_made(app, checks, left_out, kinds):
    """Tries to create an entry of LEFT_OUT, so that needless entries are found."""
    probe = LocalStack(app.aws, "probe", parameters(app.users.issuer, "probe"))
    try:
        app.aws.client("cloudformation").create_stack(**probe.request(kept=(left_out,)))
    except ClientError as error:
        checks.contains("types it does not know", left_out, str(error))
        return
    checks.equal(f"a stack with {left_out}", "ROLLBACK_COMPLETE", probe.settled())
    culprit, _ = probe.failures()[0]
    checks.equal("the resource that cannot be created", left_out, kinds.get(culprit))
    probe.delete()
