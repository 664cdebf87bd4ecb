"""Accepts the deployed programme: on a local AWS of this machine, or in a real account.

README.md lists the chapters. `--local` needs Linux, a C compiler and the packages of
requirements.txt; an account needs the SAM CLI, cargo-lambda and credentials.
"""

import argparse
import pathlib
import re
import signal
import sys

import boto3

import chapters
from account import Refused, account_target
from checks import Checks
from local_aws import local_target
from report import Report
from sam import SamError
from template import ROOT
from test_app import Users, TestApp

TARGET = ROOT / "target"
# CloudFront's names have the stack's and the region's name in 64 characters.
STACK = re.compile(r"[a-z][a-z0-9-]{2,29}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--local", action="store_true", help="a local AWS, started by this program")
    parser.add_argument("--stack", type=stack_name, help="name of the throw-away stack; it must be free")
    parser.add_argument("--profile", help="profile of the AWS configuration (default: as the AWS CLI)")
    parser.add_argument("--region", help="region (default: the profile's)")
    parser.add_argument("--keep", action="store_true", help="keep the stack of an account")
    parser.add_argument("--sam", default="sam", help="the SAM CLI (default: %(default)s of PATH)")
    parser.add_argument(
        "--report", type=pathlib.Path, help="file of the report (default: target/acceptance/STACK.md)"
    )
    parser.add_argument(
        "--binaries",
        type=pathlib.Path,
        default=TARGET / "release",
        help="with --local: folder of the functions' binaries for this machine (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=4566, help="with --local: port of the local AWS (default: %(default)s)"
    )
    parser.add_argument(
        "--operator",
        type=pathlib.Path,
        default=TARGET / "debug" / "operator",
        help="the operator's tool (default: %(default)s)",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=chapters.names(),
        default=chapters.names(),
        metavar="CHAPTER",
        help="chapters by their files' names; on a local AWS most others need story, in an account small",
    )
    given = parser.parse_args()
    if not given.local and given.stack is None:
        parser.error("--stack NAME of a throw-away stack is required, or --local")
    if given.local and (given.profile or given.region or given.keep):
        parser.error("--profile, --region and --keep are of an account, not of --local")
    given.stack = given.stack or "recall"
    return given


def stack_name(text):
    if not STACK.fullmatch(text):
        raise argparse.ArgumentTypeError("3 to 30 lower-case letters, digits and hyphens, a letter first")
    return text


def opened(given):
    """The target, as a context manager."""
    if given.local:
        return local_target(given.port, given.binaries)
    return account_target(given.stack, given.profile, given.region, given.sam, given.keep)


def main():
    given = arguments()
    if not given.operator.is_file():
        sys.exit(f"expected the operator's tool at {given.operator}: cargo build -p operator, or --operator")
    report = Report(given.report or TARGET / "acceptance" / f"{given.stack}.md")
    checks = Checks(keep_going=not given.local)
    aws, problem = None, None
    try:
        with opened(given) as aws:
            begin(report, given, aws)
            print("deploying ...", flush=True)
            app = TestApp(aws, Users(aws), given.stack, given.operator.resolve())
            chapters.run(app, checks, given.only)
    except (Refused, SamError) as error:
        problem = error
    except BaseException as error:
        problem = error
        raise
    finally:
        if aws is not None:
            end(report, given, aws)
            report.write(checks, problem)
    if problem is not None:
        sys.exit(f"\nerror: {problem}")
    print(f"\nChecked:\n{checks.table()}")
    if checks.failed() or aws.left:
        sys.exit(f"\nfailed: {', '.join(checks.failed() or ['removal'])}")


def begin(report, given, aws):
    report.fact("target", aws.name)
    report.fact("region", aws.region)
    report.fact("stack", given.stack)
    report.fact("begin", f"{aws.clock.now():%Y-%m-%d %H:%M} UTC")
    if not given.local:
        report.fact("SAM CLI", aws.sam.version)
        report.fact("boto3", boto3.__version__)


def end(report, given, aws):
    if given.local:
        report.removal.append("the local AWS ended, with all its resources")
    elif given.keep:
        report.removal.append("nothing was removed: `--keep`")
    else:
        report.removal += [f"not removed: {kind} {name}: {why}" for name, kind, why in aws.left]
        if not aws.left:
            report.removal.append("the stack, its retained resources and everything else were removed")
        report.removal.append(
            "cost on the invoice, a day later, where the tag is active: `aws ce get-cost-and-usage`"
            f" with the filter tag recall-acceptance={given.stack}"
        )


if __name__ == "__main__":
    # Ended from outside, the program still removes what it has created.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    try:
        main()
    except AssertionError as error:
        sys.exit(f"\n{error}")
