//! Ingests the exchange's events: delivered at least once, in any order, some of them malformed.
//!
//! Each event has a separate outcome. An unreadable event is quarantined whole, with its reason,
//! and blocks no other. An event of an unknown account fails its message, so that the queue
//! redelivers it. Everything else is ingested, and ingesting it twice changes nothing.

mod account;
mod account_reader;
mod account_writer;
mod batch;
mod batch_stats;
mod deferred_activity;
mod delivery;
mod event;
mod held_sign_up;
mod message;
mod one_pass;
mod parts;
mod payment;
mod register;
mod sign_up;
mod signature;

use std::collections::HashSet;

use lambda::{App, Deadline, Stopwatch};
use policy::Programme;
use storage::TableError;
use types::{Reason, Timestamp};

use crate::batch::Batch;
use crate::batch_stats::BatchStats;
use crate::delivery::Received;
use crate::message::Item;
use crate::parts::parts;
use crate::signature::Verdict;

pub use crate::deferred_activity::{AppliedActivity, apply_deferred};
pub use crate::delivery::{
    BatchItemFailure, BatchResponse, Delivery, DeliveryError, STREAM_WAIT_MILLIS, Source,
};
pub use crate::held_sign_up::{HeldEvaluation, evaluate_held};
pub use crate::message::Reader;
pub use crate::signature::{EventKeys, EventKeysError, Signatures, Unsigned};

/// The most concurrent calls of a batch to the table.
const CALLS_AT_ONCE: usize = 16;

/// A message of the queue, or a record of a stream: a CloudEvent in JSON, or an array of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The source's id of the message.
    pub id: String,
    /// The time at which it was sent; a redelivery does not change it.
    pub sent_at: Timestamp,
    /// Its text.
    pub body: String,
}

/// The outcome of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// It is ingested, now or before.
    Ingested,
    /// It is quarantined for an operator.
    Quarantined {
        /// A stable code of the reason.
        reason: &'static str,
        /// The fault and the expected value.
        detail: String,
    },
    /// It has to be redelivered when its account is known.
    Retry {
        /// The missing fact.
        reason: Reason,
    },
}

/// An event and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventReport {
    /// The message's place in the batch.
    pub message: usize,
    /// The event's place in the message.
    pub place: usize,
    /// The event's own id, where it could be read.
    pub id: Option<String>,
    /// Its outcome.
    pub outcome: EventOutcome,
}

/// An event that was decoded, and not ingested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The event as received.
    pub body: String,
    /// Its outcome after decoding.
    pub outcome: EventOutcome,
    /// The bytes by which a repetition is recognised; `None` if it cannot be decoded.
    pub content: Option<Vec<u8>>,
}

/// Decodes the events of a message without ingesting them; returns them in their order.
///
/// # Errors
/// A decoded event cannot be encoded.
pub fn read(
    programme: &Programme,
    message: &Message,
    now: Timestamp,
) -> Result<Vec<Reading>, TableError> {
    read_by(Reader::OnePass, programme, message, now)
}

/// Decodes as [`read`] does, by one of the readers, to compare them.
///
/// # Errors
/// As [`read`].
pub fn read_by(
    reader: Reader,
    programme: &Programme,
    message: &Message,
    now: Timestamp,
) -> Result<Vec<Reading>, TableError> {
    let items = Item::read(0, message, programme, now, reader);
    items.into_iter().map(Item::reading).collect()
}

/// Decodes the events of a message by one of the readers, and returns how many are readable, for
/// measurements: nothing else is done with them.
pub fn count_readable(
    reader: Reader,
    programme: &Programme,
    message: &Message,
    now: Timestamp,
) -> usize {
    let items = Item::read(0, message, programme, now, reader);
    items.iter().filter(|item| item.data().is_some()).count()
}

/// Ingests a batch of messages, whose signatures are not verified; returns the outcome of each
/// event, in their order. Writes one log line.
///
/// # Errors
/// If the table fails; then every message has to be redelivered.
pub async fn ingest(app: &App, messages: &[Message]) -> Result<Vec<EventReport>, TableError> {
    let unchecked =
        |message: &Message| Received { message: message.clone(), verdict: Verdict::Unchecked };
    let messages: Vec<Received> = messages.iter().map(unchecked).collect();
    let taken = ingest_parts(app, Source::Queue, &messages, Deadline::NONE).await;
    match taken.stopped {
        Some(Stopped { why: Why::Failed(error), .. }) => Err(error),
        _ => Ok(taken.items.into_iter().map(Item::report).collect()),
    }
}

