#!/usr/bin/env python3
"""Compares cold starts and requests of functions: `python3 benches/cold-start/run.py`.

The candidates are the released functions, a bare handler, and the twins of benches/twins. Each run
starts every candidate anew, in turn, under the same small Runtime API and against the sandbox's
DynamoDB behind TLS. The script prints medians of: exec to the first request for work
(initialisation), the first request, the median of a hundred warm ones, processor time, and peak
memory. The warming call is a separate part of the initialisation: it begins when the function has
connected (no name is resolved here: DynamoDB is given by its address). Before it measures, the
script compares the twins' answers with ours.

Needs openssl, and for the twins node with npm and a Python with venv; `--no-twins` omits these.
"""

import argparse
import json
import os
import platform
import queue
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import venv
import zipfile
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WORK = TARGET / "cold-start"
TWINS = ROOT / "benches" / "twins"
FUNCTIONS = ["get-link", "bind", "dashboard"]
AFFILIATE, DORMANT = "10000001", ["20000001", "20000002", "20000003"]
WARM_REQUESTS = 100
# Instants at which functions have connected to DynamoDB.
CONNECTED = queue.Queue()


class RuntimeApi:
    """Sends events to a function and receives its answers, as Lambda does."""

    def __init__(self):
        self.events, self.answers, self.asked = queue.Queue(), queue.Queue(), queue.Queue()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                api.asked.put(time.perf_counter())
                event = api.events.get()
                self.reply(200, b"{}" if event is None else json.dumps(event).encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0)) if "chunked" not in (
                    self.headers.get("transfer-encoding") or "") else self.chunks()
                if "/response" in self.path:
                    api.answers.put((time.perf_counter(), json.loads(body)))
                elif "/error" in self.path:
                    api.answers.put((time.perf_counter(), {"error": body.decode()}))
                self.reply(202, b"{}")

            def chunks(self):
                parts = []
                while size := int(self.rfile.readline(), 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            def reply(self, status, body):
                head = {"content-length": len(body), "content-type": "application/json",
                        "lambda-runtime-aws-request-id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                        "lambda-runtime-deadline-ms": int(time.time() * 1000) + 30_000,
                        "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
                        "lambda-runtime-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"}
                try:
                    self.send_response(status)
                    for name, value in head.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # The function was stopped while it waited.

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self.server.server_port}"

    def ask(self, event):
        """Sends an event to the waiting function. Returns its reply and the seconds it took."""
        begun = time.perf_counter()
        self.events.put(event)
        done, reply = self.answers.get(timeout=30)
        if "error" in reply:
            sys.exit(f"a function failed: {reply['error']}")
        self.asked.get(timeout=30)
        return reply, done - begun


class Candidate:
    """A function that is started, invoked, and stopped."""

    def __init__(self, name, command, files, environment=None):
        self.name, self.command, self.files, self.environment = name, command, files, environment or {}

    def start(self, environment):
        api = RuntimeApi()
        env = environment | self.environment | {"AWS_LAMBDA_RUNTIME_API": api.address}
        while not CONNECTED.empty():
            CONNECTED.get()
        begun = time.perf_counter()
        process = subprocess.Popen([str(part) for part in self.command], env=env, stdout=subprocess.DEVNULL)
        try:
            waiting = api.asked.get(timeout=30)
        except queue.Empty:
            process.kill()
            sys.exit(f"{self.name} did not start")
        warming = 0 if CONNECTED.empty() else waiting - CONNECTED.get()
        return api, process, {"start": waiting - begun, "warming": warming}

    def run(self, environment, event):
        api, process, started = self.start(environment)
        starting = processor_seconds(process.pid)
        _, first = api.ask(event)
        processor = processor_seconds(process.pid)
        warm = median(api.ask(event)[1] for _ in range(WARM_REQUESTS))
        memory = peak_memory_mb(process.pid)
        end(api, process)
        return started | {"first": first, "warm": warm, "memory": memory,
                          "starting": starting, "processor": processor}

    def answers(self, environment, events):
        api, process, _ = self.start(environment)
        replies = [api.ask(event)[0] for event in events]
        end(api, process)
        return [(reply["statusCode"], json.loads(reply["body"])) for reply in replies]


