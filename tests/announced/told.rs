//! What is told, when, and under which id.

use serde_json::json;

use super::bus::{Told, types};
use crate::story::three_newcomers_trade;
use crate::stream::{Stream, batch, items, record};
use crate::test_app::{TestApp, fee};

/// An affiliate, a dormant user, and a stream that begins with them.
async fn stage() -> (TestApp, String, Stream, Told) {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.registered("dormant", "2024-01-01T00:00:00Z").await;
    let stream = Stream::of(&world);
    (world, code, stream, Told::new())
}

async fn traded(world: &TestApp) {
    world.now("2026-11-20T10:00:01Z");
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
}

#[tokio::test]
async fn a_bind_is_told_with_who_whom_and_by_which_link_and_nothing_else_of_them() {
    let (world, code, mut stream, told) = stage().await;
    world.bind("dormant", &code).await;
    let events = told.since(&world, &mut stream).await;
    assert_eq!(types(&events), ["recall.binding.created.v1"]);
    let expected = json!({
        "inviter": "affiliate", "invitee": "dormant", "code": code, "origin": "recall",
        "boundAt": "2026-11-20T09:00:00.000Z", "sharedCommission": { "spot": "0", "futures": "0" },
    });
    assert_eq!(events[0]["data"], expected);
    assert_eq!(events[0]["time"], "2026-11-20T09:00:00.000Z");
}

#[tokio::test]
async fn a_sign_up_through_a_link_is_a_binding_like_any_other() {
    let (world, code, mut stream, told) = stage().await;
    let signed_up = json!({
        "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
    });
    world.taken("account.registered", signed_up.clone()).await;
    world.taken("account.registered", signed_up).await;
    let events = told.since(&world, &mut stream).await;
    assert_eq!(types(&events), ["recall.binding.created.v1"]);
    assert_eq!(events[0]["data"]["origin"], "signup");
}

#[tokio::test]
async fn a_booked_run_is_told_in_the_words_of_the_wallet_s_answer() {
    let (world, code, mut stream, told) = stage().await;
    world.bind("dormant", &code).await;
    traded(&world).await;
    told.since(&world, &mut stream).await;
    world.night("2026-11-20").await;
    let events = told.since(&world, &mut stream).await;
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
async fn a_correction_is_told_as_what_is_to_be_taken_back() {
    let (world, code, mut stream, told) = stage().await;
    world.bind("dormant", &code).await;
    traded(&world).await;
    world.night("2026-11-20").await;
    told.since(&world, &mut stream).await;
    let corrected = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0", "amountUsd": "0",
        "volumeUsd": "0", "at": "2026-11-21T00:10:00Z", "why": "the trade was busted",
    });
    world.taken("fee.corrected", corrected).await;
    world.night("2026-11-21").await;
    let events = told.since(&world, &mut stream).await;
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
async fn a_binding_that_proves_undue_is_told_once_and_its_lines_are_taken_back() {
    let (world, code, mut stream, told) = stage().await;
    world.bind("dormant", &code).await;
    traded(&world).await;
    world.night("2026-11-20").await;
    told.since(&world, &mut stream).await;
    for at in ["2026-11-19T12:00:00Z", "2026-11-18T12:00:00Z"] {
        let used = json!({ "uid": "dormant", "product": "earn", "at": at });
        world.taken("activity", used).await;
        let expected = if at.contains("-19") { &["recall.binding.voided.v1"][..] } else { &[] };
        assert_eq!(types(&told.since(&world, &mut stream).await), expected, "{at}");
    }
    world.night("2026-11-21").await;
    let events = told.since(&world, &mut stream).await;
    assert_eq!(types(&events), ["recall.commission.settled.v1"]);
    assert_eq!(events[0]["data"]["amounts"][0]["takesBack"], true);
}

