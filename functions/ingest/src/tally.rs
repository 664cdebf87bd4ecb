//! What became of a batch, in numbers.

use runtime::{Effort, Measures, Metric};
use terms::Timestamp;

use crate::event::News;
use crate::message::Item;
use crate::{Message, Outcome};

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    messages: u64,
    taken_in: u64,
    /// Of those taken in, the fees. Whether a fee came before is seen where its day is folded.
    fees: u64,
    /// Of those taken in, the others that came before.
    repeated: u64,
    quarantined: u64,
    brought_again: u64,
    /// How long ago the oldest message was sent, in milliseconds.
    lag: u64,
}

impl Tally {
    pub fn of(messages: &[Message], items: &[Item], now: Timestamp) -> Self {
        let oldest = messages.iter().map(|message| message.sent_at).min().unwrap_or(now);
        let lag = u64::try_from(now.millis_since(oldest)).unwrap_or_default();
        let mut tally = Self { messages: messages.len() as u64, lag, ..Self::default() };
        items.iter().for_each(|item| tally.count(item));
        tally
    }

    fn count(&mut self, item: &Item) {
        match item.outcome {
            Outcome::TakenIn => {
                self.taken_in += 1;
                self.fees += u64::from(matches!(item.news(), Some(News::Charged(_))));
                self.repeated += u64::from(item.repeated);
            }
            Outcome::Quarantined { .. } => self.quarantined += 1,
            Outcome::Retry { .. } => self.brought_again += 1,
        }
    }

    /// The batch's line in the log.
    pub fn tell(&self, effort: &Effort) {
        tracing::info!(
            messages = self.messages,
            taken_in = self.taken_in,
            fees = self.fees,
            repeated = self.repeated,
            quarantined = self.quarantined,
            brought_again = self.brought_again,
            lag_milliseconds = self.lag,
            milliseconds = effort.milliseconds,
            table_calls = effort.table.calls,
            table_milliseconds = effort.table_milliseconds(),
            cold = effort.cold,
            "batch"
        );
    }

    pub fn measures(&self, effort: &Effort) -> Measures {
        effort.measures().and(Measures::of([
            (Metric::Messages, self.messages),
            (Metric::EventsTakenIn, self.taken_in),
            (Metric::FeesTakenIn, self.fees),
            (Metric::EventsRepeated, self.repeated),
            (Metric::EventsQuarantined, self.quarantined),
            (Metric::EventsBroughtAgain, self.brought_again),
            (Metric::QueueLag, self.lag),
            (Metric::BatchTime, effort.milliseconds),
        ]))
    }
}
