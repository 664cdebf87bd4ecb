"""Prints a change set as Markdown, and refuses one that loses data.

Usage: change_set.py CHANGE_SET.json STACK_POLICY.json

The resources whose replacement or removal is refused are those of the stack policy, which
CloudFormation enforces too, but only in the middle of an update. Changes of roles and policies are
listed first, for the approver.

>>> change = lambda name, action, replaced: {"ResourceChange": {"LogicalResourceId": name,
...     "ResourceType": "AWS::X::Y", "Action": action, "Replacement": replaced}}
>>> policy = {"Statement": [
...     {"Effect": "Allow", "Action": "Update:*", "Resource": "*"},
...     {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"],
...      "Resource": ["LogicalResourceId/Table", "LogicalResourceId/Bus"]},
...     {"Effect": "Deny", "Action": ["Update:Replace"], "Resource": ["LogicalResourceId/Option"]}]}
>>> refusals([change("Table", "Modify", "False"), change("Bind", "Remove", None)], policy)
[]
>>> refusals([change("Table", "Modify", "Conditional"), change("Bus", "Remove", None)], policy)
['Table may be replaced', 'Bus is removed']
>>> refusals([change("Option", "Modify", "True"), change("Option", "Remove", None)], policy)
['Option may be replaced']
>>> refusals([change("Table", "Add", None)], policy)
[]
"""

import json
import pathlib
import sys

ROLES = ("AWS::IAM::", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::Events::EventBusPolicy")


def protected(policy, action):
    """The logical ids that a stack policy protects from an action."""
    denied = [one for one in policy["Statement"] if one["Effect"] == "Deny" and action in one["Action"]]
    return {name.removeprefix("LogicalResourceId/") for one in denied for name in one["Resource"]}


def refusals(changes, policy):
    """Why a change set is refused: one sentence for each protected resource that may be lost."""
    kept, same = protected(policy, "Update:Delete"), protected(policy, "Update:Replace")
    found = []
    for change in (one["ResourceChange"] for one in changes if "ResourceChange" in one):
        name, action = change["LogicalResourceId"], change["Action"]
        if action == "Remove":
            if name in kept:
                found.append(f"{name} is removed")
        elif action != "Add" and name in same and change.get("Replacement") in ("True", "Conditional"):
            found.append(f"{name} may be replaced")
    return found


def table(changes):
    """The changes as a table, those of permissions first."""
    rows = [one["ResourceChange"] for one in changes if "ResourceChange" in one]
    rows.sort(key=lambda one: (not one["ResourceType"].startswith(ROLES), one["LogicalResourceId"]))
    lines = ["| resource | type | action | replacement |", "|---|---|---|---|"]
    for one in rows:
        cells = one["LogicalResourceId"], one["ResourceType"], one["Action"], one.get("Replacement") or ""
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(change_set, policy):
    changes = json.loads(pathlib.Path(change_set).read_text())["Changes"]
    print(table(changes))
    found = refusals(changes, json.loads(pathlib.Path(policy).read_text()))
    print("\n".join(f"\nREFUSED: {reason}" for reason in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
