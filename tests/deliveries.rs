//! Batches of the three sources: a queue, a Kinesis stream, Kafka topics.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use base64::prelude::{BASE64_STANDARD, Engine};
use dynamodb_embedded::{Fault, Faults};
use ingestion::{
    BatchResponse, Delivery, DeliveryError, Message, STREAM_WAIT_MILLIS, Source, handle,
    handle_until, ingest,
};
use lambda::{Deadline, ManualClock};
use serde_json::{Number, Value, json};
use storage::Table;
use types::Timestamp;

use crate::contract::faults::Trouble;
use crate::stream;
use crate::test_app::{TestApp, at, event, fee, uid};

const NOW: &str = "2026-11-20T12:00:00Z";

/// Returns a batch as Lambda passes it, of bodies that were sent at one instant.
pub fn batch(source: Source, bodies: &[String], sent_at: Timestamp) -> Delivery {
    let numbered = bodies.iter().enumerate();
    let text = |body: &String| BASE64_STANDARD.encode(body);
    let millis = sent_at.millis();
    let seconds = format!("{}.{:03}", millis / 1000, millis % 1000).parse::<Number>().unwrap();
    let event = match source {
        Source::Queue => json!({ "Records": numbered.map(|(number, body)| json!({
            "messageId": number.to_string(), "body": body, "eventSource": "aws:sqs",
            "attributes": { "SentTimestamp": millis.to_string() },
        })).collect::<Vec<_>>() }),
        Source::Stream => json!({ "Records": numbered.map(|(number, body)| json!({
            "eventSource": "aws:kinesis", "eventID": format!("shardId-000000000001:{number}"),
            "kinesis": {
                "partitionKey": "key", "sequenceNumber": number.to_string(), "data": text(body),
                "approximateArrivalTimestamp": seconds,
            },
        })).collect::<Vec<_>>() }),
        Source::Topics => {
            let record = |(offset, body): (usize, &String)| {
                json!({
                    "topic": "t", "partition": 0, "offset": offset, "timestamp": millis,
                    "timestampType": "CREATE_TIME", "value": text(body),
                    // Bytes of Java, which are no characters of any text.
                    "headers": [{ "trace": [-1, 255, 0] }],
                })
            };
            let records: Vec<Value> = numbered.map(record).collect();
            let (first, second) = records.split_at(records.len() / 2);
            json!({ "eventSource": "aws:kafka", "records": { "t-0": first, "t-1": second } })
        }
    };
    serde_json::from_value(event).unwrap()
}

const SOURCES: [Source; 3] = [Source::Queue, Source::Stream, Source::Topics];

