//! The batches that Lambda delivers: of the queue, of a Kinesis stream, of Kafka topics.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use storage::TableError;
use types::Timestamp;

use crate::Message;
use crate::signature::{self, Signatures, Verdict};

/// The time for which a stream waits for the account of an event, in milliseconds. Everything
/// behind the event waits as long, unlike in a queue.
pub const STREAM_WAIT_MILLIS: i64 = 600_000;

/// The kind of source that a batch comes from, which decides how a part of it is redelivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A queue of SQS: redelivers single messages, up to its dead-letter queue.
    Queue,
    /// A shard of a Kinesis stream: redelivers from a sequence number on.
    Stream,
    /// Partitions of Kafka topics: redelivers whole batches.
    Topics,
}

/// A batch from one source, as Lambda passes it to the function.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Records")]
pub struct Delivery {
    pub(crate) source: Source,
    /// Its messages, in the order of the source.
    messages: Vec<Delivered>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Delivered {
    id: String,
    sent_at: Option<Timestamp>,
    signature: Option<String>,
    body: String,
}

/// A message with the result of verifying its signature.
pub(crate) struct Received {
    pub message: Message,
    pub verdict: Verdict,
}

/// The messages to redeliver. Lambda retries a stream from the first of them on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// One entry for each message.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A message to redeliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// The message's id in a queue, its sequence number in a stream.
    pub item_identifier: String,
}

/// Why a whole batch has to be redelivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The table failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A message has to be redelivered, and its source redelivers only whole batches.
    #[error("a message has to be redelivered, and its source redelivers only whole batches")]
    Incomplete,
}

impl DeliveryError {
    /// Returns a stable word for the kind of failure, for error types and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Table(error) => error.name(),
            Self::Incomplete => "Incomplete",
        }
    }
}

/// The events of all sources in one shape. Members that ingestion does not use are skipped, and
/// attributes and headers are of any shape, so that an unusual one fails no batch.
#[derive(Deserialize)]
struct Records {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    /// Kafka records by topic and partition.
    #[serde(rename = "records")]
    by_partition: Option<BTreeMap<String, Vec<KafkaRecord>>>,
}

/// A message of SQS, or a record of Kinesis.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: Option<String>,
    body: Option<String>,
    attributes: Option<Attributes>,
    message_attributes: Option<Value>,
    kinesis: Option<KinesisRecord>,
}

#[derive(Deserialize)]
struct Attributes {
    #[serde(rename = "SentTimestamp")]
    sent_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KinesisRecord {
    sequence_number: String,
    /// In base64.
    data: String,
    /// In seconds.
    approximate_arrival_timestamp: Option<Number>,
}

#[derive(Deserialize)]
struct KafkaRecord {
    offset: i64,
    /// In milliseconds; -1 for none.
    timestamp: Option<i64>,
    headers: Option<Value>,
    /// In base64. A tombstone has none.
    value: Option<String>,
}

impl TryFrom<Records> for Delivery {
    type Error = &'static str;

    fn try_from(records: Records) -> Result<Self, Self::Error> {
        match records {
            Records { records: Some(records), by_partition: None } => Self::of_records(records),
            Records { records: None, by_partition: Some(partitions) } => {
                Ok(Self { source: Source::Topics, messages: of_partitions(partitions) })
            }
            _ => Err("expected a batch of SQS, Kinesis or Kafka"),
        }
    }
}

impl Delivery {
    fn of_records(records: Vec<Record>) -> Result<Self, &'static str> {
        let source = match records.iter().any(|record| record.kinesis.is_some()) {
            true => Source::Stream,
            false => Source::Queue,
        };
        let messages = records.into_iter().map(|record| match (source, record) {
            (Source::Stream, Record { kinesis: Some(record), .. }) => Ok(record.delivered()),
            (Source::Stream, _) => Err("expected records of one source"),
            (_, record) => Ok(record.delivered()),
        });
        Ok(Self { source, messages: messages.collect::<Result<_, _>>()? })
    }

    /// Returns the messages, and verifies them. Where the time of sending is missing, a message of
    /// a queue counts as sent now, and a record of a stream as sent long ago: its place in the
    /// order of arrival must be the same when it is redelivered.
    pub(crate) fn into_messages(self, now: Timestamp, signatures: &Signatures) -> Vec<Received> {
        let unknown = match self.source {
            Source::Queue => now,
            Source::Stream | Source::Topics => Timestamp::EPOCH,
        };
        let message = |Delivered { id, sent_at, signature, body }| {
            let sent_at = sent_at.unwrap_or(unknown);
            // Envelopes are opened also where signatures are ignored, so that a producer may sign
            // before they are verified, and after.
            let (signature, body) = match signature {
                Some(signature) => (Some(signature), body),
                None => signature::open_envelope(body),
            };
            let verdict = signatures.verify(signature.as_deref(), &body);
            Received { message: Message { id, sent_at, body }, verdict }
        };
        self.messages.into_iter().map(message).collect()
    }
}

