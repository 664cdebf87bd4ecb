//! Measurements of a case: elapsed time, processor time, memory.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::Failure;

/// Ticks of `/proc/self/stat` in a second, on every Linux that Rust runs on.
const TICKS_PER_SECOND: u64 = 100;

/// A case's figures, printed as one line of JSON.
pub struct Figures(Map<String, Value>);

impl Figures {
    /// Begins the figures of a case.
    #[must_use]
    pub fn of(case: &str, fees: u64) -> Self {
        Self(Map::from_iter([("case".to_owned(), case.into()), ("fees".to_owned(), fees.into())]))
    }

    /// Records a figure.
    pub fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Runs a part of the case and records its elapsed time and processor time, in seconds.
    pub fn time<T>(&mut self, part: &str, run: impl FnOnce() -> T) -> T {
        let watch = Watch::start();
        let result = run();
        self.note(part, watch.stop());
        result
    }

    /// Prints the figures, with the peak memory.
    pub fn print(mut self) {
        self.note("peakMemoryMb", peak_memory_mb());
        println!("{}", Value::from(self.0));
    }
}

/// Measures from its start.
pub struct Watch {
    clock: Instant,
    processor: Duration,
}

impl Watch {
    /// Starts to measure.
    #[must_use]
    pub fn start() -> Self {
        Self { clock: Instant::now(), processor: processor_time() }
    }

    /// Returns the usage since the start.
    #[must_use]
    pub fn stop(&self) -> Value {
        let processor = processor_time().saturating_sub(self.processor);
        json!({
            "seconds": self.clock.elapsed().as_secs_f64(),
            "processorSeconds": processor.as_secs_f64(),
        })
    }
}

/// Returns the processor time of this process, to the nanosecond if it has one thread.
#[must_use]
pub fn processor_time() -> Duration {
    let schedule = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let threads = fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let nanoseconds = schedule.split(' ').next().and_then(|nanos| nanos.parse().ok());
    match nanoseconds {
        Some(nanoseconds) if threads == 1 => Duration::from_nanos(nanoseconds),
        _ => processor_ticks(),
    }
}

fn processor_ticks() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Durations of many requests.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Adds a request.
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Returns the number of requests.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns p50, p99, p99.9 and the maximum, in microseconds.
    #[must_use]
    pub fn percentiles(mut self) -> Value {
        self.0.sort_unstable();
        let at = |per_mille: usize| {
            let place = (self.0.len() * per_mille / 1000).min(self.0.len().saturating_sub(1));
            self.0.get(place).copied().unwrap_or_default().as_micros() as u64
        };
        json!({ "p50": at(500), "p99": at(990), "p999": at(999), "max": at(1000) })
    }
}

/// Resets the peak memory.
///
/// # Errors
/// If the system does not allow it.
pub fn forget_peak_memory() -> Result<(), Failure> {
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

/// Returns the peak memory in MB.
#[must_use]
pub fn peak_memory_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}
