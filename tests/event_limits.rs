//! Declared limits of events, each at the limit and one beyond it. Events that cannot be processed
//! are quarantined with a reason, and all others are ingested.

use std::collections::BTreeSet;

use commission::{Asset, TierInForce};
use eligibility::{MAX_LOCATIONS, evaluate};
use ingestion::EventOutcome;
use lambda::Deadline;
use serde_json::{Value, json};
use storage::{
    Account, Admission, MAX_ASSETS, MAX_DETAIL_BYTES, MAX_PENDING_FEE_DAYS, MAX_TIER_CHANGES,
    MAX_VIP_CHANGES, PendingSignUp, Quarantined, Release, Table,
};
use types::{Reason, Timestamp, Uid, Vip};

use crate::test_app::{TestApp, at, event, fee, uid};

const NOW: &str = "2026-11-20T12:00:00Z";

async fn account(app: &TestApp, of: &str) -> Account {
    app.context.table.account(&uid(of)).await.unwrap().unwrap().value
}

async fn quarantined(app: &TestApp) -> Vec<Quarantined> {
    app.context.table.quarantined(app.clock.now().day()).await.unwrap()
}

fn refused(outcome: &EventOutcome) -> &str {
    match outcome {
        EventOutcome::Quarantined { reason, .. } => reason,
        _ => "",
    }
}

fn activity(of: &str, product: &str) -> Value {
    json!({ "uid": of, "product": product, "at": "2026-11-20T10:00:00Z" })
}

async fn changed(app: &TestApp, of: &str, facts: Value, on: &str) -> EventOutcome {
    let mut data = facts;
    data["uid"] = json!(of);
    data["at"] = json!(on);
    app.send("account.changed", data).await
}

/// Returns a bound account with the longest ids, whose histories are full of the longest values.
async fn full_account() -> (TestApp, Uid) {
    let app = TestApp::at(NOW).await;
    let longest: Uid = "u".repeat(64).parse().unwrap();
    let code = app.affiliate(&"i".repeat(64)).await;
    let data = json!({
        "uid": longest, "registeredAt": "2024-01-01T00:00:00Z", "country": "UA",
        "region": "UA-043", "personHash": "p".repeat(128),
    });
    app.taken("account.registered", data).await;
    assert_eq!(app.bind(longest.as_str(), &code).await.status, 201);
    let mut full = app.context.table.account(&longest).await.unwrap().unwrap();
    for number in 0..64 {
        let on = at("2024-02-01T00:00:00Z").plus_days(number);
        let country = ["US", "CH"][number as usize % 2];
        let region = format!("{country}-{:03}", number).parse().ok();
        let location = types::Location { country: country.parse().unwrap(), region };
        full.value.facts.record_location(on, location);
        full.value.facts.record_affiliate(on, number % 2 == 0);
        full.value.record_vip(on, Vip(100 + number as u8));
        let tier = number as usize % 2 + 100;
        full.value.replace_tiers(on, TierInForce { spot: tier, futures: tier });
    }
    full.value.facts.record_person(at(NOW), "q".repeat(128).parse().unwrap());
    full.value.facts.last_activity_at = Some(at(NOW));
    full.value.futures_opened_at = Some(at(NOW));
    full.value.sign_up_refused = Some(Reason::InviterRegisteredAfterInvitee);
    if let Some(relation) = full.value.relation.as_mut() {
        relation.voided_at = Some(at(NOW));
    }
    assert!(app.context.table.save_account(&full).await.unwrap().is_done());
    (app, longest)
}

#[tokio::test]
async fn full_account_is_one_read_unit() {
    let (app, longest) = full_account().await;
    let metered = app.engine.clone().counting_capacity();
    let table = Table::new(metered.config(), "recall");
    let full = table.account(&longest).await.unwrap().unwrap().value;
    let lengths = [full.tiers.iter().count(), full.vip.iter().count()];
    assert_eq!(lengths, [MAX_TIER_CHANGES, MAX_VIP_CHANGES]);
    assert_eq!(metered.take_call_stats().half_units_read(), 2);
}

