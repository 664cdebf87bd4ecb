"""Runs every judge of the templates, and fails where a finding has no exception with a reason.

Usage: run.py

exceptions.toml lists the accepted findings with reasons. A finding is a rule of a judge and a
resource. An exception without a finding fails too, since it is needless.
"""

import fnmatch
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MACHINES = ("nightly", "start-nightly")
# The templates that SAM does not expand.
OTHERS = ("edge.yaml", "global-table.yaml", "archive.yaml")


def environment(requirements):
    """The folder of the programs of a requirements file."""
    command = ["bash", ".ci/environment", "-r", requirements]
    return pathlib.Path(output(command).strip(), "bin")


def output(command, accepted=(0,)):
    """The standard output of a command, which ends with one of the accepted codes."""
    variables = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    found = subprocess.run(command, cwd=ROOT, env=variables, text=True, capture_output=True)
    if found.returncode not in accepted:
        sys.exit(f"{command} ended with {found.returncode}:\n{found.stdout}{found.stderr}")
    return found.stdout


def sam(folder):
    """SAM's validation. With `--lint` it does not expand the template: expand.py does."""
    output([environment(".ci/tools.txt") / "sam", "validate", "--lint", "--region", "us-east-1"])
    return []


def cfn_lint(folder):
    tools = environment(".ci/tools.txt")
    machines = [f"statemachine/{name}.asl.yaml" for name in MACHINES]
    output([tools / "python", ".ci/state-machines.py", folder, *machines])
    files = [folder / f"{name}.asl.json" for name in MACHINES]
    templates = ["template.yaml", *OTHERS, *files, folder / "template.json"]
    # 2, 4 and 8 are errors, warnings and informations; 1 is an invalid command line.
    report = output([tools / "cfn-lint", "--format", "json", "--", *templates], range(0, 16, 2))
    for found in json.loads(report or "[]"):
        path = found["Location"]["Path"]
        yield found["Rule"]["Id"], path[1] if path and len(path) > 1 else "template"


def checkov(folder):
    tool = environment(".ci/judges/checkov.txt") / "checkov"
    options = ["--skip-download", "-o", "json"]
    files = [("cloudformation", "-f", one) for one in (folder / "template.json", *OTHERS)]
    for framework, how, path in (*files, ("github_actions", "-d", ".github")):
        report = json.loads(output([tool, how, path, "--framework", framework, *options], (0, 1)))
        for found in report["results"]["failed_checks"]:
            yield found["check_id"], found["resource"].split(".")[-1]


def cdk_nag(folder):
    python = environment(".ci/judges/nag.txt") / "python"
    return json.loads(output([python, HERE / "nag.py", *expanded(folder)]).splitlines()[-1])


def iam(folder):
    python = environment(".ci/judges/iam.txt") / "python"
    return json.loads(output([python, HERE / "iam.py", *expanded(folder)]))


def expanded(folder):
    """All templates in plain CloudFormation."""
    return [folder / "template.json", *(folder / one.replace(".yaml", ".json") for one in OTHERS)]


JUDGES = {"sam": sam, "cfn-lint": cfn_lint, "checkov": checkov, "cdk-nag": cdk_nag, "iam": iam}


def meets(exception, judge, rule, resource):
    return (
        exception["judge"] == judge
        and any(fnmatch.fnmatchcase(rule, one) for one in exception["rules"])
        and any(fnmatch.fnmatchcase(resource, one) for one in exception["resources"])
    )


def main():
    exceptions = tomllib.loads((HERE / "exceptions.toml").read_text())["exception"]
    for exception in exceptions:
        if not exception["reason"].strip():
            sys.exit(f"an exception without a reason: {exception}")
    needed, unexplained = set(), []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        python = environment("tests/deployed/requirements.txt") / "python"
        output([python, HERE / "expand.py", folder])
        for judge, findings in JUDGES.items():
            begin = time.monotonic()
            found = sorted({(rule, resource) for rule, resource in findings(folder)})
            seconds = time.monotonic() - begin
            open_ones = []
            for rule, resource in found:
                met = [n for n, e in enumerate(exceptions) if meets(e, judge, rule, resource)]
                needed.update(met)
                if not met:
                    open_ones.append(f"{judge}: {rule} of {resource}")
            summary = f"{len(found)} findings, {len(open_ones)} unexplained, {seconds:.0f} s"
            print(f"{judge}: {summary}", flush=True)
            unexplained += open_ones
    needless = [e for n, e in enumerate(exceptions) if n not in needed]
    unexplained += [f"needless exception: {e['judge']} {e['rules']} {e['resources']}" for e in needless]
    print("\n".join(unexplained))
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
