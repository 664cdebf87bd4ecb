"""The shell in which the runbook's commands run."""

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

from template import REGION

# No waiting for Logs Insights, and `operator` writes without asking. The calls of `sam` are noted and
# done by other means: see `runbook_work.py`.
OWN = """
aws() { "$PYTHON" -IS "$AWS_CLI" "$AWS_SOCKET" aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
sleep() { :; }
operator() { "$OPERATOR" --yes "$@"; }
sam() { printf '%s\\n' "sam $*" >> "$SAM"; }
"""
END = "== end of the command:"
PROGRAM = pathlib.Path(__file__).resolve().with_name("runbook_cli.py")
START_SECONDS = 60


class Ran:
    """A command that has ended: its exit status, and what it wrote."""

    def __init__(self, command, status, output, errors):
        self.command = command
        self.status = status
        self.output = output
        self.errors = errors

    def __repr__(self):
        return f"$ {self.command}\n{self.output}{self.errors}\nexit status {self.status}"


class Cli:
    """The process of the AWS CLI, for all terminals."""

    def __init__(self, aws):
        self.folder = tempfile.TemporaryDirectory(prefix="runbook-cli-")
        self.socket = pathlib.Path(self.folder.name, "socket")
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, self.socket],
            env=os.environ | aws.clock.variables(),
            stdin=subprocess.PIPE,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the AWS CLI did not start")
            time.sleep(0.05)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.folder.cleanup()


class Terminal:
    """One shell, which keeps variables from one command to the next. It and all programs in it use the
    local AWS's clock."""

    def __init__(self, aws, operator, cli):
        self.cli = cli
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
            "PYTHON": sys.executable,
            "AWS_CLI": str(PROGRAM),
            "AWS_SOCKET": str(self.cli.socket),
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

    def sam_calls(self):
        """The calls of `sam` since the last call of this method."""
        calls = self.sam.read_text().splitlines()
        self.sam.unlink()
        return calls

    def close(self):
        self.shell.stdin.close()
        self.shell.wait(timeout=10)
        self.shell.stdout.close()
        self.folder.cleanup()
