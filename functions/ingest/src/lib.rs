//! Takes in the exchange's events: delivered at least once, in any order, some of them broken.
//!
//! Each event is judged alone. One that cannot be read is kept whole, with its reason, and holds
//! up nothing; one that refers to an account that is not known yet fails its message, so that the
//! queue brings it again; everything else is taken in, and taking it in twice changes nothing.

mod account;
mod batch;
mod event;
mod message;
mod register;
mod tally;

use std::collections::HashSet;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use policy::Programme;
use runtime::{App, Watch};
use table::TableError;
use terms::{Reason, Timestamp};

use crate::batch::Batch;
use crate::message::Item;
use crate::tally::Tally;

/// A message of the queue: a CloudEvent in JSON, or an array of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The queue's id of the message.
    pub id: String,
    /// When it was sent; the same however often it is delivered.
    pub sent_at: Timestamp,
    /// Its text.
    pub body: String,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is taken in, now or before.
    TakenIn,
    /// It is kept aside for an operator.
    Quarantined {
        /// A stable word for the kind of trouble.
        reason: &'static str,
        /// What is wrong and what would be right.
        detail: String,
    },
    /// It has to be brought again, when what it refers to is known.
    Retry {
        /// What is not known yet.
        reason: Reason,
    },
}

/// An event and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventReport {
    /// The message's place in the batch.
    pub message: usize,
    /// The event's place in the message.
    pub place: usize,
    /// The event's own id, where it could be read.
    pub id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// An event that was read, and not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The event as it came, and as it is kept aside.
    pub body: String,
    /// What becomes of it, as far as reading alone tells.
    pub outcome: Outcome,
    /// What it tells, in the form by which a repetition is known; `None` if it cannot be read.
    pub content: Option<Vec<u8>>,
}

/// Reads a message's events and takes none of them in; answers them in their order.
///
/// # Errors
/// An event that was read cannot be written again.
pub fn read(
    programme: &Programme,
    message: &Message,
    now: Timestamp,
) -> Result<Vec<Reading>, TableError> {
    Item::read(0, message, programme, now).into_iter().map(Item::reading).collect()
}

/// Takes in a batch of messages; answers what became of each event, in their order. A batch leaves
/// one line in the log.
///
/// # Errors
/// If the table fails; then every message has to be brought again.
pub async fn take_in(app: &App, messages: &[Message]) -> Result<Vec<EventReport>, TableError> {
    let watch = Watch::start(app);
    let items = Batch::read(app, messages).take_in().await?;
    let now = app.clock.now();
    let tally = Tally::of(messages, &items, now);
    let effort = watch.effort();
    tally.tell(&effort);
    app.metrics.record(now, &tally.measures(&effort));
    Ok(items.into_iter().map(Item::report).collect())
}

/// The Lambda function: a batch from the queue in, the messages to bring again out.
///
/// # Errors
/// If the table fails; the queue then brings the whole batch again.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, TableError> {
    let now = app.clock.now();
    let messages: Vec<Message> =
        event.records.into_iter().map(|record| message(record, now)).collect();
    let reports = take_in(app, &messages).await?;
    let again: HashSet<usize> = reports
        .iter()
        .filter(|report| matches!(report.outcome, Outcome::Retry { .. }))
        .map(|report| report.message)
        .collect();
    let mut response = SqsBatchResponse::default();
    for (number, message) in messages.into_iter().enumerate() {
        if again.contains(&number) {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.id;
            response.batch_item_failures.push(failure);
        }
    }
    Ok(response)
}

fn message(record: SqsMessage, now: Timestamp) -> Message {
    let sent_at = record.attributes.get("SentTimestamp").and_then(|millis| millis.parse().ok());
    Message {
        id: record.message_id.unwrap_or_default(),
        sent_at: sent_at.and_then(Timestamp::from_millis).unwrap_or(now),
        body: record.body.unwrap_or_default(),
    }
}
