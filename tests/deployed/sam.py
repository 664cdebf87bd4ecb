"""The SAM CLI: its version, and the deployments that it makes."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from stack import Stack
from template import ROOT

sys.path.insert(0, str(ROOT / ".ci"))
from stage import OLDEST  # noqa: E402

PINNED = "bash .ci/environment -r .ci/tools.txt"
BROKEN = "#!/bin/sh\nexit 1\n"


class SamError(Exception):
    """The SAM CLI is missing, too old, or ended with an error."""


class Sam:
    """The SAM CLI with the profile and region of a run. It builds into a folder."""

    def __init__(self, program, folder, profile, region):
        self.program = program
        self.folder = pathlib.Path(folder)
        self.profile = profile
        self.region = region
        self.version = version(program)
        if shutil.which("cargo-lambda") is None:
            raise SamError("no cargo-lambda, with which SAM builds: install 1.9 or newer")

    def build(self):
        """Builds all functions for the architecture of the template."""
        self.run("build", "--template-file", ROOT / "template.yaml", "--build-dir", self.built("first"))

    def built(self, release):
        return self.folder / release

    def break_function(self, function):
        """Makes the release `broken`, in which the process of a function ends at its start."""
        shutil.copytree(self.built("first"), self.built("broken"))
        code = self.built("broken") / function / "bootstrap"
        code.write_text(BROKEN)
        code.chmod(0o755)

    def deploy(self, stack, release, parameters, capture=False):
        overrides = [f"{key}={value}" for key, value in parameters.items()]
        self.run(
            *("deploy", "--template-file", self.built(release) / "template.yaml"),
            *("--stack-name", stack, "--resolve-s3", "--s3-prefix", stack),
            *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
            *("--no-fail-on-empty-changeset", "--no-progressbar"),
            *("--tags", f"recall-acceptance={stack}", "--parameter-overrides", *overrides),
            capture=capture,
        )

    def delete(self, stack):
        self.run("delete", "--stack-name", stack, "--no-prompts")

    def refusal(self, stack, release, parameters):
        """The error of a deployment that must be refused; empty if it is accepted."""
        try:
            self.deploy(stack, release, parameters, capture=True)
            return ""
        except SamError as error:
            return str(error)

    def run(self, *arguments, capture=False):
        variables = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region, "SAM_CLI_TELEMETRY": "0"}
        if self.profile:
            variables["AWS_PROFILE"] = self.profile
        command = [self.program, *(str(argument) for argument in arguments)]
        print(f"$ {' '.join(command[:6])} ...", flush=True)
        ended = subprocess.run(
            command, cwd=ROOT, env=os.environ | variables, text=True, capture_output=capture
        )
        if ended.returncode != 0:
            output = f"{ended.stdout or ''}{ended.stderr or ''}"
            raise SamError(f"sam {arguments[0]} ended with {ended.returncode} {output}".rstrip())


def version(program):
    """The version of the SAM CLI. Raises `SamError` if it is missing or too old."""
    try:
        output = subprocess.run([program, "--version"], text=True, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SamError(f"no SAM CLI ({error}): `{PINNED}` prints the folder of the pinned one") from error
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", output)
    if found is None:
        raise SamError(f"{program} --version answers {output.strip()!r}, which is no version")
    numbers = tuple(int(number) for number in found.groups())
    if numbers[:2] < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise SamError(f"SAM CLI {found[0]} is too old: {wanted} or newer builds Cargo workspaces")
    return found[0]


class SamStack(Stack):
    """A stack of an account, deployed by the SAM CLI."""

    def create(self):
        self.deploy_again()
        return self

    def deploy_again(self):
        self.aws.sam.deploy(self.name, self.release, self.parameters)

    def delete(self):
        self.aws.sam.delete(self.name)
