//! Events that are duplicated, out of order, early or malformed.

use ingestion::EventOutcome;
use serde_json::{Value, json};
use types::Reason;

use crate::test_app::{TestApp, at, day, event, fee, uid};

#[tokio::test]
async fn event_of_unknown_account_is_retried() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    let retry = EventOutcome::Retry { reason: Reason::UnknownAccount };
    let early = fee("t1", "late-registered", "2026-11-20T10:00:00Z");
    assert_eq!(app.send("fee.charged", early.clone()).await, retry);
    app.registered("late-registered", "2026-11-20T09:00:00Z").await;
    assert_eq!(app.send("fee.charged", early).await, EventOutcome::Ingested);
}

#[tokio::test]
async fn fee_without_inviter_is_only_activity() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    app.registered("loner", "2024-01-01T00:00:00Z").await;
    app.charged(fee("t1", "loner", "2026-11-20T10:00:00Z")).await;
    let account = app.context.table.account(&uid("loner")).await.unwrap().unwrap().value;
    assert_eq!(account.facts.last_activity_at, Some(at("2026-11-20T10:00:00Z")));
    let kept = app.context.table.fees(day("2026-11-20"), storage::Shard::of(&uid("loner"))).await;
    assert!(kept.unwrap().fees.is_empty());
}

#[tokio::test]
async fn activity_in_any_order_keeps_newest() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    for time in ["2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z", "2026-11-01T00:00:00Z"] {
        let data = json!({ "uid": "user", "product": "earn", "at": time });
        app.taken("activity", data).await;
    }
    let account = app.context.table.account(&uid("user")).await.unwrap().unwrap().value;
    assert_eq!(account.facts.last_activity_at, Some(at("2026-11-03T00:00:00Z")));
}

#[tokio::test]
async fn sub_account_trades_are_of_main_account() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("main", "2024-01-01T00:00:00Z").await;
    let sub = json!({
        "uid": "sub", "registeredAt": "2024-02-01T00:00:00Z", "country": "CH", "mainUid": "main",
    });
    app.taken("account.registered", sub).await;
    assert_eq!(app.bind("main", &code).await.status, 201);
    app.now("2026-11-20T12:00:00Z");
    app.charged(fee("t1", "sub", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(lines[0]["uid"], "main");
}

#[tokio::test]
async fn malformed_event_is_isolated() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    let good = json!({ "uid": "user", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH" });
    let body = json!([
        event("1", "account.registered", good),
        { "specversion": "1.0" },
        event("2", "activity", json!({ "uid": "user", "product": "earn", "at": "2026-11-01T00:00:00Z" })),
    ]);
    let reports = app.send_raw(&body.to_string()).await;
    assert_eq!(reports[0].outcome, EventOutcome::Ingested);
    assert!(matches!(reports[1].outcome, EventOutcome::Quarantined { .. }));
    assert_eq!(reports[2].outcome, EventOutcome::Ingested);
    let kept = app.context.table.quarantined(day("2026-11-20")).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].body, json!({ "specversion": "1.0" }).to_string());
}

#[tokio::test]
async fn reused_event_id_is_quarantined() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    let activity = |time: &str| json!({ "uid": "user", "product": "earn", "at": time });
    let first = app.send_as("one", "activity", activity("2026-11-01T00:00:00Z")).await;
    assert_eq!(first, EventOutcome::Ingested);
    let again = app.send_as("one", "activity", activity("2026-11-01T00:00:00Z")).await;
    assert_eq!(again, EventOutcome::Ingested);
    let other = app.send_as("one", "activity", activity("2026-11-02T00:00:00Z")).await;
    assert!(matches!(other, EventOutcome::Quarantined { reason: "identity_conflict", .. }));
}

#[tokio::test]
async fn changed_registration_is_quarantined() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    let other = json!({ "uid": "user", "registeredAt": "2024-01-02T00:00:00Z", "country": "CH" });
    let outcome = app.send("account.registered", other).await;
    assert!(matches!(outcome, EventOutcome::Quarantined { reason: "registered_otherwise", .. }));
}

#[tokio::test]
async fn refused_sign_up_keeps_reason() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    for (name, country, code, reason) in [
        ("in-germany", "DE", code.as_str(), Reason::RegionBlockedInvitee),
        ("mistyped", "CH", "NOSUCHCODE", Reason::UnknownLink),
        ("garbled", "CH", "?", Reason::UnknownLink),
    ] {
        let data = json!({
            "uid": name, "registeredAt": "2026-11-20T08:00:00Z", "country": country, "ref": code,
        });
        app.taken("account.registered", data).await;
        let account = app.context.table.account(&uid(name)).await.unwrap().unwrap().value;
        assert_eq!((account.relation, account.sign_up_refused), (None, Some(reason)));
    }
}

/// A change to a valid event, and the message of its refusal.
type Fault = (&'static str, &'static str, Value, &'static str);

#[tokio::test]
async fn malformed_event_detail_names_field() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
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
            app.send_raw(&event.to_string()).await.remove(0).outcome
        else {
            panic!("{path} was ingested");
        };
        assert_eq!(reason, "unreadable");
        assert!(detail.contains(expected), "{path}: {detail}");
    }
    let kept = app.context.table.quarantined(day("2026-11-20")).await.unwrap();
    assert_eq!(kept.len(), faults.len());
}

#[tokio::test]
async fn invalid_json_is_kept_whole() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    let report = app.send_raw("{ not json").await.remove(0);
    assert!(matches!(report.outcome, EventOutcome::Quarantined { reason: "unreadable", .. }));
    let kept = app.context.table.quarantined(day("2026-11-20")).await.unwrap();
    assert_eq!(kept[0].body, "{ not json");
}

#[tokio::test]
async fn payment_of_unknown_run_is_quarantined() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    app.affiliate("affiliate").await;
    let paid = json!({
        "uid": "affiliate", "day": "2026-11-19", "runId": "2026-11-19.1",
        "paidAt": "2026-11-20T08:00:00Z", "reference": "payout-1",
    });
    let outcome = app.send("commission.paid", paid).await;
    assert!(matches!(outcome, EventOutcome::Quarantined { reason: "nothing_booked", .. }));
}
