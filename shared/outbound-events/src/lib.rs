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
use policy::Programme;
use storage::Change;
use types::Timestamp;

pub use event::{AssetAmount, Created, Event, EventData, SOURCE, Settled, TierChanged, Voided};
pub use event_mapping::events;

/// Handles a batch of the stream; returns the first record that must be redelivered, if there is
/// one. Later records of the batch are then published again, under the same ids.
pub async fn handle(bus: &Bus, programme: &Programme, batch: StreamEvent) -> DynamoDbEventResponse {
    let read = Read::of(&batch.records, programme);
    let (published, failed) = match bus.send(&read.entries).await {
        Ok(()) => (read.entries.len(), read.unreadable),
        Err(unsent) => {
            tracing::error!(error = %unsent, "events were not sent");
            (unsent.first, read.places.get(unsent.first).copied())
        }
    };
    let records = batch.records.len();
    tracing::info!(
        records,
        published,
        complete = failed.is_none(),
        "published the events of a batch"
    );
    let failed = failed.and_then(|place| batch.records.get(place));
    response(failed)
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

/// The events of a batch's records, up to the first record that cannot be read.
struct Read {
    entries: Vec<Entry>,
    /// For each entry, the index of its record.
    places: Vec<usize>,
    unreadable: Option<usize>,
}

impl Read {
    fn of(records: &[EventRecord], programme: &Programme) -> Self {
        let mut read = Self { entries: Vec::new(), places: Vec::new(), unreadable: None };
        for (place, record) in records.iter().enumerate() {
            match entries(record, programme) {
                Ok(entries) => {
                    read.places.extend(entries.iter().map(|_| place));
                    read.entries.extend(entries);
                }
                Err(why) => {
                    tracing::error!(error = %why, "a record of the stream cannot be read");
                    read.unreadable = Some(place);
                    break;
                }
            }
        }
        read
    }
}

/// Returns the entries of a record of the stream.
fn entries(record: &EventRecord, programme: &Programme) -> Result<Vec<Entry>, String> {
    let write = &record.change;
    let change = Change::read(write.old_image.clone(), write.new_image.clone());
    let Some(change) = change.map_err(|error| error.to_string())? else { return Ok(Vec::new()) };
    let at = Timestamp::from_millis(write.approximate_creation_date_time.timestamp_millis());
    let at = at.ok_or("it was written outside the years 1970 to 9999")?;
    let events = events(&change, at, programme).map_err(|error| error.to_string())?;
    events.iter().map(|event| entry(event).map_err(|error| error.to_string())).collect()
}

fn entry(event: &Event) -> Result<Entry, serde_json::Error> {
    Ok(Entry {
        source: SOURCE.to_owned(),
        kind: event.kind.to_owned(),
        time: event.time,
        detail: serde_json::to_string(event)?,
    })
}
