"""Chapter, for information: cold starts, as a caller and the functions see them."""

import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from api import Api
from routes_and_auth import call_route
from runbook_insights import lines

# Two routes of each function of the API: the measured one, and one that is called while lines of
# the measured one are missing in the log.
ROUTES = {
    "get-link": ("GET /v1/link", "GET /v1/links"),
    "bind": ("GET /v1/binding", "GET /v1/bind"),
    "dashboard": ("GET /v1/dashboard", "GET /v1/dashboard/referrals"),
}
# So many that Lambda starts further processes.
CONCURRENT_CALLS = 20
DELIVERY = 120


class Caller:
    """The app as `call_route` needs it, with a separate connection."""

    def __init__(self, app):
        self.api = Api(app.stack)


def check(app, checks):
    code = app.get("/v1/link", "affiliate").json()["code"]
    token = app.token("affiliate")
    rows = []
    for function, (route, other) in ROUTES.items():
        since = int(app.aws.clock.now().timestamp() * 1000)
        calls = call_concurrently(app, route, code, token)
        deliver_late = lambda: call_concurrently(app, other, code, token)
        found = logged_requests(app, function, route, since, deliver_late)
        checks.equal(f"requests in the log of {function}", CONCURRENT_CALLS, len(found))
        cold = sum(line["fields.cold"] for line in found)
        rows.append(row(function, sorted(calls), cold))
    columns = ("function", "cold of calls", "cold p50, ms", "cold max, ms", "warm p50, ms")
    checks.measure(f"Cold starts, {CONCURRENT_CALLS} calls at the same moment", columns, rows)
    for one in rows:
        print("  " + "  ".join(str(cell) for cell in one))
    initializations(app, checks)


def call_concurrently(app, route, code, token):
    """Calls a route many times at the same moment; the milliseconds of each call."""
    callers = [Caller(app) for _ in range(CONCURRENT_CALLS)]
    with ThreadPoolExecutor(CONCURRENT_CALLS) as pool:
        return list(pool.map(lambda one: milliseconds(one, route, code, token), callers))


def milliseconds(caller, route, code, token):
    begin = time.perf_counter()
    call_route(caller, route, code, token)
    return (time.perf_counter() - begin) * 1000


def logged_requests(app, function, route, since, deliver_late):
    """The lines of a route's requests in a function's log, when all of them have arrived.

    A line that is late for its answer is kept by the local AWS until the process is called again.
    """
    deadline = time.monotonic() + DELIVERY
    while len(found := list(request_lines(app, function, route, since))) < CONCURRENT_CALLS:
        if time.monotonic() > deadline:
            break
        time.sleep(app.aws.pause)
        if app.aws.many_stacks:
            deliver_late()
    return found


def request_lines(app, function, route, since):
    group = f"/aws/lambda/{app.stack.name}/{function}"
    for line in lines(app.aws.client("logs"), group, since):
        called = f"{line.get('fields.method')} {line.get('fields.route')}"
        if line.get("fields.message") == "request" and called == route:
            yield line


def row(function, calls, cold):
    """Takes the slowest calls for the cold ones."""
    warm, slow = calls[: len(calls) - cold], calls[len(calls) - cold :]
    median = lambda values: f"{statistics.median(values):.0f}" if values else "–"
    slowest = f"{slow[-1]:.0f}" if slow else "–"
    return function, f"{cold} of {len(calls)}", median(slow), slowest, median(warm)


def initializations(app, checks):
    """Durations of Lambda's own initialisation, by X-Ray, which samples requests."""
    if app.aws.many_stacks:
        print("  initialisations: skipped, the local AWS records no traces")
        return
    now = app.aws.clock.now()
    client = app.aws.client("xray")
    time.sleep(30)
    found = client.get_trace_summaries(StartTime=now.timestamp() - 1800, EndTime=now.timestamp() + 60)
    ids = [summary["Id"] for summary in found["TraceSummaries"]]
    segments = []
    for first in range(0, len(ids), 5):
        for trace in client.batch_get_traces(TraceIds=ids[first : first + 5])["Traces"]:
            segments += [json.loads(segment["Document"]) for segment in trace["Segments"]]
    seconds = sorted(initialization_seconds(segments, app.stack.name))
    if seconds:
        cells = (len(seconds), f"{statistics.median(seconds) * 1000:.0f}", f"{seconds[-1] * 1000:.0f}")
        checks.measure("Initialisations by X-Ray", ("sampled", "p50, ms", "max, ms"), [cells])


def initialization_seconds(segments, stack):
    """The durations of all subsegments named Initialization, or Init, of the stack's functions."""
    for segment in segments:
        if not segment.get("name", "").startswith(stack):
            continue
        for part in segment.get("subsegments", []):
            if part["name"] in ("Initialization", "Init"):
                yield part["end_time"] - part["start_time"]
