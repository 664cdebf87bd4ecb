"""Chapter, for information: how long a warm call takes here, one after the other."""

import statistics
import time

from border import EXPECTED, asked

CALLS = 100


def check(world, checks):
    code = world.get("/v1/link", "affiliate").json()["code"]
    token = world.token("affiliate")
    for route in EXPECTED:
        if route.startswith("GET"):
            measure(world, checks, route, code, token)


def measure(world, checks, route, code, token):
    milliseconds = []
    for _ in range(CALLS):
        began = time.perf_counter()
        answer = asked(world, route, code, token)
        milliseconds.append((time.perf_counter() - began) * 1000)
        checks.equal(route, EXPECTED[route], answer.status)
    percentiles = statistics.quantiles(milliseconds, n=100)
    print(f"  {route:<32} p50 {percentiles[49]:5.1f} ms   p99 {percentiles[98]:5.1f} ms")