#[tokio::test]
async fn why_beyond_limit_is_refused() {
    let app = TestApp::at(NOW).await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    for (length, reason) in [(200, ""), (201, "unreadable")] {
        let correction = json!({
            "tradeId": "t1", "uid": "user", "day": "2026-11-20", "amount": "0.001",
            "amountUsd": "100", "volumeUsd": "100000", "at": NOW, "why": "w".repeat(length),
        });
        let outcome = app.send("fee.corrected", correction).await;
        assert_eq!(refused(&outcome), reason, "{length}");
    }
}

#[tokio::test]
async fn reference_beyond_its_bytes_is_refused() {
    let app = TestApp::at(NOW).await;
    // Two bytes a letter: the limit is in bytes.
    for (reference, reason) in
        [("é".repeat(100), "nothing_booked"), ("é".repeat(100) + "r", "unreadable")]
    {
        let payment = json!({
            "uid": "user", "day": "2026-11-19", "runId": "2026-11-19.1", "paidAt": NOW,
            "reference": reference,
        });
        let outcome = app.send("commission.paid", payment).await;
        assert_eq!(refused(&outcome), reason, "{} bytes", reference.len());
    }
}

#[tokio::test]
async fn pending_account_with_full_histories_is_one_read_unit() {
    let (app, longest) = full_account().await;
    let mut full = app.context.table.account(&longest).await.unwrap().unwrap();
    let first = at(NOW).day();
    full.value.relation = None;
    full.value.facts.inviter = None;
    full.value.pending_sign_up = Some(PendingSignUp {
        inviter: "i".repeat(64).parse().unwrap(),
        code: "C".repeat(16).parse().unwrap(),
        until: at(NOW),
        fee_days: first.through(first.plus(MAX_PENDING_FEE_DAYS as i32 - 1)).collect(),
    });
    assert!(app.context.table.save_account(&full).await.unwrap().is_done());
    let metered = app.engine.clone().counting_capacity();
    Table::new(metered.config(), "recall").account(&longest).await.unwrap().unwrap();
    assert_eq!(metered.take_call_stats().half_units_read(), 2);
}

#[tokio::test]
async fn report_with_full_history_is_recorded() {
    let (app, longest) = full_account().await;
    let moved = changed(&app, longest.as_str(), json!({ "country": "IR" }), NOW).await;
    assert_eq!(moved, EventOutcome::Ingested);
    let account = account(&app, longest.as_str()).await;
    assert_eq!(account.facts.location.iter().count(), MAX_LOCATIONS);
    assert_eq!(account.facts.location.place_at(at(NOW)).unwrap().to_string(), "IR");
    let first = account.facts.location.iter().next().unwrap();
    assert_eq!((first.0, first.1.to_string().as_str()), (at("2024-01-01T00:00:00Z"), "UA-043"));
}

#[tokio::test]
async fn long_account_of_0_1_shrinks() {
    let app = TestApp::at(NOW).await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    let mut stored = app.context.table.account(&uid("user")).await.unwrap().unwrap();
    for number in 0..9_000 {
        let on = at("2024-02-01T00:00:00Z").plus_millis(number);
        let country = ["CH", "TR"][number as usize % 2].parse().unwrap();
        stored.value.facts.location.set(on, types::Location { country, region: None });
    }
    assert!(app.context.table.save_account(&stored).await.unwrap().is_done());
    assert_eq!(changed(&app, "user", json!({ "vipLevel": 1 }), NOW).await, EventOutcome::Ingested);
    assert_eq!(account(&app, "user").await.facts.location.iter().count(), MAX_LOCATIONS);
}

