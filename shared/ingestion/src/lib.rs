//! Takes in the exchange's events: delivered at least once, in any order, some of them broken.
//!
//! Each event is judged alone. One that cannot be read is kept whole, with its reason, and holds
//! up nothing; one that refers to an account that is not known yet fails its message, so that the
//! queue brings it again; everything else is taken in, and taking it in twice changes nothing.

mod account;
mod batch;
mod batch_stats;
mod concurrency;
mod event;
mod message;
mod register;
mod sign_up;
mod strict;

use std::collections::HashSet;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use lambda::{App, Deadline, Stopwatch};
use policy::Programme;
use storage::TableError;
use types::{Reason, Timestamp};

use crate::batch::{Batch, parts};
use crate::batch_stats::BatchStats;
use crate::message::Item;

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
pub enum EventOutcome {
    /// It is taken in, now or before.
    Ingested,
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
    pub outcome: EventOutcome,
}

/// An event that was read, and not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The event as it came, and as it is kept aside.
    pub body: String,
    /// What becomes of it, as far as reading alone tells.
    pub outcome: EventOutcome,
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
pub async fn ingest(app: &App, messages: &[Message]) -> Result<Vec<EventReport>, TableError> {
    let taken = ingest_parts(app, messages, Deadline::NONE).await;
    match taken.stopped {
        Some(Stopped { why: Why::Failed(error), .. }) => Err(error),
        _ => Ok(taken.items.into_iter().map(Item::report).collect()),
    }
}

/// What became of a batch.
struct BatchOutcome {
    /// The events of the parts that are done.
    items: Vec<Item>,
    /// Why not all parts are.
    stopped: Option<Stopped>,
}

/// Why, and from which message on, a batch is not taken in.
struct Stopped {
    first: usize,
    why: Why,
}

enum Why {
    Deadline,
    Failed(TableError),
}

/// Takes in a batch part by part: what is done stays done if the time ends, or the table fails.
async fn ingest_parts(app: &App, messages: &[Message], deadline: Deadline) -> BatchOutcome {
    let watch = Stopwatch::start(app);
    let now = app.clock.now();
    let read = messages.iter().enumerate();
    let read = read.flat_map(|(number, it)| Item::read(number, it, &app.programme, now)).collect();
    let mut taken = BatchOutcome { items: Vec::new(), stopped: None };
    for part in parts(read) {
        let first = part.first().map_or(0, Item::message);
        if deadline.has_passed(&app.clock) {
            taken.stopped = Some(Stopped { first, why: Why::Deadline });
            break;
        }
        match Batch::new(app, now, part, deadline).ingest().await {
            Ok(items) => taken.items.extend(items),
            Err(error) => {
                taken.stopped = Some(Stopped { first, why: Why::Failed(error) });
                break;
            }
        }
    }
    let left = taken.stopped.as_ref().map_or(0, |it| messages.len().saturating_sub(it.first));
    let now = app.clock.now();
    let tally = BatchStats::of(messages, &taken.items, left, now);
    let effort = watch.effort();
    tally.tell(&effort);
    app.metrics.record(now, &tally.measures(&effort));
    taken
}

/// The Lambda function: a batch from the queue in, the messages to bring again out.
///
/// # Errors
/// If the table fails before any message is taken in; the queue then brings the whole batch again.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, TableError> {
    handle_until(app, event, Deadline::NONE).await
}

/// The same, where messages that are not begun before the deadline are brought again too.
///
/// # Errors
/// If the table fails before any message is taken in; the queue then brings the whole batch again.
pub async fn handle_until(
    app: &App,
    event: SqsEvent,
    deadline: Deadline,
) -> Result<SqsBatchResponse, TableError> {
    let now = app.clock.now();
    let messages: Vec<Message> =
        event.records.into_iter().map(|record| message(record, now)).collect();
    let BatchOutcome { items, stopped } = ingest_parts(app, &messages, deadline).await;
    let first_left = match stopped {
        Some(Stopped { why: Why::Failed(error), .. }) if items.is_empty() => return Err(error),
        Some(Stopped { first, why: Why::Failed(error) }) => {
            tracing::error!(%error, "a part of a batch failed");
            first
        }
        Some(Stopped { first, why: Why::Deadline }) => first,
        None => messages.len(),
    };
    let again: HashSet<usize> = items
        .iter()
        .filter(|item| item.is_unfinished || matches!(item.outcome, EventOutcome::Retry { .. }))
        .map(Item::message)
        .collect();
    let mut response = SqsBatchResponse::default();
    for (number, message) in messages.into_iter().enumerate() {
        if number >= first_left || again.contains(&number) {
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
