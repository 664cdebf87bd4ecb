//! From a queue's message to the events in it.

use commission::Assets;
use serde_json::Value;
use terms::{Timestamp, Uid};

use crate::event::{Event, News, read};
use crate::{EventReport, Message, Outcome};

/// One event of a message, and what became of it.
pub(crate) struct Item {
    message: usize,
    place: usize,
    id: Option<String>,
    /// The event as it came.
    pub body: String,
    /// When its message was sent, which a redelivery does not change.
    pub sent_at: Timestamp,
    /// The event, if it could be read.
    pub event: Option<Event>,
    /// What became of it so far.
    pub outcome: Outcome,
    /// Whether it is known to have come before, with the same body.
    pub repeated: bool,
}

impl Item {
    /// The events of a message: one, or an array of them. What cannot be read is refused alone.
    pub fn read(number: usize, message: &Message, assets: &Assets, latest: Timestamp) -> Vec<Self> {
        match serde_json::from_str(&message.body) {
            Ok(Value::Array(events)) => events
                .iter()
                .enumerate()
                .map(|(place, event)| Self::of(number, place, message, event, assets, latest))
                .collect(),
            Ok(event) => vec![Self::of(number, 0, message, &event, assets, latest)],
            Err(error) => {
                let mut item = Self::unread(number, 0, message, message.body.clone());
                item.refuse("unreadable", format!("expected JSON: {error}"));
                vec![item]
            }
        }
    }

    fn of(
        number: usize,
        place: usize,
        message: &Message,
        event: &Value,
        assets: &Assets,
        latest: Timestamp,
    ) -> Self {
        let mut item = Self::unread(number, place, message, event.to_string());
        item.id = event.get("id").and_then(Value::as_str).map(str::to_owned);
        match read(event, assets, latest) {
            Ok(event) => item.event = Some(event),
            Err(detail) => item.refuse("unreadable", detail),
        }
        item
    }

    fn unread(message_number: usize, place: usize, message: &Message, body: String) -> Self {
        Self {
            message: message_number,
            place,
            id: None,
            body,
            sent_at: message.sent_at,
            event: None,
            outcome: Outcome::TakenIn,
            repeated: false,
        }
    }

    /// What the event tells, if it was read and is still to be taken in.
    pub fn news(&self) -> Option<&News> {
        let news = self.event.as_ref().map(|event| &event.news);
        news.filter(|_| self.outcome == Outcome::TakenIn)
    }

    /// The account that the event refers to as known.
    pub fn about(&self) -> Option<&Uid> {
        match self.news()? {
            News::Changed(event) => Some(&event.uid),
            News::Activity(event) => Some(&event.uid),
            News::Charged(fee) => Some(&fee.uid),
            News::Corrected { correction, .. } => Some(&correction.uid),
            News::Registered(_) | News::Paid(_) => None,
        }
    }

    /// Sets the event aside for an operator.
    pub fn refuse(&mut self, reason: &'static str, detail: impl Into<String>) {
        self.outcome = Outcome::Quarantined { reason, detail: detail.into() };
    }

    /// What became of the event, for whoever sent it.
    pub fn report(self) -> EventReport {
        EventReport { message: self.message, place: self.place, id: self.id, outcome: self.outcome }
    }
}
