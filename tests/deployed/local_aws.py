"""The local AWS: started on this machine for one run, and removed after it."""

import contextlib
import http.client
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

from clock import Clock
from stack import LocalStack, upload_code
from template import REGION
from test_app import PAGE, SCOPE

HERE = pathlib.Path(__file__).resolve().parent
START_SECONDS = 30
# The last but one day of a quarter, so that a story has tiers evaluated on its second night.
START = "2026-12-30T09:00:00Z"
RELEASES = ("first", "second")


class LocalAws:
    """A running local AWS: where it is, its process, log and clock, and clients of its services."""

    name = "local AWS"
    region = REGION
    many_stacks = True
    # Seconds to wait for a result, between readings, and how often a queue must be found empty.
    patience, pause, readings = 90, 0.05, 1

    def __init__(self, port, process, log, clock):
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self.process = process
        self.log = log
        self.clock = clock
        self.clients = {}
        self.left = []

    def client(self, service):
        """A client of a service, without retries, so that failures are visible."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=120),
            )
        return self.clients[service]

    def variables(self):
        """The environment of a program that calls this AWS and uses its clock."""
        return self.clock.variables() | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_DYNAMODB": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def connect(self, api):
        """A connection to an API, and its host: the local AWS does not resolve the API's domain."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        return connection, f"{api}.execute-api.localhost:{self.port}"

    def deploy(self, name, issuer, **more):
        return LocalStack(self, name, parameters(issuer, name) | more).create()

    def stack(self, name):
        return LocalStack(self, name, {})

    def remove_later(self, remove):
        """Does nothing: the whole local AWS ends with the run."""

    def function_processes(self, function):
        """The ids of the processes that run a function now."""
        return [pid for pid in children(self.process.pid) if runs(pid, function)]

    def kill(self, function, seconds=0):
        """Kills all processes that have run a function for so many seconds, as `kill -9` does."""
        for pid in self.function_processes(function):
            with contextlib.suppress(OSError):
                if age(pid) > seconds:
                    os.kill(pid, signal.SIGKILL)

    def killed_at_work(self, function):
        """How many of a function's invocations have ended by the end of their process."""
        return self.logged(f"Lambda {function}: Runtime exited before returning a response")

    def failed_batches(self, function):
        """How many batches of the queue have failed, and are left to be redelivered."""
        return self.logged(f"ESM: Lambda {function} failed")

    def logged(self, words):
        return self.log.read_text().count(words)


def parameters(issuer, stack):
    """The parameters that production requires. The local AWS does not check that the names exist."""
    return {
        "Issuer": issuer.url,
        "Audience": issuer.audience,
        "ReadScope": SCOPE,
        "WriteScope": SCOPE,
        "PageOrigin": PAGE,
        "PageDomainName": "affiliates.example.com",
        "PageCertificateArn": f"arn:aws:acm:{REGION}:111122223333:certificate/1",
        # A domain name belongs to one API.
        "ApiDomainName": f"{stack}.api.example.com",
        "ApiCertificateArn": f"arn:aws:acm:{REGION}:111122223333:certificate/2",
        "WebAclArn": f"arn:aws:wafv2:{REGION}:111122223333:global/webacl/recall/3",
        "EventProducers": "arn:aws:iam::000000000000:role/ledger,arn:aws:iam::000000000000:role/operators",
    }


@contextlib.contextmanager
def local_target(port, binaries):
    """A local AWS with the functions' code, at the start of the story, until the block ends."""
    with local_aws(port) as aws:
        aws.clock.set(START)
        upload_code(aws, binaries, RELEASES)
        yield aws


@contextlib.contextmanager
def local_aws(port):
    """A local AWS at 127.0.0.1, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="deployed-") as folder:
        log = pathlib.Path(folder, "local-aws.log")
        clock = Clock(folder)
        process = start(port, folder, log, clock)
        try:
            wait_until_ready(port, process, log)
            yield LocalAws(port, process, log, clock)
        except BaseException:
            keep_log(log)
            raise
        finally:
            stop(process)


def start(port, folder, log, clock):
    variables = clock.variables() | {
        # Its default is every address of the machine.
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "TMPDIR": folder,
        "STATE_DIR": f"{folder}/state",
        "S3_DATA_DIR": f"{folder}/s3",
        # The machine's retries wait for minutes; here two hundred times shorter.
        "SFN_WAIT_SCALE": "0.005",
    }
    return subprocess.Popen(
        [sys.executable, HERE / "starter.py"],
        env=os.environ | variables,
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def wait_until_ready(port, process, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2).read()
            return
        time.sleep(0.1)
    raise RuntimeError(f"the local AWS did not start:\n{log.read_text()[-2000:]}")


def stop(process):
    """Ends the server and the functions' processes, which are all of the session it leads."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
    process.wait()


def keep_log(log):
    kept = pathlib.Path(tempfile.gettempdir(), "deployed-local-aws.log")
    kept.write_bytes(log.read_bytes())
    print(f"The local AWS's log is kept in {kept}", file=sys.stderr)


def children(parent):
    """The ids of a process's children."""
    threads = pathlib.Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for thread in threads for pid in thread.read_text().split()]


def runs(pid, function):
    """Whether a process runs a function."""
    with contextlib.suppress(OSError):
        variables = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return f"AWS_LAMBDA_FUNCTION_NAME={function}".encode() in variables
    return False


def age(pid):
    """The seconds for which a process has been running."""
    ticks = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    uptime = float(pathlib.Path("/proc/uptime").read_text().split()[0])
    return uptime - int(ticks) / os.sysconf("SC_CLK_TCK")