/// The outcome of a batch.
struct BatchOutcome<'a> {
    /// The events of the completed parts.
    items: Vec<Item<'a>>,
    /// The reason why not all parts are completed.
    stopped: Option<Stopped>,
}

/// The first message that is not ingested, and the reason.
struct Stopped {
    first: usize,
    why: Why,
}

enum Why {
    Deadline,
    Failed(TableError),
}

/// Ingests a batch part by part: completed parts stay ingested if the time ends or the table fails.
async fn ingest_parts<'a>(
    app: &'a App,
    source: Source,
    messages: &'a [Received],
    deadline: Deadline,
) -> BatchOutcome<'a> {
    let watch = Stopwatch::start(app);
    let now = app.clock.now();
    let read = messages.iter().enumerate().flat_map(|(number, it)| match it.verdict {
        Verdict::Refused(fault) => vec![Item::unverified(number, &it.message, fault)],
        _ => Item::read(number, &it.message, &app.programme, now, Reader::OnePass),
    });
    let mut taken = BatchOutcome { items: Vec::new(), stopped: None };
    for part in parts(read.collect()) {
        let first = part.first().map_or(0, Item::message);
        if deadline.has_passed(&app.clock) {
            taken.stopped = Some(Stopped { first, why: Why::Deadline });
            break;
        }
        match Batch::new(app, source, now, part, deadline).ingest().await {
            Ok(items) => taken.items.extend(items),
            Err(error) => {
                taken.stopped = Some(Stopped { first, why: Why::Failed(error) });
                break;
            }
        }
    }
    let left = taken.stopped.as_ref().map_or(0, |it| messages.len().saturating_sub(it.first));
    let now = app.clock.now();
    let stats = BatchStats::of(messages, &taken.items, left, now);
    let effort = watch.effort();
    stats.log(&effort);
    app.metrics.record(now, &stats.measures(source, &effort));
    taken
}

/// Handles a batch; returns the messages to redeliver.
///
/// # Errors
/// If the whole batch has to be redelivered: the table fails before any message is ingested, or the
/// source cannot redeliver less than a batch.
pub async fn handle(app: &App, delivery: Delivery) -> Result<BatchResponse, DeliveryError> {
    handle_until(app, delivery, Deadline::NONE).await
}

/// Handles a batch as [`handle`] does; messages not started before the deadline are redelivered.
///
/// # Errors
/// As [`handle`].
pub async fn handle_until(
    app: &App,
    delivery: Delivery,
    deadline: Deadline,
) -> Result<BatchResponse, DeliveryError> {
    handle_signed(app, &Signatures::Ignored, delivery, deadline).await
}

/// Handles a batch as [`handle_until`] does, and verifies the signatures of its messages. A message
/// that may not be ingested is quarantined whole.
///
/// # Errors
/// As [`handle`].
pub async fn handle_signed(
    app: &App,
    signatures: &Signatures,
    delivery: Delivery,
    deadline: Deadline,
) -> Result<BatchResponse, DeliveryError> {
    let source = delivery.source;
    let messages = delivery.into_messages(app.clock.now(), signatures);
    let BatchOutcome { items, stopped } = ingest_parts(app, source, &messages, deadline).await;
    let first_left = match stopped {
        Some(Stopped { why: Why::Failed(error), .. })
            if items.is_empty() || source == Source::Topics =>
        {
            return Err(error.into());
        }
        Some(Stopped { first, why: Why::Failed(error) }) => {
            tracing::error!(error = types::error_chain(&error), "a part of a batch failed");
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
    let is_left = |number: usize| number >= first_left || again.contains(&number);
    let left = messages.iter().enumerate().filter(|(number, _)| is_left(*number));
    let mut left = left.map(|(_, it)| BatchItemFailure { item_identifier: it.message.id.clone() });
    match source {
        Source::Queue => Ok(BatchResponse { batch_item_failures: left.collect() }),
        // The lowest: a batch is of one shard, in the order of its sequence numbers.
        Source::Stream => {
            Ok(BatchResponse { batch_item_failures: left.next().into_iter().collect() })
        }
        Source::Topics if left.next().is_some() => Err(DeliveryError::Incomplete),
        Source::Topics => Ok(BatchResponse::default()),
    }
}
