"""What storage must hold, and the stories, on a DynamoDB that is not the embedded engine.

    cargo test --workspace --no-run
    python tests/deployed/another_engine.py            # with the packages of requirements.txt

Runs the tests by `cargo test` against the local AWS's DynamoDB. Where the two engines differ is
listed by name, and the list is exact: a test that is on it must fail.
"""

import argparse
import os
import pathlib
import subprocess
import sys

from local_aws import local_aws

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What cargo is told, and by what tests are chosen. The whole workspace, so that nothing is built again.
TESTS = [
    (["--test", "needed"], []),
    (["--lib"], ["story::", "late::", "taking_in::"]),
    (["--test", "api", "--test", "dashboard"], []),
]
# The tests of the first line that it does not pass, and why.
DIFFERENCES = {
    "a_batch_of_more_than_sixteen_megabytes_is_answered_in_parts": "it answers all of it at once",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=4567, help="default: %(default)s")
    with local_aws(parser.parse_args().port) as aws:
        for targets, names in TESTS:
            if tests(aws, targets, names, skipped=DIFFERENCES) != 0:
                sys.exit("a test fails there that passes on the embedded engine")
        for name, reason in DIFFERENCES.items():
            if tests(aws, TESTS[0][0], [name]) == 0:
                sys.exit(f"{name} passes there, though it is listed as a difference: {reason}")
    print(f"Left out, with its reason: {DIFFERENCES}")


def tests(aws, targets, names, skipped=()):
    """Runs tests there; answers the exit code."""
    command = ["cargo", "test", "--workspace", "--locked", *targets, "--", "--test-threads", "2", *names]
    for name in skipped:
        command += ["--skip", name]
    variables = os.environ | {"RECALL_TEST_ENDPOINT": aws.endpoint}
    return subprocess.run(command, cwd=ROOT, env=variables).returncode


if __name__ == "__main__":
    main()