#[tokio::test]
async fn evidence_has_current_facts() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    for (number, who) in (1..9).flat_map(|number| [(number, "affiliate"), (number, "dormant")]) {
        let on = format!("2026-11-0{number}T00:00:00Z");
        let country = ["TR", "CH"][number % 2];
        let facts = json!({ "country": country, "affiliate": who == "affiliate" });
        assert_eq!(changed(&app, who, facts, &on).await, EventOutcome::Ingested);
    }
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    let binding = app.context.table.binding(&uid("dormant")).await.unwrap().unwrap();
    for facts in [&binding.invitee, &binding.inviter] {
        assert_eq!((facts.location.iter().count(), facts.affiliate.iter().count()), (1, 1));
    }
    let link = app.context.table.link(&code.parse().unwrap()).await.unwrap().unwrap();
    let again = evaluate(
        &eligibility::Bind {
            link: Some(&link.facts),
            inviter: Some(&binding.inviter),
            invitee: Some(&binding.invitee),
            origin: binding.relation.origin,
            at: binding.relation.bound_at,
        },
        &app.context.programme.eligibility,
    );
    assert!(again.eligible());
}

#[tokio::test]
async fn unreadable_account_blocks_no_other() {
    let app = TestApp::at(NOW).await;
    for user in ["newer", "broken", "good"] {
        app.registered(user, "2024-01-01T00:00:00Z").await;
    }
    for mut item in app.engine.items("recall").unwrap() {
        match item["pk"]["S"].as_str().unwrap() {
            "U#newer" => item["v"] = json!({ "N": "99" }),
            "U#broken" => item["facts"] = json!({ "S": "?" }),
            _ => continue,
        }
        app.engine.put("recall", [item]).unwrap();
    }
    let events: Vec<Value> = ["newer", "broken", "good"]
        .into_iter()
        .map(|of| event(of, "activity", activity(of, "earn")))
        .collect();
    let reports = app.send_raw(&Value::Array(events).to_string()).await;
    let reasons: Vec<&str> = reports.iter().map(|report| refused(&report.outcome)).collect();
    assert_eq!(reasons, ["account_unreadable", "account_unreadable", ""]);
    assert!(account(&app, "good").await.facts.last_activity_at.is_some());
    assert_eq!(quarantined(&app).await.len(), 2);
    let again = json!({ "uid": "broken", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH" });
    let again = app.send_as("again", "account.registered", again).await;
    assert_eq!(refused(&again), "account_unreadable");
}

#[tokio::test]
async fn sub_account_of_unreadable_account_changes() {
    let app = TestApp::at(NOW).await;
    app.registered("main", "2024-01-01T00:00:00Z").await;
    let sub = json!({
        "uid": "sub", "registeredAt": "2024-02-01T00:00:00Z", "country": "CH", "mainUid": "main",
    });
    app.taken("account.registered", sub).await;
    crate::poison::corrupt(&app, "U#main", "ACCOUNT");
    let moved = |of: &str| json!({ "uid": of, "country": "TR" });
    assert_eq!(changed(&app, "sub", moved("sub"), NOW).await, EventOutcome::Ingested);
    let location = account(&app, "sub").await.facts.location;
    assert_ne!(location.place_at(at(NOW)), location.place_at(at("2026-01-01T00:00:00Z")));
    let own = changed(&app, "main", moved("main"), NOW).await;
    assert_eq!(refused(&own), "account_unreadable");
}

#[tokio::test]
async fn unreadable_inviter_blocks_no_other_registration() {
    let app = TestApp::at(NOW).await;
    let code = app.affiliate("affiliate").await;
    crate::poison::corrupt(&app, "U#affiliate", "ACCOUNT");
    let registered = |of: &str, code: Option<&str>| {
        let data = json!({ "uid": of, "registeredAt": NOW, "country": "CH", "ref": code });
        event(of, "account.registered", data)
    };
    let events = json!([registered("invited", Some(&code)), registered("other", None)]);
    let reports = app.send_raw(&events.to_string()).await;
    let reasons: Vec<&str> = reports.iter().map(|report| refused(&report.outcome)).collect();
    assert_eq!(reasons, ["account_unreadable", ""]);
}

#[tokio::test]
async fn unreadable_identity_blocks_no_other_event() {
    let app = TestApp::at(NOW).await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    let sent = |id: &str| event(id, "activity", activity("user", "earn"));
    let before = app.engine.items("recall").unwrap();
    app.send_raw(&sent("first").to_string()).await;
    let mut identity = app.engine.items("recall").unwrap();
    identity.retain(|item| item["sk"]["S"] == "EVENT" && !before.contains(item));
    let partition = identity.remove(0)["pk"]["S"].as_str().unwrap().to_owned();
    crate::poison::corrupt(&app, &partition, "EVENT");
    let reports = app.send_raw(&json!([sent("first"), sent("second")]).to_string()).await;
    let reasons: Vec<&str> = reports.iter().map(|report| refused(&report.outcome)).collect();
    assert_eq!(reasons, ["identity_unreadable", ""]);
}

#[tokio::test]
async fn oversized_account_blocks_no_other() {
    let app = TestApp::at(NOW).await;
    for user in ["large", "good"] {
        app.registered(user, "2024-01-01T00:00:00Z").await;
    }
    let mut large = app.context.table.account(&uid("large")).await.unwrap().unwrap();
    let mut length = 409_600;
    loop {
        large.value.registration = Some("x".repeat(length));
        match app.context.table.save_account(&large).await {
            Ok(saved) => break assert!(saved.is_done()),
            Err(error) => assert_eq!(error.name(), "Rejected"),
        }
        length -= 64;
    }
    let events: Vec<Value> = ["large", "good"]
        .into_iter()
        .map(|of| {
            let data =
                json!({ "uid": of, "country": "TR", "personHash": "p".repeat(128), "at": NOW });
            event(of, "account.changed", data)
        })
        .collect();
    let reports = app.send_raw(&Value::Array(events).to_string()).await;
    let reasons: Vec<&str> = reports.iter().map(|report| refused(&report.outcome)).collect();
    assert_eq!(reasons, ["account_unreadable", ""]);
    assert!(account(&app, "good").await.facts.person.is_some());
}

#[tokio::test]
async fn large_value_is_not_in_detail() {
    let app = TestApp::at(NOW).await;
    let mut large = fee("t1", "user", "2026-11-20T10:00:00Z");
    large["product"] = json!("ü".repeat(30_000));
    let body = event("1", "fee.charged", large).to_string();
    let report = app.send_raw(&body).await.remove(0);
    let EventOutcome::Quarantined { detail, .. } = report.outcome else { panic!("ingested") };
    assert!(detail.starts_with("data.product: "), "{detail}");
    // The limit can lie within a character.
    assert!((MAX_DETAIL_BYTES - 1..=MAX_DETAIL_BYTES).contains(&detail.len()), "{}", detail.len());
    let kept = quarantined(&app).await.remove(0);
    assert_eq!((kept.body, kept.detail), (body, detail));
}

#[tokio::test]
async fn oversized_body_is_kept_and_released() {
    let app = TestApp::at(NOW).await;
    let body = format!("{{ {}", "€".repeat(300_000));
    let report = app.send_raw(&body).await.remove(0);
    assert_eq!(refused(&report.outcome), "message_too_large");
    app.send_raw("{ not json").await;
    let in_quarantine = || {
        let items = app.engine.items("recall").unwrap();
        items.iter().filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("Q#")).count()
    };
    assert_eq!(in_quarantine(), 5);
    let kept = quarantined(&app).await;
    assert_eq!(kept.len(), 2);
    let large = kept.iter().find(|entry| entry.body.len() > 300_000).unwrap();
    assert!(large.body == body);
    assert_eq!(app.context.table.release(large).await.unwrap(), Release::Released);
    assert_eq!((in_quarantine(), quarantined(&app).await.len()), (1, 1));
}

#[tokio::test]
async fn message_over_byte_limit_is_refused() {
    let app = TestApp::at(NOW).await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    let body = event("1", "activity", activity("user", "earn")).to_string();
    for (bytes, reason) in [(262_144, ""), (262_145, "message_too_large")] {
        let padded = format!("[{body}{}]", " ".repeat(bytes - body.len() - 2));
        assert_eq!(refused(&app.send_raw(&padded).await.remove(0).outcome), reason, "{bytes}");
    }
}

#[tokio::test]
async fn message_over_event_limit_is_refused() {
    let app = TestApp::at(NOW).await;
    for (events, reason) in [(2_000, "unreadable"), (2_001, "too_many_events")] {
        let body = format!("[{}]", vec!["{}"; events].join(","));
        let reports = app.send_raw(&body).await;
        assert_eq!(refused(&reports[0].outcome), reason);
        assert_eq!(reports.len(), if reason == "unreadable" { events } else { 1 });
    }
}

#[tokio::test]
async fn oversized_event_is_refused() {
    let app = TestApp::at(NOW).await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    let good = event("1", "activity", activity("user", "earn"));
    for (bytes, reason) in [(65_536, ""), (65_537, "event_too_large")] {
        let mut padded = good.clone();
        padded["extension"] = json!("");
        padded["extension"] = json!("x".repeat(bytes - padded.to_string().len()));
        let body = json!([padded, good]).to_string();
        let reports = app.send_raw(&body).await;
        assert_eq!(refused(&reports[0].outcome), reason, "{bytes}");
        assert_eq!(reports[1].outcome, EventOutcome::Ingested);
    }
}

#[tokio::test]
async fn fee_over_asset_limit_is_quarantined() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now(NOW);
    let asset = |number: usize| -> Asset { format!("A{number}").parse().unwrap() };
    let most: BTreeSet<Asset> = (1..MAX_ASSETS).map(asset).collect();
    assert_eq!(app.context.table.admit_assets(&most).await.unwrap(), Admission::All);
    let charged = |trade: &str, asset: &str| {
        let mut fee = fee(trade, "dormant", "2026-11-20T10:00:00Z");
        fee["asset"] = json!(asset);
        fee
    };
    for (trade, asset, reason) in
        [("t1", "BTC", ""), ("t2", "ETH", "too_many_assets"), ("t3", "A7", ""), ("t4", "BTC", "")]
    {
        let outcome = app.send("fee.charged", charged(trade, asset)).await;
        assert_eq!(refused(&outcome), reason, "{asset}");
    }
    app.registered("loner", "2024-01-01T00:00:00Z").await;
    let mut alone = charged("t5", "DOGE");
    alone["uid"] = json!("loner");
    app.charged(alone).await;
    let known: BTreeSet<Asset> = [asset(MAX_ASSETS + 1), asset(1)].into();
    let refused: BTreeSet<Asset> = [asset(MAX_ASSETS + 1)].into();
    let other_process = Table::new(app.engine.config(), "recall");
    assert_eq!(other_process.admit_assets(&known).await.unwrap(), Admission::AllBut(refused));
}

