"""Runs the storage tests and the stories on another DynamoDB than the embedded engine: the local AWS's.

    python tests/deployed/another_engine.py

docs/explanation/reliability.md, "Another engine", lists their differences and which one is right.
"""

import argparse
import os
import subprocess
import sys

from local_aws import local_aws

# The local AWS answers a batch of any size completely, where DynamoDB answers 16 MB of it.
DIFFERENT = "batch_over_16_mb_is_partial"
# Of the whole workspace, like all of CI's tests: for one package alone libraries would be built again.
TESTS = [
    ["--test", "engine_conformance", "--", "--skip", DIFFERENT],
    ["--lib", "--", "story::", "late::", "ingest_events::"],
    ["--test", "api", "--test", "dashboard"],
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=4700, help="where the local AWS listens (default: 4700)")
    with local_aws(parser.parse_args().port) as aws:
        variables = os.environ | {"RECALL_TEST_ENDPOINT": aws.endpoint, "RUST_TEST_THREADS": "2"}
        for tests in TESTS:
            if subprocess.run(["cargo", "test", "--workspace", "--locked", *tests], env=variables).returncode:
                sys.exit(1)


if __name__ == "__main__":
    main()
