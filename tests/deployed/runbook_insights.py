"""As much of Logs Insights as the runbook's queries need, on the lines of the local AWS's logs."""

import json
import re
from collections import defaultdict
from statistics import quantiles

STAGE = re.compile(r'(?:"[^"]*"|/[^/]*/|[^|"/])+')
CALL = re.compile(r"(\w+)\(([^)]*)\)")
HOUR = 3600 * 1000


class Query:
    """A query of Logs Insights. It remembers which fields it has looked at."""

    def __init__(self, text):
        self.stages = [stage.strip() for stage in STAGE.findall(text)]
        self.looked_at = set()

    def of(self, lines):
        """The rows that it makes of some lines."""
        rows = lines
        for stage in self.stages:
            verb, rest = re.split(r"\s+", stage, maxsplit=1)
            rows = getattr(self, verb)(rows, rest)
        return rows

    def filter(self, rows, condition):
        return [row for row in rows if self.any_holds(row, condition)]

    def any_holds(self, row, condition):
        ways = [re.split(r"\s+and\s+", way) for way in re.split(r"\s+or\s+", condition)]
        return any([all([self.holds(row, one) for one in way]) for way in ways])

    def holds(self, row, condition):
        field, sign, wanted = re.split(r"\s+", condition, maxsplit=2)
        found = self.value(row, field)
        if found is None:
            return False
        if sign == "like":
            return re.search(wanted.strip("/"), str(found)) is not None
        if sign == ">=":
            return float(found) >= float(wanted)
        return (str(found) == wanted.strip('"')) == {"=": True, "!=": False}[sign]

    def stats(self, rows, rest):
        """Rows in groups, by their keys and in the keys' order."""
        figures, _, keys = rest.partition(" by ")
        keys = re.split(r",\s*", keys) if keys else []
        groups = defaultdict(list)
        for row in rows:
            groups[tuple(self.key(row, key) for key in keys)].append(row)
        return [
            dict(zip(keys, group))
            | {f"{name}({of})": self.figure(groups[group], name, of) for name, of in CALL.findall(figures)}
            for group in sorted(groups, key=str)
        ]

    def key(self, row, key):
        if key == "bin(1h)":
            return row["@timestamp"] // HOUR * HOUR
        return self.value(row, key)

    def figure(self, rows, name, of):
        if (name, of) == ("count", "*"):
            return len(rows)
        field, *percent = re.split(r",\s*", of)
        values = [value for row in rows if (value := self.value(row, field)) is not None]
        if name == "sum":
            return sum(values)
        return {"pct": percentile}[name](values, *map(int, percent))

    def fields(self, rows, names):
        names = re.split(r",\s*", names)
        return [{name: self.value(row, name) for name in names} for row in rows]

    def sort(self, rows, order):
        field, direction = order.split()
        return sorted(rows, key=lambda row: self.value(row, field), reverse=direction == "desc")

    def limit(self, rows, number):
        return rows[: int(number)]

    def value(self, row, field):
        self.looked_at.add(field)
        return row.get(field)


def percentile(values, percent):
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def known(log):
    """The fields that lines have; those with an @ are every line's."""
    return {name for line in log for name in line} | {"@timestamp", "@message"}


def lines(logs, group, since):
    """The lines of a log group since an instant (in milliseconds), their fields by dotted names."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
    for page in pages:
        for event in page["events"]:
            yield parsed(event["message"]) | {"@timestamp": event["timestamp"], "@message": event["message"]}


def parsed(message):
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return dict(flat(found)) if isinstance(found, dict) else {}


def flat(value, name=""):
    """A JSON object's members, as Logs Insights discovers them: `fields.message`."""
    for key, member in value.items():
        if isinstance(member, dict):
            yield from flat(member, f"{name}{key}.")
        elif member is not None:
            yield f"{name}{key}", member
