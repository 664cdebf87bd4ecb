//! Tells the exchange what has happened: reads the table's stream, and sends an event to the bus for
//! each write that others hang on.
//!
//! At least once, and under an id that does not change with repetition; what has happened to one
//! item is told in its order. `docs/reference/events.md` tells receivers the rest.

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

/// The Lambda function: a batch of the stream in, the record from which on it has to be brought
/// again out, if there is one. What comes after that record is then told again, under the same ids.
pub async fn handle(bus: &Bus, programme: &Programme, batch: StreamEvent) -> DynamoDbEventResponse {
    let read = Read::of(&batch.records, programme);
    let (told, failed) = match bus.send(&read.entries).await {
        Ok(()) => (read.entries.len(), read.unreadable),
        Err(unsent) => {
            tracing::error!(error = %unsent, "events were not sent");
            (unsent.first, read.places.get(unsent.first).copied())
        }
    };
    let records = batch.records.len();
    tracing::info!(records, told, complete = failed.is_none(), "told a batch of the stream");
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

/// What a batch's records mean, up to the first that cannot be read.
struct Read {
    entries: Vec<Entry>,
    /// For each entry, the place of its record.
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

/// The entries that a record of the stream means.
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
