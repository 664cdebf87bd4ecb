//! From a queue's message to the events in it.

use commission::Assets;
use policy::Programme;
use serde_json::Value;
use serde_json::value::RawValue;
use table::TableError;
use terms::{Timestamp, Uid};

use crate::event::{Event, News, read};
use crate::{EventReport, Message, Outcome, Reading};

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
    pub fn read(
        number: usize,
        message: &Message,
        programme: &Programme,
        now: Timestamp,
    ) -> Vec<Self> {
        let assets = &programme.commission.assets;
        let skew = i64::try_from(programme.event_clock_skew.as_millis()).unwrap_or(i64::MAX);
        let latest = now.plus_millis(skew);
        // A body that is no array of JSON is refused as the one event that it would have to be.
        texts(&message.body)
            .unwrap_or_else(|_| vec![&message.body])
            .into_iter()
            .enumerate()
            .map(|(place, text)| Self::of(number, place, message, text, assets, latest))
            .collect()
    }

    fn of(
        number: usize,
        place: usize,
        message: &Message,
        text: &str,
        assets: &Assets,
        latest: Timestamp,
    ) -> Self {
        let mut item = Self::unread(number, place, message, text.to_owned());
        let json = serde_json::from_str(text).map_err(|error| format!("expected JSON: {error}"));
        let event = json.and_then(|event: Value| {
            item.id = event.get("id").and_then(Value::as_str).map(str::to_owned);
            read(&event, assets, latest)
        });
        match event {
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

    /// What reading alone made of the event.
    pub fn reading(self) -> Result<Reading, TableError> {
        let content = self.event.as_ref().map(Event::content).transpose()?;
        Ok(Reading { body: self.body, outcome: self.outcome, content })
    }

    /// What became of the event, for whoever sent it.
    pub fn report(self) -> EventReport {
        EventReport { message: self.message, place: self.place, id: self.id, outcome: self.outcome }
    }
}

/// The texts of a message's events, to the letter: numbers would not survive being written anew.
fn texts(body: &str) -> Result<Vec<&str>, serde_json::Error> {
    if !body.trim_start().starts_with('[') {
        return Ok(vec![body]);
    }
    let events: Vec<&RawValue> = serde_json::from_str(body)?;
    Ok(events.into_iter().map(RawValue::get).collect())
}
