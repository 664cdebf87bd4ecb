"""Checks of state machines (*.asl.yaml) that no linter makes on these files.

Every transition must lead to a state beside it, and every state must be reached. Then each machine
is written into FOLDER inside a CloudFormation template, because only there does cfn-lint read it;
SAM's reference to a file is skipped silently.

Usage: state-machines.py FOLDER FILE...
"""

import json
import pathlib
import sys

import yaml


def targets(state):
    """Names of the states that may follow this one."""
    for branch in [state, *state.get("Choices", []), *state.get("Catch", [])]:
        yield from (branch[key] for key in ("Next", "Default") if key in branch)


def faults(machine):
    """The faults in the transitions of a machine and of the machines inside its maps."""
    states = machine["States"]
    named = {machine["StartAt"]}.union(*(targets(state) for state in states.values()))
    yield from (f"{name}: named, but there is no such state" for name in named - states.keys())
    yield from (f"{name}: no state leads here" for name in states.keys() - named)
    for state in states.values():
        if "ItemProcessor" in state:
            yield from faults(state["ItemProcessor"])


def template(machine):
    """A template that cfn-lint reads, with the machine as its only resource."""
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/name", "Definition": machine}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    return {"Resources": {"Machine": resource}}


def main(folder, *paths):
    failed = False
    for path in map(pathlib.Path, paths):
        machine = yaml.safe_load(path.read_text().replace("${Partition}", "aws"))
        for fault in faults(machine):
            print(f"{path}: {fault}", file=sys.stderr)
            failed = True
        target = pathlib.Path(folder, path.with_suffix(".json").name)
        target.write_text(json.dumps(template(machine), indent=1))
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