pub fn failures(response: BatchResponse) -> Vec<String> {
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

fn activity(id: &str, of: &str) -> String {
    let data = json!({ "uid": of, "product": "earn", "at": "2026-11-20T10:00:00Z" });
    event(id, "activity", data).to_string()
}

async fn is_active(app: &TestApp, of: &str) -> bool {
    let account = app.context.table.account(&uid(of)).await.unwrap().unwrap();
    account.value.facts.last_activity_at.is_some()
}

async fn with_users(users: &[&str]) -> TestApp {
    let app = TestApp::at(NOW).await;
    for user in users {
        app.registered(user, "2024-01-01T00:00:00Z").await;
    }
    app
}

#[tokio::test]
async fn sources_write_the_same_items() {
    let registered =
        |of: &str| json!({ "uid": of, "registeredAt": "2024-01-01T00:00:00Z", "country": "CH" });
    let bodies = [
        event("1", "account.registered", registered("a")).to_string(),
        json!([event("2", "account.registered", registered("b")), { "specversion": "1.0" }])
            .to_string(),
        activity("3", "a"),
        event("4", "fee.charged", fee("t1", "b", "2026-11-20T10:00:00Z")).to_string(),
        "no JSON".to_owned(),
    ];
    let mut written = Vec::new();
    for source in SOURCES {
        let app = TestApp::at(NOW).await;
        let response = handle(&app.context, batch(source, &bodies, at(NOW))).await.unwrap();
        assert_eq!(failures(response), [""; 0], "{source:?}");
        written.push(stream::items(&app));
    }
    assert!(written[0].len() >= 6 && written.iter().all(|items| *items == written[0]));
}

#[tokio::test]
async fn stream_reports_the_lowest_sequence_number() {
    let app = with_users(&["a", "b"]).await;
    let bodies =
        [activity("1", "a"), activity("2", "early"), activity("3", "b"), activity("4", "other")];
    for (source, expected) in [(Source::Queue, vec!["1", "3"]), (Source::Stream, vec!["1"])] {
        let response = handle(&app.context, batch(source, &bodies, at(NOW))).await.unwrap();
        assert_eq!(failures(response), expected, "{source:?}");
    }
    assert!(is_active(&app, "a").await && is_active(&app, "b").await);
}

#[tokio::test]
async fn redelivered_stream_counts_fees_once() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("bound", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("bound", &code).await.status, 201);
    app.now(NOW);
    let charged = |trade: &str| {
        event(trade, "fee.charged", fee(trade, "bound", "2026-11-20T10:00:00Z")).to_string()
    };
    let bodies = [charged("t1"), activity("early", "early"), charged("t2")];
    let response = handle(&app.context, batch(Source::Stream, &bodies, at(NOW))).await.unwrap();
    assert_eq!(failures(response), ["1"]);
    app.registered("early", "2024-01-01T00:00:00Z").await;
    let rest = batch(Source::Stream, &bodies[1..], at(NOW));
    assert_eq!(failures(handle(&app.context, rest).await.unwrap()), [""; 0]);
    app.night("2026-11-20").await;
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["fees"], "0.00200000");
}

#[tokio::test]
async fn stream_quarantines_old_event_of_unknown_account() {
    for (source, waits) in [(Source::Queue, true), (Source::Stream, false), (Source::Topics, false)]
    {
        let app = with_users(&["a"]).await;
        let sent_at = at(NOW).plus_millis(-STREAM_WAIT_MILLIS);
        let bodies = [activity("1", "never"), activity("2", "a")];
        let response = handle(&app.context, batch(source, &bodies, sent_at)).await.unwrap();
        assert_eq!(failures(response).len(), usize::from(waits), "{source:?}");
        assert!(is_active(&app, "a").await);
        let kept = app.context.table.quarantined(at(NOW).day()).await.unwrap();
        let kept: Vec<_> = kept.iter().map(|it| (it.reason.as_str(), it.body.as_str())).collect();
        let expected = [("unknown_account", bodies[0].as_str())];
        assert_eq!(kept, expected[usize::from(waits)..], "{source:?}");
    }
}

#[tokio::test]
async fn topics_redeliver_whole_batches() {
    let app = with_users(&["a"]).await;
    let bodies = [activity("1", "a"), activity("2", "early")];
    let delivery = || batch(Source::Topics, &bodies, at(NOW));
    let error = handle(&app.context, delivery()).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Incomplete));
    assert_eq!(error.name(), "Incomplete");
    assert!(is_active(&app, "a").await);
    app.registered("early", "2024-01-01T00:00:00Z").await;
    let response = handle(&app.context, delivery()).await.unwrap();
    assert_eq!(failures(response), [""; 0]);
    assert!(is_active(&app, "early").await);
}

#[tokio::test]
async fn failing_table_fails_the_whole_batch() {
    let app = with_users(&["a"]).await;
    let context = Trouble::Throttled.in_context(&app);
    for source in SOURCES {
        let delivery = batch(source, &[activity("1", "a")], at(NOW));
        let error = handle(&context, delivery).await.unwrap_err();
        assert_eq!(error.name(), "Throttled", "{source:?}");
    }
}

#[tokio::test]
async fn failing_table_fails_an_import() {
    let app = with_users(&["a"]).await;
    let context = Trouble::Throttled.in_context(&app);
    let message = Message { id: "m".to_owned(), sent_at: at(NOW), body: activity("1", "a") };
    let error = ingest(&context, &[message]).await.unwrap_err();
    assert_eq!(error.name(), "Throttled");
}

