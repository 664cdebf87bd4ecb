//! The benchmark of ingestion: the readers in turn, and whole batches over the embedded engine.

#![expect(clippy::float_arithmetic, reason = "measurements and no money")]

use clap::Args;
use serde_json::{Value, json};

use crate::process::{self, Failure, cargo, command, heading, run};

#[derive(Debug, Args)]
pub struct Options {
    /// Number of fees
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1000..))]
    fees: u64,
    /// Number of runs, in turn; the medians are printed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs the benchmark.
pub fn bench(options: &Options) -> Result<(), Failure> {
    let Options { fees, runs, json } = *options;
    run(&mut cargo(["build", "--release", "--locked", "-p", "benches"]))?;
    let read = case(["read", &fees.to_string(), "--runs", &runs.to_string()])?;
    let batches = (0..runs).map(|_| case(["ingest", &fees.to_string()]));
    let batches = batches.collect::<Result<Vec<_>, _>>()?;
    let summary = summary(fees, runs, &read, &batches);
    if json {
        println!("{summary}");
        return Ok(());
    }
    heading(&format!("Ingestion of {fees} fees, medians of {runs} runs"));
    println!("{summary:#}");
    Ok(())
}

fn case<const N: usize>(arguments: [&str; N]) -> Result<Value, Failure> {
    let program = process::target().join("release/benches");
    process::json(&mut command(program, arguments))
}

/// Returns microseconds for an event: of the readers, of ingestion without the engine that replaces
/// DynamoDB, and of this engine.
fn summary(fees: u64, runs: u64, read: &Value, batches: &[Value]) -> Value {
    let engine = |batch: &Value| batch["engineSeconds"].as_f64();
    let all = |batch: &Value| batch.pointer("/takeIn/processorSeconds").and_then(Value::as_f64);
    let own = |batch: &Value| Some(all(batch)? - engine(batch)?);
    json!({
        "fees": fees,
        "runs": runs,
        "bytesPerEvent": read["bytesPerEvent"],
        "readOnePassMicros": hundredths(read["onePassMicros"].as_f64()),
        "readFieldByFieldMicros": hundredths(read["fieldByFieldMicros"].as_f64()),
        "ownMicrosPerEvent": per_event(fees, batches.iter().map(own)),
        "engineMicrosPerEvent": per_event(fees, batches.iter().map(engine)),
        "calls": batches.first().map(|batch| batch["calls"].clone()),
    })
}

/// Returns the median of seconds as microseconds for an event.
fn per_event(fees: u64, seconds: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut seconds: Vec<f64> = seconds.collect::<Option<_>>()?;
    seconds.sort_by(f64::total_cmp);
    hundredths(seconds.get(seconds.len() / 2).map(|median| median * 1e6 / fees as f64))
}

fn hundredths(micros: Option<f64>) -> Option<f64> {
    micros.map(|micros| (micros * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_keeps_the_engine_apart() {
        let read = json!({ "bytesPerEvent": 366, "onePassMicros": 1.234, "fieldByFieldMicros": 7 });
        let batch = |processor: f64, engine: f64| {
            json!({
                "takeIn": { "processorSeconds": processor }, "engineSeconds": engine, "calls": 9,
            })
        };
        let batches = [batch(3.0, 1.0), batch(1.5, 0.5), batch(9.0, 2.0)];
        let summary = summary(1_000_000, 3, &read, &batches);
        assert_eq!(summary["ownMicrosPerEvent"], json!(2.0));
        assert_eq!(summary["engineMicrosPerEvent"], json!(1.0));
        assert_eq!(summary["readOnePassMicros"], json!(1.23));
        assert_eq!((&summary["bytesPerEvent"], &summary["calls"]), (&json!(366), &json!(9)));
    }
}
