"""Prints the name of a stage's stack, and checks what the stage deploys with.

Usage: stage.py STAGE [SAM_VERSION]

STAGE is an environment of samconfig.toml. With the output of `sam --version`, the tool and the
stage's parameters are checked too; a remark on standard error refuses nothing.

>>> old = "SAM CLI, version 1.164.2"
>>> problems({}, old)
['SAM CLI, version 1.164.2: 1.165 or newer builds Cargo workspaces']
>>> problems({}, "SAM CLI, version 1.170.0")
[]
>>> signed = {"parameter_overrides": [f"{PROFILE}=arn:aws:signer:..."]}
>>> problems(signed, "SAM CLI, version 1.170.0")[0]
'SigningProfileVersionArn needs signing_profiles for GetLink: Lambda would refuse its unsigned code'
>>> every = [f"{name}=recall" for name in SIGNED]
>>> problems(signed | {"signing_profiles": every}, "SAM CLI, version 1.170.0")
[]
>>> problems(signed | {"signing_profiles": " ".join(every)}, "SAM CLI, version 1.170.0")
[]
>>> remarks({"parameter_overrides": ["Stage=production"]})
['no CanaryAffiliate: nothing is tried on new versions before they get traffic']
>>> remarks({"parameter_overrides": ["Stage=production", "CanaryAffiliate=1", "CanaryInvitee=2"]})
[]
"""

import re
import sys
import tomllib

# Older versions fail in a Cargo workspace.
OLDEST = (1, 165)
PROFILE = "SigningProfileVersionArn"
REFUSED = "Lambda would refuse its unsigned code"
# The functions whose code SAM uploads, and so signs.
SIGNED = ("GetLink", "Bind", "Dashboard", "Ingest", "DailyCommission", "PublishEvents")


def values(deploy):
    """The parameters of the template that a stage sets."""
    return dict(one.split("=", 1) for one in deploy.get("parameter_overrides", []))


def problems(deploy, version):
    """Why a deployment with these settings and this SAM CLI would fail."""
    found = []
    number = re.search(r"(\d+)\.(\d+)\.\d+", version)
    if number is None or tuple(map(int, number.groups())) < OLDEST:
        found.append(f"{version}: {'.'.join(map(str, OLDEST))} or newer builds Cargo workspaces")
    if values(deploy).get(PROFILE):
        profiles = deploy.get("signing_profiles", "")
        words = profiles.split() if isinstance(profiles, str) else profiles
        named = {one.partition("=")[0] for one in words}
        unsigned = [name for name in SIGNED if name not in named]
        found += [f"{PROFILE} needs signing_profiles for {name}: {REFUSED}" for name in unsigned]
    return found


def remarks(deploy):
    """What the approver of a deployment should know."""
    given = values(deploy)
    if given.get("Stage", "production") == "production" and not given.get("CanaryAffiliate"):
        return ["no CanaryAffiliate: nothing is tried on new versions before they get traffic"]
    return []


def main(stage, version=None):
    with open("samconfig.toml", "rb") as file:
        stages = tomllib.load(file)
    try:
        name = stages[stage]["global"]["parameters"]["stack_name"]
    except KeyError:
        sys.exit(f"samconfig.toml has no stage {stage} with a stack_name")
    if version is not None:
        deploy = stages[stage].get("deploy", {}).get("parameters", {})
        for remark in remarks(deploy):
            print(f"{stage}: {remark}", file=sys.stderr)
        if found := problems(deploy, version):
            sys.exit("\n".join(f"{stage}: {problem}" for problem in found))
    print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