/// Reads are throttled after the single writes of a full part: an identity for each event, and the
/// one account of all.
#[derive(Debug, Default)]
struct OnePart(AtomicUsize);

impl Faults for OnePart {
    fn next(&self, operation: &str) -> Option<Fault> {
        let write = usize::from(operation == "PutItem");
        let written = self.0.fetch_add(write, Ordering::Relaxed);
        let is_refused = operation == "BatchGetItem" && written > 2_001;
        is_refused.then_some(Fault::Refused("ThrottlingException"))
    }
}

#[tokio::test]
async fn table_failing_later_keeps_finished_parts() {
    // A part is full after two thousand events, and a message after half as many.
    let many = |from: usize| {
        let ids = from..from + 1_000;
        let events = ids.map(|id| activity(&id.to_string(), "a")).collect::<Vec<_>>();
        format!("[{}]", events.join(","))
    };
    let bodies = [many(0), many(1_000), activity("later", "b")];
    for source in SOURCES {
        let app = with_users(&["a", "b"]).await;
        let config = app.engine.faulty_config(Arc::new(OnePart::default()));
        let config = config.retry_config(RetryConfig::disabled());
        let context = app.context.with_table(Table::new(config, app.engine.table_name()));
        match (source, handle(&context, batch(source, &bodies, at(NOW))).await) {
            (Source::Topics, response) => assert_eq!(response.unwrap_err().name(), "Throttled"),
            (_, response) => assert_eq!(failures(response.unwrap()), ["2"], "{source:?}"),
        }
        assert!(is_active(&app, "a").await && !is_active(&app, "b").await, "{source:?}");
    }
}

#[tokio::test]
async fn deadline_redelivers_by_source() {
    let app = with_users(&["a"]).await;
    let passed = Deadline::before(at(NOW));
    let bodies = [activity("1", "a"), activity("2", "a")];
    let late = |source| handle_until(&app.context, batch(source, &bodies, at(NOW)), passed);
    assert_eq!(failures(late(Source::Queue).await.unwrap()), ["0", "1"]);
    assert_eq!(failures(late(Source::Stream).await.unwrap()), ["0"]);
    let error = late(Source::Topics).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Incomplete));
    assert!(!is_active(&app, "a").await);
}

/// Each write of a single item takes a second.
#[derive(Debug)]
pub struct SlowWrites {
    pub clock: ManualClock,
    pub writes: AtomicUsize,
}

impl Faults for SlowWrites {
    fn next(&self, operation: &str) -> Option<Fault> {
        if operation == "PutItem" {
            self.writes.fetch_add(1, Ordering::Relaxed);
            self.clock.stop_at(self.clock.now().plus_millis(1000));
        }
        None
    }
}

#[tokio::test]
async fn deadline_within_a_part_repeats_no_write() {
    let users: Vec<String> = (0..60).map(|number| format!("user-{number}")).collect();
    let app = with_users(&users.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let bodies: Vec<String> = users
        .iter()
        .map(|user| event(user, "fee.charged", fee("t1", user, "2026-11-20T10:00:00Z")).to_string())
        .collect();
    let slow = Arc::new(SlowWrites { clock: app.clock.clone(), writes: AtomicUsize::new(0) });
    let table = Table::new(app.engine.faulty_config(slow.clone()), app.engine.table_name());
    let context = app.context.with_table(table);
    // Ten seconds of work, and the margin of a deadline.
    let deadline = Deadline::before(at(NOW).plus_millis(30_000));
    let first = handle_until(&context, batch(Source::Queue, &bodies, at(NOW)), deadline).await;
    let left = failures(first.unwrap());
    let written = slow.writes.load(Ordering::Relaxed);
    assert!((10..40).contains(&written), "{written} were written");
    assert_eq!(left.len(), users.len() - written);
    for (number, user) in users.iter().enumerate() {
        assert_ne!(is_active(&app, user).await, left.contains(&number.to_string()), "{user}");
    }
    let again = handle(&context, batch(Source::Queue, &bodies, at(NOW))).await.unwrap();
    assert_eq!(failures(again), [""; 0]);
    assert_eq!(slow.writes.load(Ordering::Relaxed), users.len());
}