#[tokio::test]
async fn messages_after_deadline_are_redelivered() {
    let app = TestApp::at(NOW).await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    let body = event("1", "activity", activity("user", "earn")).to_string();
    let batch = || {
        serde_json::from_value(json!({ "Records": [{ "messageId": "m1", "body": body }] })).unwrap()
    };
    for (seconds, again) in [(19, 1), (21, 0)] {
        let deadline = Deadline::before(at(NOW).plus_millis(seconds * 1000));
        let answer = ingestion::handle_until(&app.context, batch(), deadline).await.unwrap();
        assert_eq!(answer.batch_item_failures.len(), again);
        let active = account(&app, "user").await.facts.last_activity_at.is_some();
        assert_eq!(active, again == 0);
    }
}

#[tokio::test]
async fn expired_identity_is_absent() {
    let app = TestApp::at(NOW).await;
    let table = &app.context.table;
    let identify =
        async |body: &[u8], now: Timestamp| table.identify("source", "1", body, now).await.unwrap();
    assert_eq!(identify(b"a", at(NOW)).await, storage::Identity::New);
    let expiry = at(NOW).plus_days(30);
    assert_eq!(identify(b"b", expiry.plus_millis(-1)).await, storage::Identity::Conflicting);
    assert_eq!(identify(b"b", expiry).await, storage::Identity::New);
    assert_eq!(identify(b"b", expiry).await, storage::Identity::Repeated);
}
