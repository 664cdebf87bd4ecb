"""Makes the releases of this folder: metrics as CloudWatch would keep them, minute by minute.

Usage: make.py

They are made, not recorded, except `recorded-500.json`: tests/deployed/bad_release.py records what a
release on the local AWS writes, where a new version has all traffic at once. Metrics and dimensions are those that the
functions write (shared/lambda/src/metrics.rs) and those of AWS/Lambda; references are in the words of
template.yaml. All versions together have nine times the new version's traffic beside it.
"""

import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
MINUTES, BEGINS = 16, 2
STACK = "AWS::StackName"


class Release:
    def __init__(self, name, release, function, bad):
        self.name = name
        self.facts = {"release": release, "function": function, "bad": bad, "begins": BEGINS}
        self.function = function
        self.series = []

    def own(self, metric, old, new):
        """A metric of the functions: `old` and `new` are values with their counts, of one minute."""
        whole = {"Stack": STACK, "Function": self.function}
        both = [self.mixed(old, new if minute >= BEGINS else {}) for minute in range(MINUTES)]
        self.add("Recall", metric, whole, both)
        mine = [new if minute >= BEGINS else {} for minute in range(MINUTES)]
        version = f"{self.function}.Version.Version"
        self.add("Recall", metric, whole | {"Version": version}, mine)

    def version_only(self, metric, new):
        dimensions = {"Stack": STACK, "Function": self.function}
        dimensions["Version"] = f"{self.function}.Version.Version"
        self.add("Recall", metric, dimensions, self.from_begin(new))

    def lambdas(self, metric, new):
        dimensions = {
            "FunctionName": self.function,
            "Resource": f"${{{self.function}}}:live",
            "ExecutedVersion": f"{self.function}.Version.Version",
        }
        self.add("AWS/Lambda", metric, dimensions, self.from_begin(new))

    def from_begin(self, new):
        """Values of a minute, or a function from a minute to them."""
        at = new if callable(new) else lambda minute: new
        return [at(minute - BEGINS) if minute >= BEGINS else {} for minute in range(MINUTES)]

    def mixed(self, old, new):
        return {value: old.get(value, 0) + new.get(value, 0) for value in {**old, **new}}

    def add(self, namespace, metric, dimensions, minutes):
        told = [
            {"values": list(values), "counts": list(values.values())} if values else None
            for values in minutes
        ]
        series = {"namespace": namespace, "metric": metric, "dimensions": dimensions, "minutes": told}
        self.series.append(series)

    def write(self):
        head = json.dumps(self.facts)[1:-1]
        rows = ",\n".join(json.dumps(series) for series in self.series)
        text = f'{{{head}, "series": [\n{rows}\n]}}\n'
        (HERE / f"{self.name}.json").write_text(text)


def api(name, release, function, bad, requests, latency, failed=0.0, refused=0.0, bound=(0.4, 0.4)):
    """A function of the API: its requests a minute, of which a tenth is the new version's, and of
    these the latency and the shares that fail, that get 4xx, and that bind refuses."""
    made = Release(name, release, function, bad)
    new = requests // 10
    old = requests - new
    faults, refusals = round(new * failed), round(new * refused)
    made.own("Latency", {12: old * 9 // 10, 90: old - old * 9 // 10}, latency(new))
    made.version_only("Faults", {1: faults, 0: new - faults})
    good = new - faults - refusals
    made.own("Successes", {1: old - old // 50, 0: old // 50}, {1: good, 0: new - good})
    made.lambdas("Errors", {0: new})
    if function == "Bind":
        made.own("Refusals", {1: round(old * bound[0])}, {1: round(new * bound[1])})
    made.write()


def fast(number):
    return {12: number * 9 // 10, 90: number - number * 9 // 10}


def slow(milliseconds):
    return lambda number: {12: number // 2, milliseconds: number - number // 2}


def crash():
    made = Release("crash-at-start", "the process ends before its first answer", "GetLink", True)
    made.lambdas("Errors", {1: 6})
    made.write()


def few():
    """A request every two minutes for the new version, of six a minute in all."""
    made = Release("every-answer-500-few", "every answer is 500, at few requests", "Bind", True)
    every_other = lambda value: lambda minute: {value: 1} if minute % 2 == 0 else {}
    made.version_only("Latency", every_other(30))
    made.version_only("Faults", every_other(1))
    made.version_only("Successes", every_other(0))
    made.lambdas("Errors", every_other(0))
    made.write()


def ingest(name, release, bad, accepted, quarantined, errors=0):
    made = Release(name, release, "Ingest", bad)
    made.lambdas("Invocations", {1: 12})
    made.lambdas("Errors", {1: errors, 0: 12 - errors})
    made.version_only("Messages", {40: 12})
    made.own("EventsIngested", {400: 108}, {accepted: 12})
    made.own("EventsQuarantined", {0: 104, 1: 4}, {quarantined: 12})
    made.write()


def publish(name, release, bad, unpublished):
    made = Release(name, release, "PublishEvents", bad)
    made.lambdas("Invocations", {1: 6})
    made.lambdas("Errors", {0: 6})
    made.version_only("BatchesUnpublished", {1: unpublished, 0: 6 - unpublished})
    made.write()


def main():
    api("good", "answers as before", "Bind", False, 600, fast)
    api("good-few", "answers as before, at few requests, each a cold start", "Bind", False, 60,
        lambda number: {700: number})
    api("good-dashboard", "answers as before", "Dashboard", False, 600, fast)
    api("every-answer-500", "every answer is 500", "Bind", True, 600, fast, failed=1.0)
    api("one-in-ten-500", "one answer in ten is 500", "GetLink", True, 600, fast, failed=0.1)
    api("slow-answers", "half of the answers take 2.5 seconds", "Bind", True, 600, slow(2500))
    api("slow-dashboard", "half of the answers take 4 seconds", "Dashboard", True, 600, slow(4000))
    api("refuses-tokens", "every answer is 403", "Dashboard", True, 600, fast, refused=1.0)
    api("eligible-for-nobody", "every window says that the user is not eligible, with 200", "Bind",
        True, 600, fast, bound=(0.4, 1.0))
    api("eligible-for-everybody", "no window and no bind is refused", "Bind", True, 600, fast,
        bound=(0.4, 0.0))
    crash()
    few()
    ingest("good-ingest", "accepts as before", False, 400, 0)
    ingest("quarantines-everything", "cannot read the exchange's events", True, 0, 400)
    ingest("loses-events", "accepts messages and nothing of them", True, 0, 0)
    ingest("ingest-fails", "one batch in four ends with an error", True, 400, 0, errors=3)
    publish("good-publish", "publishes as before", False, 0)
    publish("publishes-nothing", "no event can be sent", True, 6)


main()
