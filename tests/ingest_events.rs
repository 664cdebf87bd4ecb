//! Events as they come: twice, in any order, too early, broken.

use ingestion::EventOutcome;
use serde_json::{Value, json};
use types::Reason;

use crate::test_app::{TestApp, at, day, event, fee, uid};

#[tokio::test]
async fn an_event_of_an_unknown_account_is_brought_again_and_not_dropped() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    let retry = EventOutcome::Retry { reason: Reason::UnknownAccount };
    let early = fee("t1", "late-registered", "2026-11-20T10:00:00Z");
    assert_eq!(world.send("fee.charged", early.clone()).await, retry);
    world.registered("late-registered", "2026-11-20T09:00:00Z").await;
    assert_eq!(world.send("fee.charged", early).await, EventOutcome::Ingested);
}

#[tokio::test]
async fn a_fee_of_a_user_without_an_inviter_is_activity_only() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    world.registered("loner", "2024-01-01T00:00:00Z").await;
    world.charged(fee("t1", "loner", "2026-11-20T10:00:00Z")).await;
    let account = world.app.table.account(&uid("loner")).await.unwrap().unwrap().value;
    assert_eq!(account.facts.last_activity_at, Some(at("2026-11-20T10:00:00Z")));
    let kept = world.app.table.fees(day("2026-11-20"), storage::Shard::of(&uid("loner"))).await;
    assert!(kept.unwrap().fees.is_empty());
}

#[tokio::test]
async fn activity_in_any_order_leaves_the_newest() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    world.registered("user", "2024-01-01T00:00:00Z").await;
    for time in ["2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z", "2026-11-01T00:00:00Z"] {
        let data = json!({ "uid": "user", "product": "earn", "at": time });
        world.taken("activity", data).await;
    }
    let account = world.app.table.account(&uid("user")).await.unwrap().unwrap().value;
    assert_eq!(account.facts.last_activity_at, Some(at("2026-11-03T00:00:00Z")));
}

#[tokio::test]
async fn a_sub_account_s_trades_belong_to_its_main_account() {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.registered("main", "2024-01-01T00:00:00Z").await;
    let sub = json!({
        "uid": "sub", "registeredAt": "2024-02-01T00:00:00Z", "country": "CH", "mainUid": "main",
    });
    world.taken("account.registered", sub).await;
    assert_eq!(world.bind("main", &code).await.status, 201);
    world.now("2026-11-20T12:00:00Z");
    world.charged(fee("t1", "sub", "2026-11-20T10:00:00Z")).await;
    world.night("2026-11-20").await;
    let lines = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(lines[0]["uid"], "main");
}

#[tokio::test]
async fn one_broken_event_holds_up_nothing_in_its_message() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    let good = json!({ "uid": "user", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH" });
    let body = json!([
        event("1", "account.registered", good),
        { "specversion": "1.0" },
        event("2", "activity", json!({ "uid": "user", "product": "earn", "at": "2026-11-01T00:00:00Z" })),
    ]);
    let reports = world.send_raw(&body.to_string()).await;
    assert_eq!(reports[0].outcome, EventOutcome::Ingested);
    assert!(matches!(reports[1].outcome, EventOutcome::Quarantined { .. }));
    assert_eq!(reports[2].outcome, EventOutcome::Ingested);
    let kept = world.app.table.quarantined(day("2026-11-20")).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].body, json!({ "specversion": "1.0" }).to_string());
}

#[tokio::test]
async fn the_same_source_and_id_with_another_body_is_quarantined() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    world.registered("user", "2024-01-01T00:00:00Z").await;
    let activity = |time: &str| json!({ "uid": "user", "product": "earn", "at": time });
    let first = world.send_as("one", "activity", activity("2026-11-01T00:00:00Z")).await;
    assert_eq!(first, EventOutcome::Ingested);
    let again = world.send_as("one", "activity", activity("2026-11-01T00:00:00Z")).await;
    assert_eq!(again, EventOutcome::Ingested);
    let other = world.send_as("one", "activity", activity("2026-11-02T00:00:00Z")).await;
    assert!(matches!(other, EventOutcome::Quarantined { reason: "identity_conflict", .. }));
}

#[tokio::test]
async fn an_account_registered_again_with_other_facts_is_quarantined() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    world.registered("user", "2024-01-01T00:00:00Z").await;
    let other = json!({ "uid": "user", "registeredAt": "2024-01-02T00:00:00Z", "country": "CH" });
    let outcome = world.send("account.registered", other).await;
    assert!(matches!(outcome, EventOutcome::Quarantined { reason: "registered_otherwise", .. }));
}

