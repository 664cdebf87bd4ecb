//! Counts of a batch, for its log line and metrics.

use lambda::{InvocationStats, Metric, MetricSet};
use types::Timestamp;

use crate::EventOutcome;
use crate::delivery::{Received, Source};
use crate::event::EventData;
use crate::message::Item;
use crate::signature::Verdict;

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
    /// Where signatures are verified.
    signatures: Option<SignatureStats>,
}

/// Counts of messages by the result of verifying them.
#[derive(Debug, Default, PartialEq, Eq)]
struct SignatureStats {
    unsigned: u64,
    refused: u64,
}

impl BatchStats {
    pub fn of(messages: &[Received], items: &[Item<'_>], left: usize, now: Timestamp) -> Self {
        let oldest = messages.iter().map(|it| it.message.sent_at).min().unwrap_or(now);
        let lag = u64::try_from(now.millis_since(oldest)).unwrap_or_default();
        let signatures = SignatureStats::of(messages);
        let (messages, left) = (messages.len() as u64, left as u64);
        let mut stats = Self { messages, left, lag, signatures, ..Self::default() };
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
            unsigned = self.signatures.as_ref().map(|it| it.unsigned),
            signatures_refused = self.signatures.as_ref().map(|it| it.refused),
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
        let measures = effort.measures().and(MetricSet::of([
            (Metric::Messages, self.messages),
            (Metric::EventsIngested, self.ingested),
            (Metric::FeesIngested, self.fees),
            (Metric::EventsRepeated, self.repeated),
            (Metric::EventsQuarantined, self.quarantined),
            (Metric::EventsRedelivered, self.redelivered),
            (lag, self.lag),
            (Metric::BatchTime, effort.milliseconds),
        ]));
        match &self.signatures {
            Some(signatures) => measures.and(MetricSet::of([
                (Metric::MessagesUnsigned, signatures.unsigned),
                (Metric::SignaturesRefused, signatures.refused),
            ])),
            None => measures,
        }
    }
}

impl SignatureStats {
    /// Returns the counts of a batch; `None` if signatures are ignored.
    fn of(messages: &[Received]) -> Option<Self> {
        let mut stats = None;
        for message in messages {
            let counts = match message.verdict {
                Verdict::Unchecked => continue,
                _ => stats.get_or_insert_with(Self::default),
            };
            match message.verdict {
                Verdict::Unsigned => counts.unsigned = counts.unsigned.saturating_add(1),
                Verdict::Refused(_) => counts.refused = counts.refused.saturating_add(1),
                Verdict::Unchecked | Verdict::Signed => {}
            }
        }
        stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Reader};

    #[test]
    fn events_are_counted_by_their_outcome() {
        let programme = policy::Programme::parse(include_str!("../../../programme.toml")).unwrap();
        let message = |number: i64| Message {
            id: String::new(),
            sent_at: Timestamp::EPOCH.plus_millis(number),
            body: "[{},{},{},{}]".to_owned(),
        };
        let now = Timestamp::EPOCH.plus_millis(9);
        let body = message(7);
        let mut items = Item::read(0, &body, &programme, now, Reader::OnePass);
        assert!(items.iter().all(|it| matches!(it.outcome, EventOutcome::Quarantined { .. })));
        for item in items.iter_mut().take(3) {
            item.outcome = EventOutcome::Ingested;
        }
        items[0].is_unfinished = true;
        items[1].repeated = true;
        let verdicts = [Verdict::Unsigned, Verdict::Signed];
        let received = |(number, verdict)| Received { message: message(number), verdict };
        let messages: Vec<Received> = (7..).zip(verdicts).map(received).collect();
        let expected = BatchStats {
            messages: 2,
            ingested: 2,
            fees: 0,
            repeated: 1,
            quarantined: 1,
            redelivered: 1,
            left: 5,
            lag: 2,
            signatures: Some(SignatureStats { unsigned: 1, refused: 0 }),
        };
        assert_eq!(BatchStats::of(&messages, &items, 5, now), expected);
    }
}
