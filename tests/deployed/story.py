"""Chapter: affiliates win users back and earn on their fees, over three days and three nights."""

import csv
import io
from decimal import Decimal

from exchange import corrected, fee, joined, paid, registered

DAY_1, DAY_2, DAY_3 = "2026-12-30", "2026-12-31", "2027-01-01"
NEWCOMERS = ("newcomer-1", "newcomer-2", "newcomer-3")
COLUMNS = ("uid", "origin", "type", "product", "asset", "fees", "rate", "commission", "shared")


def check(app, checks):
    code, shared = links(app, checks)
    bind(app, checks, shared)
    trade(app, code)
    first_night(app, checks)
    second_night(app, checks)
    third_night(app, checks)
    payment(app, checks)
    sums_agree(app, checks)


def links(app, checks):
    """Accounts arrive by the queue. The affiliate reads the link and QR code, and creates a second link."""
    app.exchange.send_and_wait(*(registered(app.uid(name)) for name in ("affiliate", "dormant")))
    app.exchange.send_and_wait(joined(app.uid("affiliate")))
    link = app.get("/v1/link", "affiliate").json()
    checks.equal("the link again", link, app.get("/v1/link", "affiliate").json())
    checks.contains("its url", f"/join?ref={link['code']}", link["url"])
    svg = app.get("/v1/link/qr.svg", "affiliate")
    checks.equal("type of the SVG", "image/svg+xml", svg.headers["content-type"])
    unchanged = app.get("/v1/link/qr.svg", "affiliate", if_none_match=svg.headers["etag"])
    checks.equal("the SVG, unchanged", (304, b""), (unchanged.status, unchanged.body))
    png = app.get("/v1/link/qr.png?size=256", "affiliate").body
    width = int.from_bytes(png[16:20], "big")
    checks.equal("the PNG and its width", (b"\x89PNG", 256), (png[:4], width))
    choice = {"sharedCommission": {"spot": "0.05", "futures": "0"}}
    made = app.call("POST", "/v1/links", "affiliate", choice)
    checks.equal("a second link", 201, made.status)
    return link["code"], made.json()["code"]


def bind(app, checks, code):
    """The dormant user opens the second link, sees the window, and binds."""
    window = app.get(f"/v1/bind?ref={code}", "dormant").json()
    checks.equal("the window", (True, "90-days"), (window["eligible"], window["rule"]))
    checks.equal("its unmet checks", [], unmet(window))
    confirm(app, checks, window)


def unmet(window):
    return [check for check in window["checks"] if not check["met"]]


def confirm(app, checks, window):
    """The dormant user binds, twice with one answer; another user cannot use the confirmation."""
    confirmation = {"confirmation": window["confirmation"]}
    bound = app.call("POST", "/v1/bind", "dormant", confirmation)
    again = app.call("POST", "/v1/bind", "dormant", confirmation)
    checks.equal("binding, and again", (201, 200), (bound.status, again.status))
    checks.equal("the binding again", bound.body, again.body)
    stolen = app.call("POST", "/v1/bind", "affiliate", confirmation)
    checks.equal("another's confirmation", "confirmation_invalid", stolen.json()["code"])


def trade(app, code):
    """Newcomers sign up by the first link, and all invitees trade. One message is sent twice."""
    app.aws.clock.set(f"{DAY_1}T12:00:00Z")
    at = f"{DAY_1}T10:00:00Z"
    signups = (registered(app.uid(n), f"{DAY_1}T09:30:00Z", ref=code) for n in NEWCOMERS)
    app.exchange.send_and_wait(*signups)
    usdt = {"asset": "USDT", "amount": "12.34567890", "amountUsd": "12.34567890"}
    fees = [
        fee("t1", app.uid("dormant"), at),
        fee("t2", app.uid("dormant"), at, product="margin", volumeUsd="1000", **usdt),
        fee("t3", app.uid("dormant"), at, vipLevel=9),
        *(fee(f"t-{name}", app.uid(name), at) for name in NEWCOMERS),
    ]
    app.exchange.send_and_wait(*fees)
    app.exchange.send_and_wait(*fees)


def first_night(app, checks):
    """The deployed schedule fires by itself; the day's lines are there to the last digit."""
    before = app.get("/v1/dashboard", "affiliate").json()
    checks.equal("data before the first night", None, before["dataAsOf"])
    today = app.nights.start_manually(day=DAY_1)
    checks.equal("a day that is not over", ("FAILED", "DayNotOver"), (today["status"], today["error"]))
    night = app.nights.by_schedule(DAY_1)
    checks.equal("the night", ("SUCCEEDED", "scheduled-2026-12-31"), (night["status"], night["name"]))
    dormant = app.uid("dormant")
    expected = [
        (dormant, "recall", "commission", "margin", "USDT", "12.34567890", "0.2", "1.85185184", "0.61728394"),
        (dormant, "recall", "commission", "spot", "BTC", "0.00100000", "0.2", "0.00015000", "0.00005000"),
        (dormant, "recall", "commission", "spot", "BTC", "0.00100000", "0", "0.00000000", "0.00000000"),
        *(newcomers_line(app.uid(name)) for name in NEWCOMERS),
    ]
    checks.equal("lines of the first day", sorted(expected), figures(app, DAY_1, DAY_1))
    after = app.get(f"/v1/dashboard?from={DAY_1}&to={DAY_1}", "affiliate").json()
    checks.equal("data after it", f"{DAY_2}T00:00:00.000Z", after["dataAsOf"])
    counts = {"invitees": 4, "recall": 1, "signup": 3, "active": 4}
    checks.equal("counts", counts, after["counts"])


