"""Chapter: affiliates win users back and earn on their fees, over three days and three nights."""

import csv
import io
from decimal import Decimal

from exchange import corrected, fee, joined, paid, registered

DAY_1, DAY_2, DAY_3 = "2026-12-30", "2026-12-31", "2027-01-01"
NEWCOMERS = ("newcomer-1", "newcomer-2", "newcomer-3")
COLUMNS = ("uid", "origin", "type", "product", "asset", "fees", "rate", "commission", "shared")


def check(world, checks):
    code, shared = links(world, checks)
    bind(world, checks, shared)
    trade(world, code)
    first_night(world, checks)
    second_night(world, checks)
    third_night(world, checks)
    payment(world, checks)
    sums_agree(world, checks)


def links(world, checks):
    """The affiliate's accounts come by the queue; he takes his link, its QR code, and a second one."""
    world.exchange.tell(*(registered(world.uid(name)) for name in ("affiliate", "dormant")))
    world.exchange.tell(joined(world.uid("affiliate")))
    link = world.get("/v1/link", "affiliate").json()
    checks.equal("the link again", link, world.get("/v1/link", "affiliate").json())
    checks.contains("its url", f"/join?ref={link['code']}", link["url"])
    svg = world.get("/v1/link/qr.svg", "affiliate")
    checks.equal("type of the SVG", "image/svg+xml", svg.headers["content-type"])
    unchanged = world.get("/v1/link/qr.svg", "affiliate", if_none_match=svg.headers["etag"])
    checks.equal("the SVG, unchanged", (304, b""), (unchanged.status, unchanged.body))
    png = world.get("/v1/link/qr.png?size=256", "affiliate").body
    width = int.from_bytes(png[16:20], "big")
    checks.equal("the PNG and its width", (b"\x89PNG", 256), (png[:4], width))
    wish = {"sharedCommission": {"spot": "0.05", "futures": "0"}}
    made = world.call("POST", "/v1/links", "affiliate", wish)
    checks.equal("a second link", 201, made.status)
    return link["code"], made.json()["code"]


def bind(world, checks, code):
    """The dormant user opens the second link, sees the window, and binds."""
    window = world.get(f"/v1/bind?ref={code}", "dormant").json()
    checks.equal("the window", (True, "90-days"), (window["eligible"], window["rule"]))
    checks.equal("its unmet checks", [], [c for c in window["checks"] if not c["met"]])
    confirmation = {"confirmation": window["confirmation"]}
    bound = world.call("POST", "/v1/bind", "dormant", confirmation)
    again = world.call("POST", "/v1/bind", "dormant", confirmation)
    checks.equal("binding, and again", (201, 200), (bound.status, again.status))
    checks.equal("the binding again", bound.body, again.body)
    stolen = world.call("POST", "/v1/bind", "affiliate", confirmation)
    checks.equal("another's confirmation", "confirmation_invalid", stolen.json()["code"])


def trade(world, code):
    """Newcomers sign up by the first link; everybody trades. One message is brought twice."""
    world.aws.clock.set(f"{DAY_1}T12:00:00Z")
    at = f"{DAY_1}T10:00:00Z"
    signups = (registered(world.uid(n), f"{DAY_1}T09:30:00Z", ref=code) for n in NEWCOMERS)
    world.exchange.tell(*signups)
    usdt = {"asset": "USDT", "amount": "12.34567890", "amountUsd": "12.34567890"}
    fees = [
        fee("t1", world.uid("dormant"), at),
        fee("t2", world.uid("dormant"), at, product="margin", volumeUsd="1000", **usdt),
        fee("t3", world.uid("dormant"), at, vipLevel=9),
        *(fee(f"t-{name}", world.uid(name), at) for name in NEWCOMERS),
    ]
    world.exchange.tell(*fees)
    world.exchange.tell(*fees)


def first_night(world, checks):
    """The deployed schedule fires by itself; the day's lines are there to the last digit."""
    before = world.get("/v1/dashboard", "affiliate").json()
    checks.equal("data before the first night", None, before["dataAsOf"])
    today = world.nights.by_hand(day=DAY_1)
    checks.equal("a day that is not over", ("FAILED", "DayNotOver"), (today["status"], today["error"]))
    night = world.nights.by_the_scheduler(DAY_1)
    checks.equal("the night", ("SUCCEEDED", "scheduled-2026-12-31"), (night["status"], night["name"]))
    dormant = world.uid("dormant")
    expected = [
        (dormant, "recall", "commission", "margin", "USDT", "12.34567890", "0.2", "1.85185184", "0.61728394"),
        (dormant, "recall", "commission", "spot", "BTC", "0.00100000", "0.2", "0.00015000", "0.00005000"),
        (dormant, "recall", "commission", "spot", "BTC", "0.00100000", "0", "0.00000000", "0.00000000"),
        *(newcomers_line(world.uid(name)) for name in NEWCOMERS),
    ]
    checks.equal("lines of the first day", sorted(expected), figures(world, DAY_1, DAY_1))
    after = world.get(f"/v1/dashboard?from={DAY_1}&to={DAY_1}", "affiliate").json()
    checks.equal("data after it", f"{DAY_2}T00:00:00.000Z", after["dataAsOf"])
    counts = {"invitees": 4, "recall": 1, "signup": 3, "active": 4}
    checks.equal("counts", counts, after["counts"])


