"""The shell of whoever has the runbook open."""

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

from template import REGION

# Nobody waits for Logs Insights here, and whoever lets `operator` write says yes. What `sam` is asked
# for is noted, and done in its place: see `runbook_work.py`.
OWN = """
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
sleep() { :; }
operator() { "$OPERATOR" --yes "$@"; }
sam() { printf '%s\\n' "sam $*" >> "$SAM"; }
"""
END = "== end of the command:"


class Ran:
    """A command that has ended: its exit status, and what it wrote."""

    def __init__(self, command, status, output, errors):
        self.command = command
        self.status = status
        self.output = output
        self.errors = errors

    def __repr__(self):
        return f"$ {self.command}\n{self.output}{self.errors}\nexit status {self.status}"


class Terminal:
    """One shell, so that what a command sets is there for the next one. It and all programs in it
    go by the local AWS's clock."""

    def __init__(self, aws, operator):
        self.folder = tempfile.TemporaryDirectory(prefix="runbook-")
        self.errors = pathlib.Path(self.folder.name, "errors")
        self.sam = pathlib.Path(self.folder.name, "sam")
        self.shell = subprocess.Popen(
            ["bash"],
            env=self.variables(aws, operator),
            cwd=self.folder.name,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.run(OWN)

    def variables(self, aws, operator):
        programs = pathlib.Path(sys.executable).parent
        return aws.clock.variables() | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": self.folder.name,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_ENDPOINT_URL_DYNAMODB": aws.endpoint,
            "AWS_RETRY_MODE": "standard",
            "AWS_MAX_ATTEMPTS": "1",
            "OPERATOR": str(operator),
            "SAM": str(self.sam),
        }

    def run(self, command):
        """Runs a command, and waits for its end."""
        line = f"eval {shlex.quote(command)} 2>{self.errors} </dev/null; printf '\\n{END} %s\\n' $?\n"
        self.shell.stdin.write(line)
        self.shell.stdin.flush()
        written = []
        for line in self.shell.stdout:
            if line.startswith(END):
                status = int(line.removeprefix(END))
                return Ran(command, status, "".join(written)[:-1], self.errors.read_text())
            written.append(line)
        raise AssertionError(f"expected the shell to outlive {command}: {self.errors.read_text()}")

    def asked_of_sam(self):
        """What `sam` was asked for since this was asked last."""
        asked = self.sam.read_text().splitlines()
        self.sam.unlink()
        return asked

    def close(self):
        self.shell.stdin.close()
        self.shell.wait(timeout=10)
        self.shell.stdout.close()
        self.folder.cleanup()
