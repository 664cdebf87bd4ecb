"""Chapter: a release of `bind` that answers 500 to everything. What its processes write about it is the
recording `tests/canary/recorded-500.json`, which must fire the canary's alarm (`canary-drill`).

The chapter fails if the processes write other metrics, and names the new recording, to be looked at
and copied."""

import json

from exchange import joined, registered
from template import ROOT

FUNCTION, RELEASE = "Bind", "every answer is 500, recorded"
RECORDING = ROOT / "tests/canary/recorded-500.json"
NEW_RECORDING = ROOT / "target/acceptance/recorded-500.json"
# Minutes of the recording, of which the first ones are of the good release, and calls of a minute.
MINUTES, BEGINS, CALLS = 12, 2, 12
# What the canary's alarm watches of the function's own metrics: for all versions, and for the new one.
ALL, NEW = ("Stack", "Function"), ("Stack", "Function", "Version")
WATCHED = {
    ALL: ("Latency", "Successes", "Refusals"),
    NEW: ("Latency", "Faults", "Successes", "Refusals"),
}


def check(app, checks):
    one = app.another("bad")
    one.exchange.send_and_wait(registered(one.uid("affiliate")), registered(one.uid("dormant")))
    one.exchange.send_and_wait(joined(one.uid("affiliate")))
    code = one.get("/v1/link", "affiliate").json()["code"]
    clock = one.aws.clock
    clock.advance(60 - clock.now().second)
    begin = int(clock.now().timestamp()) // 60
    statuses = []
    for minute in range(MINUTES):
        if minute == BEGINS:
            version = release(one, TABLE_NAME="missing")
        clock.advance((begin + minute) * 60 + 1 - clock.now().timestamp())
        statuses.append({one.get(f"/v1/bind?ref={code}", "dormant").status for _ in range(CALLS)})
    # The local AWS delivers a late line with the next call.
    clock.advance(60)
    one.get(f"/v1/bind?ref={code}", "dormant")
    expected = [{200}] * BEGINS + [{500}] * (MINUTES - BEGINS)
    checks.equal("the answers by minute", expected, statuses)
    found = recording(one, begin, version)
    NEW_RECORDING.parent.mkdir(parents=True, exist_ok=True)
    NEW_RECORDING.write_text(written(found))
    kept = json.loads(RECORDING.read_text()) if RECORDING.exists() else {}
    checks.equal(f"the metrics in {NEW_RECORDING}", without_times(kept), without_times(found))


def release(app, **variables):
    """Publishes a version with other variables, which is live at once; returns its number."""
    client, name = app.aws.client("lambda"), app.function(FUNCTION)
    found = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(FunctionName=name, Environment={"Variables": found | variables})
    version = client.publish_version(FunctionName=name)["Version"]
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    return version


def recording(app, begin, version):
    """The metrics that the function wrote, minute by minute, in the words of the template."""
    series = {
        (names, metric): [{} for _ in range(MINUTES)]
        for names, metrics in WATCHED.items()
        for metric in metrics
    }
    for line in metric_lines(app):
        minute = line["_aws"]["Timestamp"] // 60_000 - begin
        if not 0 <= minute < MINUTES:
            continue
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for names in map(tuple, directive["Dimensions"]):
                for metric in (metric["Name"] for metric in directive["Metrics"]):
                    is_old = "Version" in names and line["Version"] != version
                    if (names, metric) in series and not is_old:
                        counts = series[names, metric][minute]
                        counts[line[metric]] = counts.get(line[metric], 0) + 1
    words = {"Stack": "AWS::StackName", "Function": FUNCTION, "Version": f"{FUNCTION}.Version.Version"}
    return {
        "release": RELEASE,
        "function": FUNCTION,
        "bad": True,
        "begins": BEGINS,
        "series": [
            {
                "namespace": "Recall",
                "metric": metric,
                "dimensions": {name: words[name] for name in names},
                "minutes": [samples(counts) for counts in minutes],
            }
            for (names, metric), minutes in series.items()
        ],
    }


def metric_lines(app):
    """The lines of the function's log that hold metrics."""
    pages = app.aws.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=f"/aws/lambda/{app.stack.name}/bind"):
        for event in page["events"]:
            if event["message"].startswith('{"_aws"'):
                yield json.loads(event["message"])


def samples(counts):
    """A minute's values with their counts; none where nothing was written."""
    ordered = sorted(counts.items())
    return {"values": [v for v, _ in ordered], "counts": [c for _, c in ordered]} if ordered else None


def without_times(recorded):
    """A recording with the number of latencies only: they differ from run to run."""
    series = [
        one | {"minutes": [minute and {"counts": [sum(minute["counts"])]} for minute in one["minutes"]]}
        if one["metric"] == "Latency"
        else one
        for one in recorded.get("series", [])
    ]
    return recorded | {"series": series}


def written(recorded):
    """JSON with a line for each series, as the other releases have it."""
    head = {key: value for key, value in recorded.items() if key != "series"}
    lines = ",\n".join(json.dumps(one) for one in recorded["series"])
    return json.dumps(head)[:-1] + ', "series": [\n' + lines + "\n]}\n"
