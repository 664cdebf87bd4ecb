//! Signed messages of the three sources.

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use ingestion::{Delivery, EventKeys, Signatures, Unsigned, handle_signed};
use lambda::{Deadline, KeyRing, Metrics};
use serde_json::{Value, json};
use sha2::Sha256;
use storage::Quarantined;

use crate::test_app::{TestApp, day, event, uid};

const NOW: &str = "2026-11-20T12:00:00Z";
const KEY: &str = "an-example-of-a-key-of-32-bytes!";
const OTHER: &str = "another-example-of-a-32-byte-key";

#[derive(Debug, Clone, Copy)]
enum From {
    Queue,
    Stream,
    Topic,
}

const SOURCES: [From; 3] = [From::Queue, From::Stream, From::Topic];

fn sign(key: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(body);
    format!("2026-11:{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// Returns a batch of one message, as Lambda passes it.
fn batch(from: From, body: &str, signature: Option<&str>) -> Delivery {
    let base64 = |text: &str| BASE64_STANDARD.encode(text);
    let batch = match from {
        From::Queue => {
            let attribute = |text: &str| json!({ "stringValue": text, "dataType": "String" });
            let named = signature.map(|text| json!({ "recall-signature": attribute(text) }));
            json!({ "Records": [{
                "messageId": "m", "body": body, "messageAttributes": named.unwrap_or(json!({})),
            }] })
        }
        From::Stream => {
            let enveloped = |text: &str| json!({ "signature": text, "body": body }).to_string();
            let data = signature.map_or_else(|| body.to_owned(), enveloped);
            json!({ "Records": [{ "kinesis": { "sequenceNumber": "1", "data": base64(&data) } }] })
        }
        From::Topic => {
            let header =
                |text: &str| json!([{ "x": [-1] }, { "recall-signature": text.as_bytes() }]);
            json!({ "records": { "t-0": [{
                "offset": 1, "value": base64(body), "headers": signature.map(header),
            }] } })
        }
    };
    serde_json::from_value(batch).unwrap()
}

fn signatures(unsigned: Unsigned) -> Signatures {
    let keys = json!({ "2026-11": KEY, "2026-05": OTHER }).to_string();
    Signatures::Verified { keys: EventKeys::from_text(&keys).unwrap(), unsigned }
}

fn registered(of: &str) -> String {
    let data = json!({ "uid": of, "registeredAt": "2024-01-01T00:00:00Z", "country": "CH" });
    json!([event(of, "account.registered", data)]).to_string()
}

async fn is_known(app: &TestApp, of: &str) -> bool {
    app.context.table.account(&uid(of)).await.unwrap().is_some()
}

async fn handle(app: &TestApp, signatures: &Signatures, batch: Delivery) {
    let done = handle_signed(&app.context, signatures, batch, Deadline::NONE).await.unwrap();
    assert!(done.batch_item_failures.is_empty(), "{done:?}");
}

async fn quarantined(app: &TestApp) -> Vec<Quarantined> {
    app.context.table.quarantined(day("2026-11-20")).await.unwrap()
}

#[tokio::test]
async fn signed_message_of_each_source_is_ingested() {
    for from in SOURCES {
        let app = TestApp::at(NOW).await;
        let body = registered("a");
        let signed = batch(from, &body, Some(&sign(KEY, &body)));
        handle(&app, &signatures(Unsigned::Refused), signed).await;
        assert!(is_known(&app, "a").await && quarantined(&app).await.is_empty(), "{from:?}");
    }
}

#[tokio::test]
async fn refused_message_is_quarantined_whole() {
    let body = registered("a");
    let wrong = sign("a-key-that-nobody-knows-of-here!", &body);
    const MISMATCH: &str = "expected the HMAC-SHA256 of the message's body by this key";
    for from in SOURCES {
        for (signature, reason, detail) in [
            (None, "unsigned", "expected a signature"),
            (Some(&*wrong), "signature_invalid", MISMATCH),
        ] {
            let app = TestApp::at(NOW).await;
            let refused = batch(from, &body, signature);
            handle(&app, &signatures(Unsigned::Refused), refused).await;
            let entries = quarantined(&app).await;
            assert_eq!(entries.len(), 1, "{from:?}");
            assert_eq!((entries[0].reason.as_str(), &entries[0].body), (reason, &body));
            assert_eq!(entries[0].detail, detail);
            assert!(!is_known(&app, "a").await, "{from:?} {reason}");
        }
    }
}

#[tokio::test]
async fn unsigned_message_is_ingested_if_accepted() {
    for from in SOURCES {
        let app = TestApp::at(NOW).await;
        handle(&app, &signatures(Unsigned::Accepted), batch(from, &registered("a"), None)).await;
        assert!(is_known(&app, "a").await, "{from:?}");
    }
}

#[tokio::test]
async fn ignored_signature_changes_nothing() {
    for from in SOURCES {
        let app = TestApp::at(NOW).await;
        handle(&app, &Signatures::Ignored, batch(from, &registered("a"), Some("x"))).await;
        assert!(is_known(&app, "a").await, "{from:?}");
    }
}

#[tokio::test]
async fn signatures_are_measured_if_verified() {
    let mut app = TestApp::at(NOW).await;
    let (metrics, captured) = Metrics::kept();
    app.context.metrics = metrics;
    let unsigned = || batch(From::Queue, &registered("a"), None);
    for signatures in
        [Signatures::Ignored, signatures(Unsigned::Accepted), signatures(Unsigned::Refused)]
    {
        handle(&app, &signatures, unsigned()).await;
    }
    let lines: Vec<Value> =
        captured.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let counts =
        |line: &Value| (line["MessagesUnsigned"].as_u64(), line["SignaturesRefused"].as_u64());
    let expected = [(None, None), (Some(1), Some(0)), (Some(0), Some(1))];
    assert_eq!(lines.iter().map(counts).collect::<Vec<_>>(), expected);
}
