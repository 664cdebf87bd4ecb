"""Chapter, for information: how long a warm call takes, one after the other."""

import statistics
import time

from routes_and_auth import EXPECTED, PUBLIC, call_route

CALLS = 100
# A user may change links a hundred times a day.
CHANGES = 50


def check(app, checks):
    code = app.get("/v1/link", "affiliate").json()["code"]
    token = app.token("affiliate")
    # Each call of this one would make another link, of which there is a limit.
    routes = [route for route in EXPECTED if route != "POST /v1/links"]
    routes += PUBLIC
    rows = [measure(app, checks, route, code, token) for route in routes]
    checks.measure(f"Warm calls, {CHANGES} or {CALLS} of each route", ("route", "p50, ms", "p99, ms"), rows)


def measure(app, checks, route, code, token):
    milliseconds = []
    for _ in range(CHANGES if route.startswith("PATCH") else CALLS):
        began = time.perf_counter()
        answer = call_route(app, route, code, token)
        milliseconds.append((time.perf_counter() - began) * 1000)
        checks.equal(route, EXPECTED.get(route, 200), answer.status)
    percentiles = statistics.quantiles(milliseconds, n=100)
    p50, p99 = percentiles[49], percentiles[98]
    print(f"  {route:<32} p50 {p50:5.1f} ms   p99 {p99:5.1f} ms")
    return route, f"{p50:.1f}", f"{p99:.1f}"
