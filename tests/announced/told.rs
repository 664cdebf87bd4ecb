//! Which events are published, when, and under which id.

use serde_json::json;

use super::bus::{Told, types};
use crate::story::three_newcomers_trade;
use crate::stream::{Stream, batch, items, record};
use crate::test_app::{TestApp, fee};

/// An affiliate, a dormant user, and a stream that starts after them.
async fn stage() -> (TestApp, String, Stream, Told) {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    let stream = Stream::of(&app);
    (app, code, stream, Told::new())
}

async fn traded(app: &TestApp) {
    app.now("2026-11-20T10:00:01Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
}

#[tokio::test]
async fn bind_event_names_pair_and_link() {
    let (app, code, mut stream, told) = stage().await;
    app.bind("dormant", &code).await;
    let events = told.since(&app, &mut stream).await;
    assert_eq!(types(&events), ["recall.binding.created.v1"]);
    let expected = json!({
        "inviter": "affiliate", "invitee": "dormant", "code": code, "origin": "recall",
        "boundAt": "2026-11-20T09:00:00.000Z", "sharedCommission": { "spot": "0", "futures": "0" },
    });
    assert_eq!(events[0]["data"], expected);
    assert_eq!(events[0]["time"], "2026-11-20T09:00:00.000Z");
}

#[tokio::test]
async fn sign_up_publishes_binding() {
    let (app, code, mut stream, told) = stage().await;
    let signed_up = json!({
        "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
    });
    app.taken("account.registered", signed_up.clone()).await;
    app.taken("account.registered", signed_up).await;
    let events = told.since(&app, &mut stream).await;
    assert_eq!(types(&events), ["recall.binding.created.v1"]);
    assert_eq!(events[0]["data"]["origin"], "signup");
}

#[tokio::test]
async fn booked_run_is_published() {
    let (app, code, mut stream, told) = stage().await;
    app.bind("dormant", &code).await;
    traded(&app).await;
    told.since(&app, &mut stream).await;
    app.night("2026-11-20").await;
    let events = told.since(&app, &mut stream).await;
    assert_eq!(types(&events), ["recall.commission.settled.v1"]);
    let expected = json!({
        "uid": "affiliate", "day": "2026-11-20", "runId": "2026-11-20.1",
        "payableFrom": "2026-11-22T00:30:00.000Z",
        "amounts": [
            { "asset": "BTC", "commission": "0.00020000", "shared": "0.00000000", "takesBack": false },
        ],
    });
    assert_eq!(events[0]["data"], expected);
}

#[tokio::test]
async fn correction_is_published_as_reversal() {
    let (app, code, mut stream, told) = stage().await;
    app.bind("dormant", &code).await;
    traded(&app).await;
    app.night("2026-11-20").await;
    told.since(&app, &mut stream).await;
    let corrected = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0", "amountUsd": "0",
        "volumeUsd": "0", "at": "2026-11-21T00:10:00Z", "why": "the trade was busted",
    });
    app.taken("fee.corrected", corrected).await;
    app.night("2026-11-21").await;
    let events = told.since(&app, &mut stream).await;
    assert_eq!(types(&events), ["recall.commission.settled.v1"]);
    let amount = &events[0]["data"]["amounts"][0];
    assert_eq!(
        (&amount["commission"], &amount["takesBack"]),
        (&json!("-0.00020000"), &json!(true))
    );
    assert_eq!(events[0]["data"]["day"], "2026-11-20");
    assert_eq!(events[0]["data"]["payableFrom"], "2026-11-23T00:30:00.000Z");
}

#[tokio::test]
async fn void_is_published_once() {
    let (app, code, mut stream, told) = stage().await;
    app.bind("dormant", &code).await;
    traded(&app).await;
    app.night("2026-11-20").await;
    told.since(&app, &mut stream).await;
    for at in ["2026-11-19T12:00:00Z", "2026-11-18T12:00:00Z"] {
        let used = json!({ "uid": "dormant", "product": "earn", "at": at });
        app.taken("activity", used).await;
        let expected = if at.contains("-19") { &["recall.binding.voided.v1"][..] } else { &[] };
        assert_eq!(types(&told.since(&app, &mut stream).await), expected, "{at}");
    }
    app.night("2026-11-21").await;
    let events = told.since(&app, &mut stream).await;
    assert_eq!(types(&events), ["recall.commission.settled.v1"]);
    assert_eq!(events[0]["data"]["amounts"][0]["takesBack"], true);
}

