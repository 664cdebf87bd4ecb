//! The benchmark of one worker's fold: today's engine, that of version 0.1, and DuckDB in turn.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::{Value, json};

use crate::process::{self, Failure, cargo, command, heading, python, run};

/// Requirements of DuckDB.
pub const DUCKDB: &str = "benches/requirements.txt";

#[derive(Debug, Args)]
pub struct Options {
    /// Number of fees
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1000..))]
    fees: u64,
    /// Number of runs of each engine, in turn; the medians are printed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Trade ids are UUIDs
    #[arg(long)]
    uuids: bool,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

/// The engines, by the names in the output.
const V01: &str = "v01";
const CURRENT: &str = "current";
const DUCKDB_SAME_RULE: &str = "duckdbSameRule";
const DUCKDB_WEAK: &str = "duckdbWeak";

/// Runs the benchmark.
pub fn bench(options: &Options) -> Result<(), Failure> {
    let Options { fees, runs, uuids, json } = *options;
    run(&mut cargo(["build", "--release", "--locked", "-p", "fold-bench"]))?;
    let program = process::target().join("release/fold-bench");
    let directory = process::target().join("benches/fold");
    run(&mut case(&program, if uuids { "make-uuids" } else { "make" }, fees, &directory))?;
    let duckdb = duckdb(&directory);
    let mut results: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for _ in 0..runs {
        for engine in [V01, CURRENT] {
            let printed = lines(&mut case(&program, engine, fees, &directory))?;
            results.entry(engine).or_default().extend(printed);
        }
        let Some((python, csv)) = &duckdb else { continue };
        let script = [Path::new("benches/duckdb_fold.py"), csv];
        let printed = lines(command(python, script).arg(csv.with_extension("relations.csv")))?;
        for (engine, printed) in [DUCKDB_SAME_RULE, DUCKDB_WEAK].into_iter().zip(printed) {
            results.entry(engine).or_default().push(printed);
        }
    }
    let summary = summary(fees, runs, &results);
    if json {
        println!("{summary}");
        return Ok(());
    }
    heading(&format!("Fold of {fees} fees, medians of {runs} runs in turn"));
    println!("{summary:#}");
    Ok(())
}

fn case(program: &Path, case: &str, fees: u64, directory: &Path) -> Command {
    let mut command = command(program, ["--fees", &fees.to_string(), "--directory"]);
    command.arg(directory).arg(case);
    command
}

/// Runs a command, and returns the JSON of each line that it prints.
fn lines(command: &mut Command) -> Result<Vec<Value>, Failure> {
    let printed = process::output(command)?;
    let read = |line: &str| {
        serde_json::from_str(line).map_err(|error| Failure::Function(format!("{error}: {line}")))
    };
    printed.lines().map(read).collect()
}

/// Returns a Python that has DuckDB, and the fees for it; otherwise the reason.
fn duckdb(directory: &Path) -> Option<(PathBuf, PathBuf)> {
    let csv = directory.join("fees.csv");
    let ready = python(DUCKDB).and_then(|python| {
        run(command(&python, ["-c", "import duckdb"]).stdout(Stdio::null()))?;
        Ok(python)
    });
    match ready {
        Ok(python) => Some((python, csv)),
        Err(failure) => {
            eprintln!("DuckDB is left out: {failure}");
            None
        }
    }
}

/// Returns the medians of all runs.
fn summary(fees: u64, runs: u64, results: &BTreeMap<&str, Vec<Value>>) -> Value {
    let of = |engine: &str| results.get(engine).map(Vec::as_slice).unwrap_or_default();
    let first = |engine: &str, name: &str| of(engine).first().map(|result| result[name].clone());
    let peak = |engine: &str| of(engine).iter().filter_map(|run| run["peakMb"].as_u64()).max();
    let outcome = |engine: &str| first(engine, "linesDigest");
    json!({
        "fees": fees,
        "runs": runs,
        "v01MFeesPerSecond": pace(fees, of(V01)),
        "currentMFeesPerSecond": pace(fees, of(CURRENT)),
        "duckdbWeakMFeesPerSecond": pace(fees, of(DUCKDB_WEAK)),
        "duckdbSameRuleMFeesPerSecond": pace(fees, of(DUCKDB_SAME_RULE)),
        "bytesPerFee": bytes_per_fee(fees, &first(CURRENT, "storedBytes")),
        "v01BytesPerFee": bytes_per_fee(fees, &first(V01, "storedBytes")),
        "peakMb": peak(CURRENT),
        "v01PeakMb": peak(V01),
        "linesEqual": outcome(V01).is_some() && outcome(V01) == outcome(CURRENT)
            && same_totals(results),
        "lines": first(CURRENT, "lines"),
    })
}

/// Returns whether all engines found the same number of lines and the same commission.
fn same_totals(results: &BTreeMap<&str, Vec<Value>>) -> bool {
    let totals = |result: &Value| (result["lines"].clone(), result["commission"].clone());
    let mut all = results.values().flatten().map(totals);
    let first = all.next();
    all.all(|totals| first.as_ref() == Some(&totals))
}

/// Returns millions of fees per second of the median run, to two decimals.
#[expect(clippy::float_arithmetic, reason = "measurements and no money")]
fn pace(fees: u64, runs: &[Value]) -> Option<f64> {
    let mut seconds: Vec<f64> = runs.iter().filter_map(|run| run["seconds"].as_f64()).collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2)?;
    Some((fees as f64 / median / 1e4).round() / 100.0)
}

#[expect(clippy::float_arithmetic, reason = "measurements and no money")]
fn bytes_per_fee(fees: u64, stored: &Option<Value>) -> Option<f64> {
    let stored = stored.as_ref()?.as_f64()?;
    Some((stored / fees as f64 * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_of(seconds: f64, digest: &str) -> Value {
        json!({
            "seconds": seconds, "peakMb": 100, "storedBytes": 36_000_000, "lines": 7,
            "commission": "12", "linesDigest": digest,
        })
    }

    fn results(digest: &str) -> BTreeMap<&'static str, Vec<Value>> {
        let v01 = [4.0, 2.0, 1.0].map(|seconds| run_of(seconds, "a"));
        let current = [0.5, 9.0, 0.4].map(|seconds| run_of(seconds, digest));
        BTreeMap::from([(V01, v01.to_vec()), (CURRENT, current.to_vec())])
    }

    #[test]
    fn summary_has_medians_and_named_fields() {
        let summary = summary(2_000_000, 3, &results("a"));
        assert_eq!(
            (&summary["v01MFeesPerSecond"], &summary["linesEqual"]),
            (&json!(1.0), &json!(true))
        );
        assert_eq!(summary["currentMFeesPerSecond"], json!(4.0));
        assert_eq!((&summary["bytesPerFee"], &summary["peakMb"]), (&json!(18.0), &json!(100)));
        for absent in ["duckdbWeakMFeesPerSecond", "duckdbSameRuleMFeesPerSecond"] {
            assert_eq!(summary[absent], Value::Null);
        }
    }

    #[test]
    fn other_lines_or_totals_are_not_equal() {
        assert_eq!(summary(1, 3, &results("b"))["linesEqual"], json!(false));
        let mut results = results("a");
        let mut duckdb = run_of(1.0, "");
        duckdb["commission"] = json!("13");
        results.insert(DUCKDB_WEAK, vec![duckdb]);
        assert_eq!(summary(1, 3, &results)["linesEqual"], json!(false));
    }
}
