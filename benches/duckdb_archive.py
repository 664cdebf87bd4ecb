"""Proves an archive with DuckDB, from its files alone.

usage: duckdb_archive.py FOLDER

Of each day: the files have the digests of the manifest; the sums of the lines equal the totals that
their runs reported, per run and asset, and those of the manifest; each report conserves its fees;
and the fees of each invitee, deduplicated and corrected, are those of the lines. The last is not
compared on a day with fees or corrections that need another rule (`OTHER_RULES`). Prints one JSON
object a day; exits with 1 if anything differs.
"""

import hashlib
import json
import sys
from decimal import Decimal
from pathlib import Path

import duckdb

MONEY = ["fees", "commission", "shared", "fees_usd", "commission_usd", "shared_usd", "volume_usd"]
SUMS = ", ".join(f"sum({column}) AS {column}" for column in MONEY)

BOOKED = f"SELECT seq, asset, {SUMS} FROM lines GROUP BY ALL"
REPORTED = f"SELECT seq, asset, {', '.join(MONEY)} FROM totals"
LINES_OF_RUNS = """
SELECT seq, runs.lines, count(lines.seq)
FROM runs LEFT JOIN lines USING (seq)
GROUP BY ALL HAVING runs.lines <> count(lines.seq)
"""
DAY = """
SELECT asset, count(*) AS lines, sum(fees), sum(commission), sum(shared)
FROM lines GROUP BY asset
"""
# A fee counts once, as it arrived first, with its latest correction.
FEES = """
WITH delivered AS (
    SELECT DISTINCT ON (uid, trade_id) uid, trade_id, asset, amount
    FROM fees ORDER BY uid, trade_id, arrival
),
corrected AS (
    SELECT DISTINCT ON (uid, trade_id) uid, trade_id, amount
    FROM corrections ORDER BY uid, trade_id, corrected_at DESC, amount DESC
),
charged AS (
    SELECT uid, asset, sum(coalesce(corrected.amount, delivered.amount)) AS fees
    FROM delivered LEFT JOIN corrected USING (uid, trade_id) GROUP BY ALL
),
booked AS (
    SELECT invitee, asset, sum(fees) AS fees FROM lines
    WHERE NOT withdrawn GROUP BY ALL HAVING sum(fee_count) <> 0
)
SELECT invitee, booked.asset, booked.fees, charged.fees
FROM booked LEFT JOIN charged ON uid = invitee AND charged.asset = booked.asset
WHERE booked.fees IS DISTINCT FROM charged.fees
"""
# Counts of a report: fees and corrections that are left out or chosen by rules beyond the archive.
OTHER_RULES = ["conflicts", "outsideDay", "inexactCorrections", "unreadableFees", "unreadableChunks"]
KINDS = ["fees", "corrections", "lines", "runs", "totals", "bindings"]
EMPTY = {
    "fees": "NULL AS uid, NULL AS trade_id, NULL AS asset, 0 AS amount, 0 AS arrival",
    "corrections": "NULL AS uid, NULL AS trade_id, 0 AS amount, 0 AS corrected_at",
}


def main() -> int:
    archive = Path(sys.argv[1])
    days = [prove(archive, path) for path in sorted(archive.glob("manifests/*/*.json"))]
    for day in days:
        print(json.dumps(day))
    return int(not days or any(day["differences"] for day in days))


def prove(archive: Path, path: Path) -> dict:
    manifest = json.loads(path.read_text())
    differences = [f"digest of {file['path']}" for file in manifest["files"] if changed(archive, file)]
    database = duckdb.connect()
    for kind in KINDS:
        files = [str(archive / file["path"]) for file in manifest["files"] if file["kind"] == kind]
        if files:
            database.execute(f"CREATE VIEW {kind} AS SELECT * FROM read_parquet({files})")
        elif kind in EMPTY:
            database.execute(f"CREATE VIEW {kind} AS SELECT {EMPTY[kind]} WHERE false")

    def rows(query: str) -> list:
        return database.execute(query).fetchall()

    differences += [f"total {row}" for row in rows(f"({BOOKED}) EXCEPT ({REPORTED})")]
    differences += [f"total {row}" for row in rows(f"({REPORTED}) EXCEPT ({BOOKED})")]
    differences += [f"lines of run {row}" for row in rows(LINES_OF_RUNS)]
    totals = {asset: [count, *sums] for asset, count, *sums in rows(DAY)}
    stated = {
        asset: [of["lines"], *(Decimal(of[name]) for name in ("fees", "commission", "shared"))]
        for asset, of in manifest["totals"].items()
    }
    if totals != stated:
        differences.append("totals of the manifest")
    reports = [(seq, json.loads(report)) for seq, report in rows("SELECT seq, report FROM runs")]
    compared = not any(report["excluded"][count] for _, report in reports for count in OTHER_RULES)
    if compared:
        differences += [f"fees of {row}" for row in rows(FEES)]
    for seq, report in reports:
        for _, parts in report["due"]["cells"]:
            fees, *rest = (int(parts[name]) for name in ("fees", "commission", "shared", "retained"))
            if fees != sum(rest):
                differences.append(f"conservation of run {seq}")
    [(fees,)] = rows("SELECT count(*) FROM fees")
    return {
        "day": manifest["day"],
        "fees": fees,
        "feesCompared": compared,
        "assets": len(totals),
        "differences": differences,
    }


def changed(archive: Path, file: dict) -> bool:
    return hashlib.sha256((archive / file["path"]).read_bytes()).hexdigest() != file["sha256"]


if __name__ == "__main__":
    sys.exit(main())
