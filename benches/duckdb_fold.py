"""The fold of benches/src/fold.rs in DuckDB: the same fees, gates, sums and rounding, on one thread.

usage: duckdb_fold.py fees.csv relations.csv

The CSV is converted to a Parquet file beside it; the conversion is not measured.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import duckdb

FOLD = """
WITH first_arrived AS (
    SELECT DISTINCT ON (uid, trade_id) *
    FROM read_parquet($fees)
    ORDER BY uid, trade_id, arrival
),
judged AS (
    SELECT
        r.inviter, f.uid, f.product, f.asset, f.amount, f.amount_usd, f.volume_usd, f."at",
        CASE
            WHEN f.kind <> 'trade' OR f.broker THEN 'excluded_fee'
            WHEN f.amount < 0 THEN 'negative_fee'
            WHEN f.amount = 0 THEN 'zero_fee'
            WHEN f."at" < r.bound_at THEN 'before_binding'
            WHEN f.product = 'futures' AND r.restricted THEN 'futures_region_invitee'
            WHEN f.vip > CASE WHEN f.product = 'futures' THEN 1 ELSE 2 END THEN 'vip_above_limit'
            ELSE 'earned'
        END AS outcome,
        CASE WHEN f.product = 'futures' THEN 10
             ELSE [20, 30, 41, 50][r.spot_tier + 1] END AS points
    FROM first_arrived f JOIN relations r ON r.invitee = f.uid
),
lines AS (
    SELECT
        inviter, uid, product, asset, outcome, count(*) AS fees,
        sum(amount) AS amount, sum(amount_usd) AS amount_usd, sum(volume_usd) AS volume_usd,
        min("at") AS first_at, max("at") AS last_at, any_value(points) AS points
    FROM judged
    GROUP BY inviter, uid, product, asset, outcome
)
SELECT count(*), sum(CASE WHEN outcome = 'earned' THEN amount * points // 100 ELSE 0 END),
       sum(CASE WHEN outcome = 'earned' THEN amount_usd * points // 100 ELSE 0 END),
       sum(volume_usd), sum(fees)
FROM lines
"""

# DuckDB's cheapest way to drop repetitions, under the assumption that they are equal.
EQUAL_REPETITIONS = FOLD.replace(
    "SELECT DISTINCT ON (uid, trade_id) *\n    FROM read_parquet($fees)\n"
    "    ORDER BY uid, trade_id, arrival",
    "SELECT DISTINCT uid, trade_id, product, kind, asset, amount, amount_usd, volume_usd, vip,\n"
    "           broker, \"at\"\n    FROM read_parquet($fees)",
)


def parquet_of(csv: Path) -> str:
    """Returns the fees as Parquet, written by another process so that its memory is not counted."""
    parquet = csv.with_suffix(".parquet")
    if not parquet.exists() or parquet.stat().st_mtime < csv.stat().st_mtime:
        types = "{'uid': 'VARCHAR', 'trade_id': 'VARCHAR'}"
        copy = (f"COPY (SELECT * FROM read_csv('{csv}', types = {types})) "
                f"TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)")
        subprocess.run([sys.executable, "-c", f"import duckdb; duckdb.sql({copy!r})"], check=True,
                       stdout=subprocess.DEVNULL)
    return str(parquet)


def main() -> None:
    csv, relations = sys.argv[1:]
    fees = parquet_of(Path(csv))
    duck = duckdb.connect()
    duck.execute("SET threads = 1")
    duck.execute(
        "CREATE TABLE relations AS SELECT * FROM read_csv($path, types = {'invitee': 'VARCHAR'})",
        {"path": relations},
    )
    for name, query in [("first arrived", FOLD), ("equal repetitions", EQUAL_REPETITIONS)]:
        started, used = time.perf_counter(), time.process_time()
        lines, commission, *_ = duck.execute(query, {"fees": fees}).fetchone()
        seconds, processor = time.perf_counter() - started, time.process_time() - used
        print(json.dumps({
            "case": f"duckdb, {name}", "lines": lines, "commission": str(commission),
            "seconds": processor, "clockSeconds": seconds,
            "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }))


main()
