//! The event bus to which the programme publishes: EventBridge's client, and sending of entries. No
//! other crate depends on that SDK.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::Builder;
use aws_sdk_eventbridge::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::operation::put_events::{PutEventsError, PutEventsOutput};
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_types::SdkConfig;
use types::Timestamp;

/// EventBridge's limit of one call.
const ENTRIES_PER_CALL: usize = 10;

/// One bus.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

/// An event to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event's source.
    pub source: String,
    /// The event's type, by which receivers filter.
    pub kind: String,
    /// When it happened.
    pub time: Timestamp,
    /// The data of the event, a JSON object.
    pub detail: String,
}

/// Entries that were not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bus did not take an entry: {why}")]
pub struct Unsent {
    /// The place of the first of them: all before it are sent. Some after it may be, too.
    pub first: usize,
    /// The error of the bus.
    pub why: String,
}

impl Bus {
    /// Creates the client of the bus of this name.
    #[must_use]
    pub fn new(shared: &SdkConfig, name: impl Into<String>) -> Self {
        let mut config = Builder::from(shared);
        config.set_endpoint_url(shared.endpoint_url().map(str::to_owned));
        Self { client: Client::from_conf(config.build()), name: name.into() }
    }

    /// Sends entries in their order, and stops at the first call of which something was refused.
    /// Cost: 1 call for ten entries.
    ///
    /// # Errors
    /// Which entries are to be sent again.
    pub async fn send(&self, entries: &[Entry]) -> Result<(), Unsent> {
        let mut sent = 0;
        for call in entries.chunks(ENTRIES_PER_CALL) {
            self.call(call)
                .await
                .map_err(|unsent| Unsent { first: sent + unsent.first, ..unsent })?;
            sent += call.len();
        }
        Ok(())
    }

    async fn call(&self, entries: &[Entry]) -> Result<(), Unsent> {
        let request = entries.iter().map(|entry| self.request_entry(entry)).collect();
        let answer = self.client.put_events().set_entries(Some(request)).send().await;
        let answer = answer.map_err(|error| Unsent { first: 0, why: message_of(&error) })?;
        first_refused(&answer).map_or(Ok(()), Err)
    }

    fn request_entry(&self, entry: &Entry) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(&entry.source)
            .detail_type(&entry.kind)
            .time(DateTime::from_millis(entry.time.millis()))
            .detail(&entry.detail)
            .build()
    }
}

/// Returns the error without the service's message, which may repeat entries and ids of people.
fn message_of(error: &SdkError<PutEventsError>) -> String {
    match error.code() {
        Some(code) => code.to_owned(),
        None => DisplayErrorContext(error).to_string(),
    }
}

/// A call succeeds also where entries of it were refused: its answer names them by their places.
fn first_refused(answer: &PutEventsOutput) -> Option<Unsent> {
    let first = answer.entries().iter().position(|entry| entry.error_code().is_some())?;
    let code = answer.entries().get(first).and_then(|entry| entry.error_code());
    Some(Unsent { first, why: code.unwrap_or_default().to_owned() })
}

#[cfg(test)]
mod tests;
