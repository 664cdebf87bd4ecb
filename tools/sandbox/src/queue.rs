//! Passes events to `ingest` in batches, in place of the queue, with one message for each event.

use ingestion::{EventOutcome, EventReport, Message};
use lambda::App;
use serde::Serialize;
use serde_json::Value;
use storage::TableError;
use types::Reason;

/// Messages in a batch: the batch size of `template.yaml`.
const BATCH: usize = 1000;

/// Outcomes of events.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Delivery {
    /// Number of ingested events, including duplicates.
    pub(crate) accepted: usize,
    /// The others, in their order.
    pub(crate) failed: Vec<Failed>,
}

/// An event that was not ingested.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    /// Its index among the sent events.
    pub(crate) index: usize,
    /// Its own id, if readable.
    pub(crate) id: Option<String>,
    #[serde(flatten)]
    pub(crate) why: Why,
}

/// Its outcome.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Why {
    /// The event is quarantined for an operator.
    Quarantined { reason: &'static str, detail: String },
    /// The queue would redeliver it; here its sender may send it again.
    Retry { reason: Reason, detail: &'static str },
}

/// Delivers events, each in a separate message.
///
/// # Errors
/// If the table fails. Earlier events are ingested, and sending all of them again is safe.
pub(crate) async fn deliver(app: &App, events: &[Value]) -> Result<Delivery, TableError> {
    let mut delivery = Delivery::default();
    for (number, batch) in events.chunks(BATCH).enumerate() {
        let sent_at = app.clock.now();
        let message =
            |event: &Value| Message { id: String::new(), sent_at, body: event.to_string() };
        let messages: Vec<Message> = batch.iter().map(message).collect();
        for report in ingestion::ingest(app, &messages).await? {
            delivery.count(report, number * BATCH);
        }
    }
    Ok(delivery)
}

impl Delivery {
    fn count(&mut self, report: EventReport, first: usize) {
        let why = match report.outcome {
            EventOutcome::Ingested => {
                self.accepted += 1;
                return;
            }
            EventOutcome::Quarantined { reason, detail } => Why::Quarantined { reason, detail },
            EventOutcome::Retry { reason } => Why::Retry { reason, detail: reason.sentence() },
        };
        self.failed.push(Failed { index: first + report.message, id: report.id, why });
    }
}
