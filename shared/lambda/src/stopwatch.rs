//! Time and calls of an invocation.

use std::time::Instant;

use storage::CallStats;

use crate::{App, Metric, MetricSet};

/// Time and calls of an invocation, for its log line and metrics.
///
/// The calls are those of the whole process meanwhile. On Lambda they are the invocation's, since a
/// process has one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvocationStats {
    /// How long it took.
    pub milliseconds: u64,
    /// Its calls to the table.
    pub table: CallStats,
    /// Whether it was the first of its process.
    pub cold: bool,
}

impl InvocationStats {
    /// The time in calls to the table.
    #[must_use]
    pub fn table_milliseconds(&self) -> u64 {
        millis(self.table.time)
    }

    /// The metrics that every invocation has.
    #[must_use]
    pub fn measures(&self) -> MetricSet {
        MetricSet::of([
            (Metric::ColdStarts, u64::from(self.cold)),
            (Metric::TableCalls, self.table.calls),
            (Metric::TableRetries, self.table.retries),
            (Metric::TableTime, self.table_milliseconds()),
        ])
    }
}

/// Takes the time of an invocation.
pub struct Stopwatch<'a> {
    app: &'a App,
    started: Instant,
    before: CallStats,
    cold: bool,
}

impl<'a> Stopwatch<'a> {
    /// Starts.
    #[must_use]
    pub fn start(app: &'a App) -> Self {
        let cold = app.metrics.is_cold();
        Self { app, started: Instant::now(), before: app.table.call_stats(), cold }
    }

    /// Returns the time and calls so far.
    #[must_use]
    pub fn effort(&self) -> InvocationStats {
        InvocationStats {
            milliseconds: millis(self.started.elapsed()),
            table: self.app.table.call_stats().since(self.before),
            cold: self.cold,
        }
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