#[tokio::test]
async fn an_evaluation_that_raises_a_tier_is_told_and_one_that_leaves_it_is_not() {
    let world = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.affiliate("idle").await;
    three_newcomers_trade(&world, &code).await;
    let (mut stream, told) = (Stream::of(&world), Told::new());
    world.night("2026-09-30").await;
    let mut events = told.since(&world, &mut stream).await;
    events.retain(|event| event["type"] == "recall.tier.changed.v1");
    let expected = json!({
        "uid": "affiliate", "from": "2026-10-01T00:00:00.000Z",
        "before": { "spot": 0, "futures": 0 }, "after": { "spot": 1, "futures": 0 },
    });
    assert_eq!(events.iter().map(|event| &event["data"]).collect::<Vec<_>>(), [&expected]);
    world.night("2026-09-30").await;
    assert_eq!(told.since(&world, &mut stream).await.len(), 0);
}

#[tokio::test]
async fn what_is_run_again_brought_again_and_removed_tells_nothing_new() {
    let (world, code, mut stream, told) = stage().await;
    world.bind("dormant", &code).await;
    traded(&world).await;
    world.night("2026-11-20").await;
    let events = told.since(&world, &mut stream).await;
    world.bind("dormant", &code).await;
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    world.book("2026-11-20").await;
    world.night("2026-11-20").await;
    assert_eq!(told.since(&world, &mut stream).await.len(), 0);
    // As when leftovers expire, and all the rest with them.
    let removed = items(&world).into_values().enumerate();
    let removed =
        removed.map(|(number, item)| record(number as u64, 1_763_600_000, Some(&item), None));
    assert_eq!(told.hand_over(&world, batch(removed.collect()).records).await, None);
    assert_eq!(told.all(), events);
}

#[tokio::test]
async fn a_batch_that_comes_again_is_told_under_the_same_ids() {
    let (world, code, mut stream, told) = stage().await;
    world.bind("dormant", &code).await;
    traded(&world).await;
    world.night("2026-11-20").await;
    let records = stream.batch(&world);
    told.hand_over(&world, records.clone()).await;
    let first = told.all();
    told.hand_over(&world, records).await;
    assert_eq!(told.all(), [first.clone(), first].concat());
}

#[tokio::test]
async fn what_the_bus_refuses_is_brought_again_from_that_record_on() {
    let (world, code, mut stream, told) = stage().await;
    for number in 0..15 {
        let uid = format!("dormant-{number:02}");
        world.registered(&uid, "2024-01-01T00:00:00Z").await;
        world.bind(&uid, &code).await;
    }
    let records = stream.batch(&world);
    *told.room.lock().unwrap() = 12;
    let again = told.hand_over(&world, records.clone()).await.unwrap();
    let place = |record: &aws_lambda_events::event::dynamodb::EventRecord| {
        record.change.sequence_number.as_deref() == Some(again.as_str())
    };
    let rest = records.iter().position(place).unwrap();
    *told.room.lock().unwrap() = usize::MAX;
    assert_eq!(told.hand_over(&world, records[rest..].to_vec()).await, None);
    let ids: Vec<_> = told.all().iter().map(|event| event["id"].clone()).collect();
    assert_eq!(ids.len(), 15, "{ids:?}");
    assert!(ids.iter().enumerate().all(|(place, id)| !ids[..place].contains(id)));
}

#[tokio::test]
async fn a_record_of_a_newer_form_is_brought_again_and_what_came_before_it_is_told() {
    let (world, code, mut stream, told) = stage().await;
    world.bind("dormant", &code).await;
    traded(&world).await;
    world.night("2026-11-20").await;
    let items = items(&world);
    let mut records = stream.batch(&world);
    let summary =
        items.values().find(|item| item["sk"].as_s().unwrap().starts_with("DAY#2026")).unwrap();
    let mut newer = summary.clone();
    newer.insert("v".to_owned(), aws_sdk_dynamodb::types::AttributeValue::N("9".to_owned()));
    let unreadable = batch(vec![record(999, 1_763_600_000, None, Some(&newer))]).records.remove(0);
    records.push(unreadable);
    let again = told.hand_over(&world, records).await.unwrap();
    assert_eq!(again, format!("{:021}", 999));
    assert_eq!(types(&told.all()), ["recall.commission.settled.v1", "recall.binding.created.v1"]);
}