def end(api, process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    api.server.shutdown()


def peak_memory_mb(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def processor_seconds(pid):
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def certificates():
    """Creates a certificate authority and its certificate for this machine.

    The authority is added to Amazon's roots, which functions trust, and to those of the machine,
    which other clients trust."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=WORK, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=bench authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=dynamodb of this bench")
    (WORK / "leaf.ext").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "leaf.ext", "-out", "leaf.pem")
    machine = Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")
    roots = machine.read_text() if machine.exists() else ""
    ours = (WORK / "ca.pem").read_text()
    (WORK / "roots.pem").write_text(roots + ours)
    (WORK / "amazon.pem").write_text((ROOT / "shared" / "runtime" / "src" / "amazon_roots.pem").read_text() + ours)


def tls_before(port):
    """Terminates TLS and forwards to a port. Returns its own port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(WORK / "leaf.pem", WORK / "leaf.key")
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()

    def serve(plain):
        try:
            secure = context.wrap_socket(plain, server_side=True)
        except (OSError, ssl.SSLError):
            return
        behind = socket.create_connection(("127.0.0.1", port))
        for end in (secure, behind):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=pump, args=(behind, secure), daemon=True).start()
        pump(secure, behind)

    def accept():
        while True:
            plain = listener.accept()[0]
            CONNECTED.put(time.perf_counter())
            threading.Thread(target=serve, args=(plain,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def sandbox(binary, port):
    command = [str(binary), "--port", str(port), "--data-dir", str(WORK / "data")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.strip().startswith("ready"):
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return process
    sys.exit("the sandbox did not start")


def event(folder, name, caller, **changes):
    made = json.loads((ROOT / "events" / folder / name).read_text())
    made["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = caller
    return made | changes


def window_of(code, caller):
    return event("bind", "window.json", caller, queryStringParameters={"ref": code}, rawQueryString=f"ref={code}")


def bind_of(confirmation, caller):
    return event("bind", "bind.json", caller, body=json.dumps({"confirmation": confirmation}), isBase64Encoded=False)


def dashboard_of_a_year():
    last = date.today() - timedelta(days=1)
    days = {"from": str(last - timedelta(days=364)), "to": str(last)}
    query = "&".join(f"{name}={value}" for name, value in days.items())
    return event("dashboard", "dashboard.json", AFFILIATE, queryStringParameters=days, rawQueryString=query)


def twins():
    python = WORK / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(WORK / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", TWINS / "python" / "requirements.txt"], check=True)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=TWINS / "node", check=True)
    roots = str(WORK / "roots.pem")
    node = {"NODE_EXTRA_CA_CERTS": roots, "NODE_NO_WARNINGS": "1"}
    return [Candidate("Python, boto3", [python, TWINS / "python" / "twin.py"], None, {"AWS_CA_BUNDLE": roots}),
            Candidate("Node.js, AWS SDK v3", ["node", TWINS / "node" / "twin.js"], None, node)]


def compare(ours, theirs, environment, code):
    """Checks that the twins answer as our functions do, and that ours can read the twins' items."""
    for twin, dormant in zip(theirs, DORMANT[1:]):
        asked = [event("get-link", "link.json", AFFILIATE), window_of(code, dormant), dashboard_of_a_year()]
        for question, function in zip(asked, FUNCTIONS):
            (status, our), = ours[function].answers(environment, [question])
            (their_status, their), = twin.answers(environment, [question])
            same(twin, question["routeKey"], {"status": status} | our, {"status": their_status} | their,
                 left_out={"confirmation", "summaries"})
            if "confirmation" in their:
                (written, binding), = twin.answers(environment, [bind_of(their["confirmation"], dormant)])
                if written == 200:  # An earlier run has created it.
                    continue
                (_, read), = ours["bind"].answers(environment, [event("bind", "binding.json", dormant)])
                same(twin, "POST /v1/bind", read | {"status": 201}, binding | {"status": written}, left_out=set())


def same(twin, route, ours, theirs, left_out):
    shared = set(theirs) - left_out
    differing = [name for name in sorted(shared) if ours.get(name) != theirs[name]]
    if differing:
        sys.exit(f"{twin.name} differs at {route}: {[(name, ours.get(name), theirs[name]) for name in differing]}")
    print(f"{twin.name}: {route}: the same {', '.join(sorted(shared))}", file=sys.stderr)


def megabytes(binary):
    if binary is None:
        return "", ""
    zipped = WORK / "size.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(binary, "bootstrap")
    return f"{binary.stat().st_size / 1e6:.2f}", f"{zipped.stat().st_size / 1e6:.2f}"


def table(title, candidates, environment, question, runs):
    found = {candidate.name: [] for candidate in candidates}
    for _ in range(runs):
        for candidate in candidates:
            found[candidate.name].append(candidate.run(environment, question))
    print(f"\n### {title}\n")
    print("| function | initialisation, ms | of it the warming call, ms | the rest against the bare handler "
          "| first request, ms | warm, ms | processor: initialisation, ms | until the first answer, ms "
          "| peak memory, MB | binary, MB | zipped, MB |\n|---|---|---|---|---|---|---|---|---|---|---|")
    bare = median(run["start"] for run in found["bare"])
    for candidate in candidates:
        runs = found[candidate.name]
        of = {name: median(run[name] for run in runs) for name in runs[0]}
        rest = median(run["start"] - run["warming"] for run in runs)
        milliseconds = [of["start"], of["warming"]], [of["first"], of["warm"]]
        before, after = ([f"{seconds * 1000:.2f}" for seconds in part] for part in milliseconds)
        cells = [candidate.name, *before, f"{rest / bare:.2f}", *after,
                 f"{of['starting'] * 1000:.1f}", f"{of['processor'] * 1000:.1f}", f"{of['memory']:.0f}",
                 *megabytes(candidate.files)]
        print("|", " | ".join(cells), "|", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--port", type=int, default=8090, help="for the sandbox, and the next one")
    parser.add_argument("--no-twins", action="store_true")
    parser.add_argument("--also", action="append", default=[], metavar="FUNCTION=BINARY",
                        help="another build of a function")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cargo", "build", "--locked", "-p", "sandbox", "-p", "end-to-end"], cwd=ROOT, check=True)
    packages = [part for name in [*FUNCTIONS, "bare"] for part in ("-p", name)]
    subprocess.run(["cargo", "build", "--release", "--locked", *packages], cwd=ROOT, check=True)
    certificates()
    running = sandbox(TARGET / "debug" / "sandbox", options.port)
    try:
        endpoint = f"https://127.0.0.1:{tls_before(options.port + 1)}"
        environment = {
            "PATH": os.environ["PATH"], "TABLE_NAME": "recall", "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
            "SIGNING_KEYS": "a-key-of-this-bench-and-of-nothing-else", "SSL_CERT_FILE": str(WORK / "amazon.pem"),
            "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_LOG_LEVEL": "WARN",
        }
        measure(options, environment)
    finally:
        running.terminate()
        running.wait()


def measure(options, environment):
    release = TARGET / "release"
    ours = {name: Candidate(name, [release / name], release / name) for name in [*FUNCTIONS, "bare"]}
    machine = {"SSL_CERT_FILE": str(WORK / "roots.pem")}
    others = {name: [] for name in FUNCTIONS}
    others["bind"].append(Candidate("bind, the machine's certificates", [release / "bind"], None, machine))
    for also in options.also:
        name, binary = also.split("=")
        others[name].append(Candidate(Path(binary).name, [binary], Path(binary)))
    (_, link), = ours["get-link"].answers(environment, [event("get-link", "link.json", AFFILIATE)])
    theirs = [] if options.no_twins else twins()
    compare(ours, theirs, environment, link["code"])
    names = sorted({line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")})
    print(f"{os.cpu_count()} × {', '.join(names) or platform.machine()}, {date.today()}, "
          f"load {os.getloadavg()[0]:.1f}, {options.runs} runs each, in turn")
    questions = {"get-link": event("get-link", "link.json", AFFILIATE), "bind": window_of(link["code"], DORMANT[0]),
                 "dashboard": dashboard_of_a_year()}
    for name, question in questions.items():
        candidates = [ours["bare"], ours[name], *others[name], *theirs]
        table(question["routeKey"], candidates, environment, question, options.runs)


if __name__ == "__main__":
    main()
