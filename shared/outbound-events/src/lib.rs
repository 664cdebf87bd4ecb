//! Publishes changes of the table to the exchange: reads the table's stream, and sends an event to
//! the bus for each write that other systems depend on.
//!
//! Delivery is at least once, under an id that is the same for every repetition. Events of one item
//! are published in order. `docs/reference/events.md` documents the rest for receivers.

mod event;
mod event_mapping;

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use event_bus::{Bus, Entry};
use lambda::{App, Metric, MetricSet};
use policy::Programme;
use storage::{Change, Switches};
use types::Timestamp;

pub use event::{AssetAmount, Created, Event, EventData, SOURCE, Settled, TierChanged, Voided};
pub use event_mapping::events;

/// Handles a batch of the stream; returns the first record that must be redelivered, if there is
/// one. Later records of the batch are then published again, under the same ids.
///
/// While payments are stopped, the first record of a booked run waits, and all behind it: the order
/// of the stream stays.
pub async fn handle(app: &App, bus: &Bus, batch: StreamEvent) -> DynamoDbEventResponse {
    let switches = app.switches().await;
    let read = Read::of(&batch.records, &app.programme, &switches);
    let (published, end) = match bus.send(&read.entries).await {
        Ok(()) => (read.entries.len(), read.end),
        Err(unsent) => {
            tracing::error!(error = %unsent, "events were not sent");
            // A call that names no entry of the batch is repeated from its first record.
            let place = read.places.get(unsent.first).copied().unwrap_or(0);
            (unsent.first, End::Unpublished(place))
        }
    };
    let records = batch.records.len();
    tracing::info!(records, published, end = end.name(), "published the events of a batch");
    let unpublished = u64::from(matches!(end, End::Unpublished(_)));
    let measures = MetricSet::of([(Metric::BatchesUnpublished, unpublished)]);
    app.metrics.record(app.clock.now(), &measures);
    response(end.place().and_then(|place| batch.records.get(place)))
}

/// The end of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All its events are published.
    Complete,
    /// The record at this place could not be read, or its event could not be sent.
    Unpublished(usize),
    /// The record at this place waits until payments are started.
    Held(usize),
}

impl End {
    const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Unpublished(_) => "unpublished",
            Self::Held(_) => "held",
        }
    }

    /// Returns the place of the record that must be redelivered.
    const fn place(self) -> Option<usize> {
        match self {
            Self::Complete => None,
            Self::Unpublished(place) | Self::Held(place) => Some(place),
        }
    }
}

fn response(failed: Option<&EventRecord>) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    if let Some(record) = failed {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = record.change.sequence_number.clone();
        response.batch_item_failures.push(failure);
    }
    response
}

/// The events of a batch's records, up to the first record that is not published.
struct Read {
    entries: Vec<Entry>,
    /// For each entry, the index of its record.
    places: Vec<usize>,
    end: End,
}

impl Read {
    fn of(records: &[EventRecord], programme: &Programme, switches: &Switches) -> Self {
        let mut read = Self { entries: Vec::new(), places: Vec::new(), end: End::Complete };
        for (place, record) in records.iter().enumerate() {
            match entries(record, programme, switches) {
                Ok(Some(entries)) => {
                    read.places.extend(entries.iter().map(|_| place));
                    read.entries.extend(entries);
                }
                Ok(None) => {
                    read.end = End::Held(place);
                    break;
                }
                Err(why) => {
                    tracing::error!(error = %why, "a record of the stream cannot be read");
                    read.end = End::Unpublished(place);
                    break;
                }
            }
        }
        read
    }
}

/// Returns the entries of a record of the stream; `None` if they wait until payments are started.
fn entries(
    record: &EventRecord,
    programme: &Programme,
    switches: &Switches,
) -> Result<Option<Vec<Entry>>, String> {
    let write = &record.change;
    let change = Change::read(write.old_image.clone(), write.new_image.clone());
    let Some(change) = change.map_err(|error| types::error_chain(&error))? else {
        return Ok(Some(Vec::new()));
    };
    let at = Timestamp::from_millis(write.approximate_creation_date_time.timestamp_millis());
    let at = at.ok_or("it was written outside the years 1970 to 9999")?;
    let events = events(&change, at, programme).map_err(|error| error.to_string())?;
    if switches.payments.is_some() && events.iter().any(Event::is_payment) {
        return Ok(None);
    }
    let entries: Result<Vec<Entry>, _> = events.iter().map(entry).collect();
    entries.map(Some).map_err(|error| error.to_string())
}

fn entry(event: &Event) -> Result<Entry, serde_json::Error> {
    Ok(Entry {
        source: SOURCE.to_owned(),
        kind: event.kind.to_owned(),
        time: event.time,
        detail: serde_json::to_string(event)?,
    })
}