def newcomers_line(uid):
    return (uid, "signup", "commission", "spot", "BTC", "0.00100000", "0.2", "0.00020000", "0.00000000")


def second_night(world, checks):
    """A correction of the first day, and the quarter's end."""
    world.aws.clock.set(f"{DAY_2}T12:00:00Z")
    dormant = world.uid("dormant")
    world.exchange.tell(
        fee("t4", dormant, f"{DAY_2}T10:00:00Z"),
        corrected("t1", dormant, DAY_1, f"{DAY_2}T11:00:00Z", "0.0004", "40"),
    )
    night = world.nights.after(DAY_2)
    checks.equal("the second night", "SUCCEEDED", night["status"])
    difference = (dormant, "recall", "correction", "spot", "BTC", "-0.00060000", "0.2", "-0.00009000", "-0.00003000")
    found = figures(world, DAY_1, DAY_1)
    checks.equal("lines of the first day now", 7, len(found))
    checks.contains("lines of the first day now", difference, found)
    new = (dormant, "recall", "commission", "spot", "BTC", "0.00100000", "0.2", "0.00015000", "0.00005000")
    checks.equal("lines of the second day", [new], figures(world, DAY_2, DAY_2))


def third_night(world, checks):
    """The quarter has raised the tier; the night is started by hand."""
    world.aws.clock.set(f"{DAY_3}T12:00:00Z")
    dormant = world.uid("dormant")
    world.exchange.tell(fee("t5", dormant, f"{DAY_3}T10:00:00Z"))
    world.aws.clock.set("2027-01-02T00:21:00Z")
    night = world.nights.by_hand(day=DAY_3)
    checks.equal("the third night", "SUCCEEDED", night["status"])
    new = (dormant, "recall", "commission", "spot", "BTC", "0.00100000", "0.3", "0.00025000", "0.00005000")
    checks.equal("lines of the third day", [new], figures(world, DAY_3, DAY_3))
    again = world.nights.by_hand(day=DAY_3)
    checks.equal("the same day again", "SUCCEEDED", again["status"])
    checks.equal("what it booked", [new], figures(world, DAY_3, DAY_3))


def payment(world, checks):
    """The wallet has paid the first day's first run."""
    world.aws.clock.set("2027-01-02T12:00:00Z")
    told = paid(world.uid("affiliate"), DAY_1, f"{DAY_1}.1", "2027-01-02T08:00:00Z")
    world.exchange.tell(told)
    world.exchange.tell(told)
    statuses = [(l["type"], l["status"]) for l in world.lines("affiliate", DAY_1, DAY_1)]
    expected = [("commission", "paid")] * 6 + [("correction", "reversed")]
    checks.equal("statuses of the first day", expected, sorted(statuses))
    dormants = world.get("/v1/binding", "dormant").text()
    checks.contains("what was shared with the invitee", "0.00012000", dormants)


def sums_agree(world, checks):
    """Dashboard, CSV and JSON Lines say the same to the last digit."""
    dashboard = world.get(f"/v1/dashboard?from={DAY_1}&to={DAY_3}", "affiliate").json()
    target = f"/v1/dashboard/commissions?from={DAY_1}&to={DAY_3}"
    export = world.get(target, "affiliate", accept="text/csv")
    rows = list(csv.DictReader(io.StringIO(export.text())))
    checks.equal("rows of the CSV", 9, len(rows))
    totals = dashboard["totals"]["byAsset"]
    expected = {"fees": "0.00640000", "commission": "0.00106000", "shared": "0.00012000"}
    checks.equal("the dashboard's totals in BTC", expected, totals["BTC"])
    for asset, column in ((asset, column) for asset in totals for column in expected):
        total = sum(Decimal(row[column]) for row in rows if row["asset"] == asset)
        checks.equal(f"{column} of the CSV in {asset}", totals[asset][column], str(total))
    lines = world.lines("affiliate", DAY_1, DAY_3)
    checks.equal("ids of CSV and JSON Lines", [r["id"] for r in rows], [l["id"] for l in lines])


def figures(world, first, last):
    """The lines of some days by their main columns, sorted."""
    return sorted(
        tuple(line[column] for column in COLUMNS) for line in world.lines("affiliate", first, last)
    )