#[tokio::test]
async fn a_sign_up_that_may_not_bind_registers_the_account_and_keeps_the_reason() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    for (name, country, code, reason) in [
        ("in-germany", "DE", code.as_str(), Reason::RegionBlockedInvitee),
        ("mistyped", "CH", "NOSUCHCODE", Reason::UnknownLink),
        ("garbled", "CH", "?", Reason::UnknownLink),
    ] {
        let data = json!({
            "uid": name, "registeredAt": "2026-11-20T08:00:00Z", "country": country, "ref": code,
        });
        world.taken("account.registered", data).await;
        let account = world.app.table.account(&uid(name)).await.unwrap().unwrap().value;
        assert_eq!((account.relation, account.sign_up_refused), (None, Some(reason)));
    }
}

/// A change to a good event, and what the refusal says.
type Fault = (&'static str, &'static str, Value, &'static str);

#[tokio::test]
async fn every_broken_event_is_kept_with_a_sentence_that_names_the_field() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    let good = || event("1", "fee.charged", fee("t1", "user", "2026-11-20T10:00:00Z"));
    let faults: &[Fault] = &[
        ("/specversion", "set", json!("0.3"), "specversion: expected \"1.0\""),
        ("/id", "set", json!(""), "id: expected 1 to 256 bytes"),
        ("/type", "set", json!("exchange.fee.charged.v2"), "type: expected one of"),
        ("/data/uid", "remove", json!(null), "missing field `uid`"),
        ("/data/uid", "set", json!("a b"), "data.uid: expected a user id"),
        ("/data/uid", "set", json!(17), "data.uid: invalid type"),
        ("/data/at", "set", json!("2026-02-30T00:00:00Z"), "data.at: expected an RFC 3339 time"),
        (
            "/data/at",
            "set",
            json!("2026-11-20T12:10:00.001Z"),
            "data.at: expected a time that has come",
        ),
        (
            "/data/amount",
            "set",
            json!("0.123456789"),
            "data.amount: expected an amount with at most 8 decimals",
        ),
        ("/data/amount", "set", json!("1e3"), "data.amount: "),
        ("/data/amount", "set", json!(0.1), "data.amount: invalid type"),
        ("/data/volumeUsd", "set", json!("-1"), "data.volumeUsd: expected no negative volume"),
        (
            "/data/amountUsd",
            "set",
            json!("-100"),
            "data.amountUsd: expected the sign of data.amount",
        ),
        ("/data/product", "set", json!("options"), "data.product: unknown variant `options`"),
        ("/data/kind", "set", json!("tip"), "data.kind: unknown variant `tip`"),
        ("/data/vipLevel", "set", json!(-1), "data.vipLevel: invalid value"),
        ("/data/tip", "set", json!("1"), "unknown field `tip`"),
    ];
    for (path, change, value, expected) in faults {
        let mut event = good();
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match *change {
            "remove" => drop(parent.remove(name)),
            _ => drop(parent.insert(name.to_owned(), value.clone())),
        }
        let EventOutcome::Quarantined { reason, detail } =
            world.send_raw(&event.to_string()).await.remove(0).outcome
        else {
            panic!("{path} was taken in");
        };
        assert_eq!(reason, "unreadable");
        assert!(detail.contains(expected), "{path}: {detail}");
    }
    let kept = world.app.table.quarantined(day("2026-11-20")).await.unwrap();
    assert_eq!(kept.len(), faults.len());
}

#[tokio::test]
async fn text_that_is_no_json_is_kept_whole() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    let report = world.send_raw("{ not json").await.remove(0);
    assert!(matches!(report.outcome, EventOutcome::Quarantined { reason: "unreadable", .. }));
    let kept = world.app.table.quarantined(day("2026-11-20")).await.unwrap();
    assert_eq!(kept[0].body, "{ not json");
}

#[tokio::test]
async fn a_payment_of_what_was_never_booked_is_quarantined() {
    let world = TestApp::at("2026-11-20T12:00:00Z").await;
    world.affiliate("affiliate").await;
    let paid = json!({
        "uid": "affiliate", "day": "2026-11-19", "runId": "2026-11-19.1",
        "paidAt": "2026-11-20T08:00:00Z", "reference": "payout-1",
    });
    let outcome = world.send("commission.paid", paid).await;
    assert!(matches!(outcome, EventOutcome::Quarantined { reason: "nothing_booked", .. }));
}
