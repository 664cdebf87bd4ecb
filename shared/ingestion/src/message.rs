//! From a queue's message to the events in it.

use commission::Assets;
use policy::Programme;
use serde_json::Value;
use serde_json::value::RawValue;
use storage::{TableError, shorten_detail};
use types::{Timestamp, Uid};

use crate::event::{self, Event, EventData};
use crate::one_pass;
use crate::signature::SignatureFault;
use crate::{EventOutcome, EventReport, Message, Reading};

/// One event of a message, and its outcome.
pub(crate) struct Item<'a> {
    message: usize,
    place: usize,
    /// The id of an event that could not be read.
    id: Option<String>,
    /// The event as received.
    pub body: &'a str,
    /// When its message was sent.
    pub message_sent_at: Timestamp,
    /// Its place in the order of arrival, which no redelivery changes: when the sender made it, or
    /// where that is not known or later, when its message was sent. A redriven message is sent
    /// anew.
    pub arrived_at: Timestamp,
    /// The event, if it could be read.
    pub event: Option<Event>,
    /// Its outcome so far.
    pub outcome: EventOutcome,
    /// Whether it is known with the same body.
    pub repeated: bool,
    /// Whether the time ended before all that follows from the event was done, so that its message
    /// is to be redelivered.
    pub is_unfinished: bool,
}

/// A way to read an event. All accept the same events with the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// In one pass; an event that it refuses is read field by field.
    OnePass,
    /// Field by field, for the messages of refusals.
    FieldByField,
}

/// The most bytes of a message, as the queue limits it.
pub(crate) const MAX_MESSAGE_BYTES: usize = 262_144;
/// The most events of a message.
pub(crate) const MAX_MESSAGE_EVENTS: usize = 2_000;
/// The most bytes of an event.
pub(crate) const MAX_EVENT_BYTES: usize = 65_536;

impl<'a> Item<'a> {
    /// Decodes the events of a message: one, or an array of them. An unreadable event is refused
    /// alone; a message beyond its limits is refused as a whole.
    pub fn read(
        number: usize,
        message: &'a Message,
        programme: &Programme,
        now: Timestamp,
        reader: Reader,
    ) -> Vec<Self> {
        let whole = |reason, detail: String| {
            let mut item = Self::unread(number, 0, message, &message.body);
            item.refuse(reason, detail);
            vec![item]
        };
        if message.body.len() > MAX_MESSAGE_BYTES {
            let detail = format!("expected a message of at most {MAX_MESSAGE_BYTES} bytes");
            return whole("message_too_large", detail);
        }
        // A body that is no array of JSON is refused as the one event that it would have to be.
        let texts = texts(&message.body).unwrap_or_else(|_| vec![&message.body]);
        if texts.len() > MAX_MESSAGE_EVENTS {
            let detail = format!("expected a message of at most {MAX_MESSAGE_EVENTS} events");
            return whole("too_many_events", detail);
        }
        let assets = &programme.commission.assets;
        let skew = i64::try_from(programme.event_clock_skew.as_millis()).unwrap_or(i64::MAX);
        let latest = now.plus_millis(skew);
        texts
            .into_iter()
            .enumerate()
            .map(|(place, text)| {
                let mut item = Self::unread(number, place, message, text);
                item.decode(reader, assets, latest);
                item
            })
            .collect()
    }

    /// Returns the whole message as one item that is quarantined for its signature.
    pub fn unverified(number: usize, message: &'a Message, fault: SignatureFault) -> Self {
        let mut item = Self::unread(number, 0, message, &message.body);
        item.refuse(fault.reason(), fault.detail());
        item
    }

    fn decode(&mut self, reader: Reader, assets: &Assets, latest: Timestamp) {
        if self.body.len() > MAX_EVENT_BYTES {
            let detail = format!("expected an event of at most {MAX_EVENT_BYTES} bytes");
            self.refuse("event_too_large", detail);
            return;
        }
        let event = match reader {
            Reader::OnePass => one_pass::read(self.body, assets, latest),
            Reader::FieldByField => None,
        };
        match event.map_or_else(|| self.read_field_by_field(assets, latest), Ok) {
            Ok(event) => {
                self.arrived_at = event.time.unwrap_or(self.arrived_at).min(self.arrived_at);
                self.event = Some(event);
            }
            Err(detail) => self.refuse("unreadable", &detail),
        }
    }

    fn read_field_by_field(&mut self, assets: &Assets, latest: Timestamp) -> Result<Event, String> {
        let event = strict_json::parse_value(self.body)
            .map_err(|error| format!("expected JSON: {error}"))?;
        self.id = event.get("id").and_then(Value::as_str).map(str::to_owned);
        event::read(&event, assets, latest)
    }

    fn unread(message_number: usize, place: usize, message: &Message, body: &'a str) -> Self {
        Self {
            message: message_number,
            place,
            id: None,
            body,
            message_sent_at: message.sent_at,
            arrived_at: message.sent_at,
            event: None,
            outcome: EventOutcome::Ingested,
            repeated: false,
            is_unfinished: false,
        }
    }

    /// Returns the content of the event, if it was decoded and is not refused.
    pub fn data(&self) -> Option<&EventData> {
        let data = self.event.as_ref().map(|event| &event.data);
        data.filter(|_| self.outcome == EventOutcome::Ingested)
    }

    /// The account that the event refers to as known.
    pub fn about(&self) -> Option<&Uid> {
        match self.data()? {
            EventData::Changed(event) => Some(&event.uid),
            EventData::Activity(event) => Some(&event.uid),
            EventData::Charged(fee) => Some(&fee.uid),
            EventData::Corrected { correction, .. } => Some(&correction.uid),
            EventData::Registered(_) | EventData::Paid(_) => None,
        }
    }

    /// Quarantines the event.
    pub fn refuse(&mut self, reason: &'static str, detail: impl AsRef<str>) {
        let detail = shorten_detail(detail.as_ref());
        self.outcome = EventOutcome::Quarantined { reason, detail };
    }

    /// Quarantines the event for an error, whose chain is the detail.
    pub fn refuse_for(&mut self, reason: &'static str, error: &dyn std::error::Error) {
        self.refuse(reason, types::error_chain(error));
    }

    /// Which message of the batch holds the event.
    pub const fn message(&self) -> usize {
        self.message
    }

    /// Whether the event is one that costs a separate write.
    pub fn is_written_alone(&self) -> bool {
        !matches!(self.event.as_ref().map(|event| &event.data), Some(EventData::Charged(_)))
    }

    /// Returns the event as decoded.
    pub fn reading(self) -> Result<Reading, TableError> {
        let content = self.event.as_ref().map(Event::content).transpose()?;
        Ok(Reading { body: self.body.to_owned(), outcome: self.outcome, content })
    }

    /// Returns the outcome of the event for the caller.
    pub fn report(self) -> EventReport {
        let id = self.event.map(|event| event.id).or(self.id);
        EventReport { message: self.message, place: self.place, id, outcome: self.outcome }
    }
}

/// Returns the unchanged texts of a message's events: encoding numbers again would change them.
fn texts(body: &str) -> Result<Vec<&str>, serde_json::Error> {
    if !body.trim_start().starts_with('[') {
        return Ok(vec![body]);
    }
    let events: Vec<&RawValue> = serde_json::from_str(body)?;
    Ok(events.into_iter().map(RawValue::get).collect())
}