impl Record {
    fn delivered(self) -> Delivered {
        let sent_at = self.attributes.and_then(|attributes| attributes.sent_at);
        Delivered {
            id: self.message_id.unwrap_or_default(),
            sent_at: sent_at.and_then(|millis| Timestamp::from_millis(millis.parse().ok()?)),
            signature: signature::of_attributes(self.message_attributes.as_ref()),
            body: self.body.unwrap_or_default(),
        }
    }
}

impl KinesisRecord {
    fn delivered(self) -> Delivered {
        let arrived = self.approximate_arrival_timestamp.map(|seconds| seconds.to_string());
        Delivered {
            id: self.sequence_number,
            sent_at: arrived.and_then(|seconds| of_seconds(&seconds)),
            signature: None,
            body: text(self.data),
        }
    }
}

fn of_partitions(partitions: BTreeMap<String, Vec<KafkaRecord>>) -> Vec<Delivered> {
    let of_partition = |(partition, records): (String, Vec<KafkaRecord>)| {
        records.into_iter().map(move |record| Delivered {
            id: format!("{partition}/{}", record.offset),
            sent_at: record.timestamp.and_then(Timestamp::from_millis),
            signature: signature::of_headers(record.headers.as_ref()),
            body: record.value.map(text).unwrap_or_default(),
        })
    };
    partitions.into_iter().flat_map(of_partition).collect()
}

/// Returns the text of a record. Bytes that are no UTF-8 stay in base64, which is no JSON object or
/// array, so that the record is quarantined as it was received.
fn text(base64: String) -> String {
    let bytes = BASE64_STANDARD.decode(&base64).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(base64)
}

/// Returns the instant of decimal seconds, without the parts of a millisecond.
fn of_seconds(seconds: &str) -> Option<Timestamp> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    Timestamp::from_millis(format!("{whole}{millis}").parse().ok()?)
}

/// Returns whether a message of a stream may still wait for the account of its event. One whose
/// time is unknown, or of another clock, does not wait.
pub(crate) fn may_wait(sent_at: Timestamp, now: Timestamp) -> bool {
    now.millis_since(sent_at).abs() < STREAM_WAIT_MILLIS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str) -> Result<Delivery, serde_json::Error> {
        serde_json::from_str(event)
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn batch_of_no_or_two_shapes_is_refused() {
        for event in [
            "{}",
            "[]",
            r#"{"Records":null}"#,
            r#"{"Records":[],"records":{}}"#,
            r#"{"Records":[{"kinesis":{"sequenceNumber":"1","data":""}},{"messageId":"m"}]}"#,
        ] {
            assert!(read(event).is_err(), "{event}");
        }
        assert_eq!(read(r#"{"Records":[]}"#).unwrap().source, Source::Queue);
        assert_eq!(read(r#"{"records":{}}"#).unwrap().source, Source::Topics);
    }

    #[test]
    fn bytes_without_meaning_stay_base64() {
        assert_eq!(text("e30=".to_owned()), "{}");
        for kept in ["//8=", "not base64", "eyJ"] {
            assert_eq!(text(kept.to_owned()), kept);
        }
    }

    #[test]
    fn decimal_seconds_are_exact() {
        for (seconds, millis) in [
            ("1545084650.987", 1_545_084_650_987),
            ("1545084650.9", 1_545_084_650_900),
            ("1545084650", 1_545_084_650_000),
            ("1545084650.9879", 1_545_084_650_987),
        ] {
            assert_eq!(of_seconds(seconds), Some(at(millis)), "{seconds}");
        }
        assert_eq!(of_seconds("soon"), None);
    }

    #[test]
    fn arrival_without_a_time_is_the_same_again() {
        let kafka = r#"{"records":{"t-0":[{"offset":1,"timestamp":-1,"value":null}]}}"#;
        let kinesis = r#"{"Records":[{"kinesis":{"sequenceNumber":"1","data":""}}]}"#;
        for event in [kafka, kinesis] {
            for now in [at(5), at(6)] {
                let messages = read(event).unwrap().into_messages(now, &Signatures::Ignored);
                assert_eq!(messages[0].message.sent_at, at(0));
            }
        }
        let queue = r#"{"Records":[{"messageId":"m"}]}"#;
        let messages = read(queue).unwrap().into_messages(at(5), &Signatures::Ignored);
        assert_eq!(messages[0].message.sent_at, at(5));
    }

    #[test]
    fn stream_waits_limited_time() {
        let now = at(2_000_000_000_000);
        let before = |millis: i64| may_wait(now.plus_millis(-millis), now);
        assert!(before(0) && before(STREAM_WAIT_MILLIS - 1) && before(-1));
        assert!(!before(STREAM_WAIT_MILLIS) && !before(-STREAM_WAIT_MILLIS));
    }
}
