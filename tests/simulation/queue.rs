//! The queue between the exchange and ingest: at least once, in any order, in batches of any size.

use std::collections::{BTreeMap, BTreeSet};

use ingestion::Delivery;
use serde_json::{Value, json};
use types::Timestamp;

use super::facts::{FeeId, MessageId};
use super::poison;
use super::rng::TrialRng;

/// A message of the queue.
#[derive(Debug, Clone)]
pub struct Message {
    pub number: MessageId,
    pub sent_at: Timestamp,
    /// Its text: an array of events, or a text that is not JSON.
    pub body: String,
    /// The fees that it charges.
    pub fees: Vec<FeeId>,
}

impl Message {
    pub fn new(number: MessageId, sent_at: Timestamp, events: Vec<Value>) -> Self {
        Self { number, sent_at, body: Value::Array(events).to_string(), fees: Vec::new() }
    }

    pub fn name(&self) -> String {
        format!("message-{}", self.number)
    }
}

/// Waiting messages, and ingested ones that may still be delivered again.
#[derive(Default)]
pub struct Queue {
    waiting: Vec<Message>,
    again: Vec<Message>,
    /// Everything that was ever sent, in order.
    pub sent: Vec<Message>,
    /// The messages whose ingestion has begun at least once.
    pub delivered: BTreeSet<MessageId>,
    /// The messages that were ingested.
    pub ingested: BTreeSet<MessageId>,
    /// When they were first ingested, by the true time.
    pub ingested_at: BTreeMap<MessageId, Timestamp>,
    /// For each message, those that had been ingested when it was delivered first.
    pub before: BTreeMap<MessageId, BTreeSet<MessageId>>,
}

impl Queue {
    /// Returns a queue that may deliver these messages again.
    pub fn after(setup: &[Message]) -> Self {
        let numbers: BTreeSet<MessageId> = setup.iter().map(|message| message.number).collect();
        Self {
            again: setup.to_vec(),
            delivered: numbers.clone(),
            ingested: numbers,
            ..Self::default()
        }
    }

    pub fn send(&mut self, message: Message) {
        self.sent.push(message.clone());
        self.waiting.push(message);
    }

    /// Returns whether every message was ingested that can be.
    pub fn is_empty(&self) -> bool {
        self.waiting.iter().all(poison::is_about)
    }

    /// Returns some waiting messages, in any order, and sometimes ingested ones. They stay in the
    /// queue until they are ingested.
    pub fn deliver(&mut self, rng: &TrialRng, at_most: usize) -> Vec<Message> {
        let mut messages = self.waiting.clone();
        rng.shuffle(&mut messages);
        messages.truncate(at_most);
        if !self.again.is_empty() && rng.chance(40) {
            messages.extend((0..=rng.below(3)).map(|_| rng.pick(&self.again).clone()));
            rng.shuffle(&mut messages);
        }
        let ingested = &self.ingested;
        for number in messages.iter().map(|message| message.number) {
            self.before.entry(number).or_insert_with(|| ingested.clone());
            self.delivered.insert(number);
        }
        messages
    }

    /// A message was ingested.
    pub fn acknowledge(&mut self, number: MessageId, now: Timestamp, comes_again: bool) {
        self.ingested.insert(number);
        self.ingested_at.entry(number).or_insert(now);
        let place = self.waiting.iter().position(|message| message.number == number);
        let Some(place) = place else { return };
        let message = self.waiting.swap_remove(place);
        if comes_again {
            self.again.push(message);
        }
    }
}

/// Returns a batch as Lambda gets it.
pub fn batch(messages: &[Message]) -> Delivery {
    let records: Vec<Value> = messages.iter().map(record).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

fn record(message: &Message) -> Value {
    json!({
        "messageId": message.name(),
        "attributes": { "SentTimestamp": message.sent_at.millis().to_string() },
        "body": message.body,
    })
}