#[tokio::test]
async fn tier_changes_are_published() {
    let app = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.affiliate("idle").await;
    three_newcomers_trade(&app, &code).await;
    let (mut stream, told) = (Stream::of(&app), Told::new());
    app.night("2026-09-30").await;
    let mut events = told.since(&app, &mut stream).await;
    events.retain(|event| event["type"] == "recall.tier.changed.v1");
    let expected = json!({
        "uid": "affiliate", "from": "2026-10-01T00:00:00.000Z",
        "before": { "spot": 0, "futures": 0 }, "after": { "spot": 1, "futures": 0 },
    });
    assert_eq!(events.iter().map(|event| &event["data"]).collect::<Vec<_>>(), [&expected]);
    app.night("2026-09-30").await;
    assert_eq!(told.since(&app, &mut stream).await.len(), 0);
}

#[tokio::test]
async fn repetition_publishes_nothing() {
    let (app, code, mut stream, told) = stage().await;
    app.bind("dormant", &code).await;
    traded(&app).await;
    app.night("2026-11-20").await;
    let events = told.since(&app, &mut stream).await;
    app.bind("dormant", &code).await;
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.book("2026-11-20").await;
    app.night("2026-11-20").await;
    assert_eq!(told.since(&app, &mut stream).await.len(), 0);
    // As when pending items expire, with all others.
    let removed = items(&app).into_values().enumerate();
    let removed =
        removed.map(|(number, item)| record(number as u64, 1_763_600_000, Some(&item), None));
    assert_eq!(told.hand_over(&app, batch(removed.collect()).records).await, None);
    assert_eq!(told.all(), events);
}

#[tokio::test]
async fn changed_binding_is_not_created_again() {
    let (app, code, mut stream, told) = stage().await;
    app.bind("dormant", &code).await;
    let events = told.since(&app, &mut stream).await;
    assert_eq!(types(&events), ["recall.binding.created.v1"]);
    let changed = items(&app).into_values().enumerate();
    let changed = changed
        .map(|(number, item)| record(number as u64, 1_763_600_000, Some(&item), Some(&item)))
        .collect();
    assert_eq!(told.hand_over(&app, batch(changed).records).await, None);
    assert_eq!(told.all(), events);
}

#[tokio::test]
async fn redelivered_batch_keeps_event_ids() {
    let (app, code, mut stream, told) = stage().await;
    app.bind("dormant", &code).await;
    traded(&app).await;
    app.night("2026-11-20").await;
    let records = stream.batch(&app);
    told.hand_over(&app, records.clone()).await;
    let first = told.all();
    told.hand_over(&app, records).await;
    assert_eq!(told.all(), [first.clone(), first].concat());
}

#[tokio::test]
async fn refused_event_is_retried_from_record() {
    let (app, code, mut stream, told) = stage().await;
    for number in 0..15 {
        let uid = format!("dormant-{number:02}");
        app.registered(&uid, "2024-01-01T00:00:00Z").await;
        app.bind(&uid, &code).await;
    }
    let records = stream.batch(&app);
    *told.room.lock().unwrap() = 12;
    let again = told.hand_over(&app, records.clone()).await.unwrap();
    let place = |record: &aws_lambda_events::event::dynamodb::EventRecord| {
        record.change.sequence_number.as_deref() == Some(again.as_str())
    };
    let rest = records.iter().position(place).unwrap();
    *told.room.lock().unwrap() = usize::MAX;
    assert_eq!(told.hand_over(&app, records[rest..].to_vec()).await, None);
    let ids: Vec<_> = told.all().iter().map(|event| event["id"].clone()).collect();
    assert_eq!(ids.len(), 15, "{ids:?}");
    assert!(ids.iter().enumerate().all(|(place, id)| !ids[..place].contains(id)));
}

#[tokio::test]
async fn newer_record_is_retried() {
    let (app, code, mut stream, told) = stage().await;
    app.bind("dormant", &code).await;
    traded(&app).await;
    app.night("2026-11-20").await;
    let items = items(&app);
    let mut records = stream.batch(&app);
    let summary =
        items.values().find(|item| item["sk"].as_s().unwrap().starts_with("DAY#2026")).unwrap();
    let mut newer = summary.clone();
    newer.insert("v".to_owned(), aws_sdk_dynamodb::types::AttributeValue::N("9".to_owned()));
    let unreadable = batch(vec![record(999, 1_763_600_000, None, Some(&newer))]).records.remove(0);
    records.push(unreadable);
    let again = told.hand_over(&app, records).await.unwrap();
    assert_eq!(again, format!("{:021}", 999));
    assert_eq!(types(&told.all()), ["recall.commission.settled.v1", "recall.binding.created.v1"]);
}
