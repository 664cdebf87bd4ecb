//! The queue between the exchange and ingest: at least once, in any order, split as it likes.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use serde_json::Value;
use terms::Timestamp;

use super::dice::Dice;

/// A message of the queue.
#[derive(Debug, Clone)]
pub struct Letter {
    pub id: String,
    pub sent_at: Timestamp,
    pub events: Vec<Value>,
    /// The trades that it tells of.
    pub trades: Vec<String>,
}

/// Messages that wait, and such as were taken in and may come again all the same.
#[derive(Default)]
pub struct Queue {
    waiting: Vec<Letter>,
    echoes: Vec<Letter>,
    /// Everything that was ever sent, in order.
    pub sent: Vec<Letter>,
}

impl Queue {
    pub fn send(&mut self, letter: Letter) {
        self.sent.push(letter.clone());
        self.waiting.push(letter);
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Some messages, old and new, in any order. They stay in the queue until they are taken in.
    pub fn some(&self, dice: &Dice, at_most: usize) -> Vec<Letter> {
        let mut letters = self.waiting.clone();
        letters.extend(self.echoes.iter().filter(|_| dice.chance(20)).cloned());
        dice.shuffle(&mut letters);
        letters.truncate(at_most);
        letters
    }

    /// A message was taken in.
    pub fn taken_in(&mut self, id: &str, comes_again: bool) {
        let Some(place) = self.waiting.iter().position(|letter| letter.id == id) else { return };
        let letter = self.waiting.swap_remove(place);
        if comes_again {
            self.echoes.push(letter);
        }
    }
}

/// A batch as Lambda gets it.
pub fn batch(letters: &[Letter]) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = letters.iter().map(record).collect();
    event
}

fn record(letter: &Letter) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(letter.id.clone());
    record.attributes.insert("SentTimestamp".to_owned(), letter.sent_at.millis().to_string());
    record.body = Some(Value::Array(letter.events.clone()).to_string());
    record
}