def newcomers_line(uid):
    return (uid, "signup", "commission", "spot", "BTC", "0.00100000", "0.2", "0.00020000", "0.00000000")


def second_night(app, checks):
    """A correction of the first day, and the quarter's end."""
    app.aws.clock.set(f"{DAY_2}T12:00:00Z")
    dormant = app.uid("dormant")
    app.exchange.send_and_wait(
        fee("t4", dormant, f"{DAY_2}T10:00:00Z"),
        corrected("t1", dormant, DAY_1, f"{DAY_2}T11:00:00Z", "0.0004", "40"),
    )
    night = app.nights.after(DAY_2)
    checks.equal("the second night", "SUCCEEDED", night["status"])
    difference = (dormant, "recall", "correction", "spot", "BTC", "-0.00060000", "0.2", "-0.00009000", "-0.00003000")
    found = figures(app, DAY_1, DAY_1)
    checks.equal("lines of the first day now", 7, len(found))
    checks.contains("lines of the first day now", difference, found)
    new = (dormant, "recall", "commission", "spot", "BTC", "0.00100000", "0.2", "0.00015000", "0.00005000")
    checks.equal("lines of the second day", [new], figures(app, DAY_2, DAY_2))


def third_night(app, checks):
    """The quarter has raised the tier; the night is started manually."""
    app.aws.clock.set(f"{DAY_3}T12:00:00Z")
    dormant = app.uid("dormant")
    app.exchange.send_and_wait(fee("t5", dormant, f"{DAY_3}T10:00:00Z"))
    app.aws.clock.set("2027-01-02T00:21:00Z")
    night = app.nights.start_manually(day=DAY_3)
    checks.equal("the third night", "SUCCEEDED", night["status"])
    new = (dormant, "recall", "commission", "spot", "BTC", "0.00100000", "0.3", "0.00025000", "0.00005000")
    checks.equal("lines of the third day", [new], figures(app, DAY_3, DAY_3))
    again = app.nights.start_manually(day=DAY_3)
    checks.equal("the same day again", "SUCCEEDED", again["status"])
    checks.equal("what it booked", [new], figures(app, DAY_3, DAY_3))


def payment(app, checks):
    """The wallet has paid the first day's first run."""
    app.aws.clock.set("2027-01-02T12:00:00Z")
    payment_event = paid(app.uid("affiliate"), DAY_1, f"{DAY_1}.1", "2027-01-02T08:00:00Z")
    app.exchange.send_and_wait(payment_event)
    app.exchange.send_and_wait(payment_event)
    statuses = [(l["type"], l["status"]) for l in app.lines("affiliate", DAY_1, DAY_1)]
    expected = [("commission", "paid")] * 6 + [("correction", "reversed")]
    checks.equal("statuses of the first day", expected, sorted(statuses))
    dormants = app.get("/v1/binding", "dormant").text()
    checks.contains("what was shared with the invitee", "0.00012000", dormants)


def sums_agree(app, checks):
    """Dashboard, CSV and JSON Lines are equal to the last digit."""
    dashboard = app.get(f"/v1/dashboard?from={DAY_1}&to={DAY_3}", "affiliate").json()
    target = f"/v1/dashboard/commissions?from={DAY_1}&to={DAY_3}"
    export = app.get(target, "affiliate", accept="text/csv")
    rows = list(csv.DictReader(io.StringIO(export.text())))
    checks.equal("rows of the CSV", 9, len(rows))
    totals = dashboard["totals"]["byAsset"]
    expected = {"fees": "0.00640000", "commission": "0.00106000", "shared": "0.00012000"}
    checks.equal("the dashboard's totals in BTC", expected, totals["BTC"])
    for asset, column in ((asset, column) for asset in totals for column in expected):
        total = sum(Decimal(row[column]) for row in rows if row["asset"] == asset)
        checks.equal(f"{column} of the CSV in {asset}", totals[asset][column], str(total))
    lines = app.lines("affiliate", DAY_1, DAY_3)
    checks.equal("ids of CSV and JSON Lines", [r["id"] for r in rows], [l["id"] for l in lines])


def figures(app, first, last):
    """The lines of some days by their main columns, sorted."""
    return sorted(
        tuple(line[column] for column in COLUMNS) for line in app.lines("affiliate", first, last)
    )
