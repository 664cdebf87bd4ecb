//! Counts of a batch, for its log line and metrics.

use lambda::{InvocationStats, Metric, MetricSet};
use types::Timestamp;

use crate::delivery::Source;
use crate::event::EventData;
use crate::message::Item;
use crate::{EventOutcome, Message};

/// Counts of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BatchStats {
    messages: u64,
    ingested: u64,
    /// The ingested fees. A repeated fee is detected in the fold of its day.
    fees: u64,
    /// The ingested events other than fees that are known.
    repeated: u64,
    quarantined: u64,
    redelivered: u64,
    /// Messages that were not started, or whose part failed.
    left: u64,
    /// The age of the oldest message, in milliseconds.
    lag: u64,
}

impl BatchStats {
    pub fn of(messages: &[Message], items: &[Item<'_>], left: usize, now: Timestamp) -> Self {
        let oldest = messages.iter().map(|message| message.sent_at).min().unwrap_or(now);
        let lag = u64::try_from(now.millis_since(oldest)).unwrap_or_default();
        let (messages, left) = (messages.len() as u64, left as u64);
        let mut stats = Self { messages, left, lag, ..Self::default() };
        items.iter().for_each(|item| stats.count(item));
        stats
    }

    fn count(&mut self, item: &Item<'_>) {
        match item.outcome {
            EventOutcome::Ingested if item.is_unfinished => {
                self.redelivered = self.redelivered.saturating_add(1);
            }
            EventOutcome::Ingested => {
                let is_fee = matches!(item.data(), Some(EventData::Charged(_)));
                self.ingested = self.ingested.saturating_add(1);
                self.fees = self.fees.saturating_add(is_fee.into());
                self.repeated = self.repeated.saturating_add(item.repeated.into());
            }
            EventOutcome::Quarantined { .. } => {
                self.quarantined = self.quarantined.saturating_add(1)
            }
            EventOutcome::Retry { .. } => self.redelivered = self.redelivered.saturating_add(1),
        }
    }

    /// Writes the log line of the batch.
    pub fn log(&self, effort: &InvocationStats) {
        tracing::info!(
            messages = self.messages,
            ingested = self.ingested,
            fees = self.fees,
            repeated = self.repeated,
            quarantined = self.quarantined,
            redelivered = self.redelivered,
            messages_left = self.left,
            lag_milliseconds = self.lag,
            milliseconds = effort.milliseconds,
            table_calls = effort.table.calls,
            table_milliseconds = effort.table_milliseconds(),
            cold = effort.cold,
            "batch"
        );
    }

    pub fn measures(&self, source: Source, effort: &InvocationStats) -> MetricSet {
        let lag = match source {
            Source::Queue => Metric::QueueLag,
            Source::Stream | Source::Topics => Metric::StreamLag,
        };
        effort.measures().and(MetricSet::of([
            (Metric::Messages, self.messages),
            (Metric::EventsIngested, self.ingested),
            (Metric::FeesIngested, self.fees),
            (Metric::EventsRepeated, self.repeated),
            (Metric::EventsQuarantined, self.quarantined),
            (Metric::EventsRedelivered, self.redelivered),
            (lag, self.lag),
            (Metric::BatchTime, effort.milliseconds),
        ]))
    }
}
