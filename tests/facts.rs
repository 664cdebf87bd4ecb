//! Facts about accounts: redelivered, out of order, with several levels of sub-accounts, with
//! unusual places.

use commission::Arrival;
use ingestion::{EventOutcome, Message};
use serde_json::{Value, json};
use storage::{Account, Shard};
use types::{Reason, TradeId};

use crate::test_app::{TestApp, at, day, event, fee, uid};

const NOW: &str = "2026-11-20T12:00:00Z";

async fn account(app: &TestApp, of: &str) -> Account {
    app.context.table.account(&uid(of)).await.unwrap().unwrap().value
}

fn refusal(outcome: EventOutcome) -> (&'static str, String) {
    match outcome {
        EventOutcome::Quarantined { reason, detail } => (reason, detail),
        _ => ("", String::new()),
    }
}

/// A user who was bound to an affiliate at 09:00 on 2026-11-20, at noon.
async fn bound(user: &str) -> (TestApp, String) {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered(user, "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind(user, &code).await.status, 201);
    app.now(NOW);
    (app, code)
}

async fn sub_account(app: &TestApp, sub: &str, main: &str) {
    let data = json!({
        "uid": sub, "registeredAt": "2024-02-01T00:00:00Z", "country": "CH", "mainUid": main,
    });
    app.taken("account.registered", data).await;
}

#[tokio::test]
async fn redelivered_identity_changes_nothing() {
    let person = |on: &str, hash: &str| json!({ "uid": "user", "personHash": hash, "at": on });
    let first = ("1", person("2026-03-01T00:00:00Z", "old"));
    let second = ("2", person("2026-04-01T00:00:00Z", "new"));
    let same_time = ("3", person("2026-04-01T00:00:00Z", "newer"));
    let before = ("4", person("2023-01-01T00:00:00Z", "x-before"));
    for order in [[0, 1, 2, 3, 0, 1], [3, 2, 1, 0, 3, 0], [1, 3, 0, 2, 1, 0]] {
        let app = TestApp::at(NOW).await;
        let data = json!({
            "uid": "user", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH",
            "personHash": "registered",
        });
        app.taken("account.registered", data).await;
        let events = [&first, &second, &same_time, &before];
        for (id, data) in order.map(|place: usize| events[place]) {
            let sent = app.send_as(id, "account.changed", data.clone()).await;
            assert_eq!(sent, EventOutcome::Ingested);
        }
        let person = account(&app, "user").await.facts.person.unwrap();
        assert_eq!(person.as_str(), "newer", "{order:?}");
    }
}

#[tokio::test]
async fn region_change_moves_account() {
    let app = TestApp::at(NOW).await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    let region = json!({ "uid": "user", "region": "UA-43", "at": "2026-11-01T00:00:00Z" });
    app.taken("account.changed", region).await;
    let country = json!({ "uid": "user", "country": "UA", "at": "2026-11-02T00:00:00Z" });
    app.taken("account.changed", country).await;
    let facts = account(&app, "user").await.facts;
    for (time, place) in [("2026-10-31T00:00:00Z", "CH"), (NOW, "UA-43")] {
        assert_eq!(facts.location.place_at(at(time)).unwrap().to_string(), place);
    }
    let code = app.affiliate("affiliate").await;
    let window = app.get("user", &format!("/v1/bind?ref={code}")).await.json();
    let checks = window["checks"].as_array().unwrap();
    let blocked = checks.iter().find(|check| check["reason"] == "region_blocked_invitee").unwrap();
    assert_eq!(blocked["met"], false);
}

#[tokio::test]
async fn unassigned_country_is_refused() {
    let app = TestApp::at(NOW).await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    for code in ["UK", "EL", "ZZ", "XX"] {
        let moved = json!({ "uid": "user", "country": code, "at": NOW });
        let (reason, detail) = refusal(app.send("account.changed", moved).await);
        assert_eq!(reason, "unreadable");
        assert!(detail.starts_with("data.country: expected a code that ISO 3166-1"), "{detail}");
        let moved = json!({ "uid": "user", "region": format!("{code}-1"), "at": NOW });
        let (_, detail) = refusal(app.send("account.changed", moved).await);
        assert!(detail.starts_with("data.region: expected a code that ISO 3166-1"), "{detail}");
        let new = json!({ "uid": code, "registeredAt": NOW, "country": code });
        assert_eq!(refusal(app.send("account.registered", new).await).0, "unreadable");
    }
}

#[tokio::test]
async fn registration_with_other_facts_is_quarantined() {
    let app = TestApp::at(NOW).await;
    let code = app.affiliate("affiliate").await;
    let first = json!({
        "uid": "user", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "region": "CH-ZH",
        "personHash": "p", "ref": code,
    });
    app.taken("account.registered", first.clone()).await;
    let moved = json!({ "uid": "user", "country": "US", "personHash": "q", "at": NOW });
    app.taken("account.changed", moved).await;
    assert_eq!(
        app.send_as("again", "account.registered", first.clone()).await,
        EventOutcome::Ingested
    );
    for (name, value) in [
        ("registeredAt", json!("2026-11-20T08:00:01Z")),
        ("country", json!("TR")),
        ("region", json!("CH-BE")),
        ("region", json!(null)),
        ("mainUid", json!("affiliate")),
        ("personHash", json!("other")),
        ("personHash", json!(null)),
        ("ref", json!("ABCD2345")),
        ("ref", json!(null)),
    ] {
        let mut other = first.clone();
        other[name] = value;
        if name == "country" {
            other["region"] = json!(null);
        }
        let outcome = app.send("account.registered", other).await;
        assert_eq!(refusal(outcome).0, "registered_otherwise", "{name}");
    }
}

#[tokio::test]
async fn account_of_0_1_compares_known_facts() {
    let app = TestApp::at(NOW).await;
    let first = json!({
        "uid": "user", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH", "personHash": "p",
    });
    app.taken("account.registered", first.clone()).await;
    let mut stored = app.context.table.account(&uid("user")).await.unwrap().unwrap();
    stored.value.registration = None;
    assert!(app.context.table.save_account(&stored).await.unwrap().is_done());
    assert_eq!(
        app.send_as("again", "account.registered", first.clone()).await,
        EventOutcome::Ingested
    );
    for (name, value) in [("country", json!("TR")), ("ref", json!("ABCD2345"))] {
        let mut other = first.clone();
        other[name] = value;
        let outcome = app.send("account.registered", other).await;
        assert_eq!(refusal(outcome).0, "registered_otherwise", "{name}");
    }
}

#[tokio::test]
async fn both_sub_accounts_of_a_trade_count() {
    let (app, _) = bound("main").await;
    sub_account(&app, "buyer", "main").await;
    sub_account(&app, "seller", "main").await;
    for payer in ["buyer", "seller", "main"] {
        app.charged(fee("t1", payer, "2026-11-20T10:00:00Z")).await;
    }
    let correction = json!({
        "tradeId": "t1", "uid": "seller", "day": "2026-11-20", "amount": "0", "amountUsd": "0",
        "volumeUsd": "0", "at": "2026-11-20T11:00:00Z", "why": "busted",
    });
    app.taken("fee.corrected", correction).await;
    let shard = Shard::of(&uid("main"));
    let kept = app.context.table.fees(day("2026-11-20"), shard).await.unwrap();
    let mut trade_ids: Vec<_> = kept.fees.iter().map(|fee| fee.trade_id()).collect();
    trade_ids.sort_unstable();
    assert_eq!(trade_ids, ["t1", "t1/buyer", "t1/seller"]);
    app.night("2026-11-20").await;
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    let fees: Vec<&Value> = lines.iter().map(|line| &line["fees"]).collect();
    assert_eq!(fees, [&json!("0.00200000"), &json!("0.00000000")], "one of three is busted");
}

#[tokio::test]
async fn qualified_trade_id_is_refused() {
    let (app, _) = bound("main").await;
    let sent = app.send("fee.charged", fee("t1/sub", "main", "2026-11-20T10:00:00Z")).await;
    let (reason, detail) = refusal(sent);
    assert_eq!(
        (reason, detail.as_str()),
        ("unreadable", "data.tradeId: expected a trade id without '/'")
    );
    let longest = "t".repeat(64);
    assert!(longest.parse::<TradeId>().is_ok());
    app.charged(fee(&longest, "main", "2026-11-20T10:00:00Z")).await;
}

#[tokio::test]
async fn nested_sub_account_is_of_top_account() {
    let (app, code) = bound("top").await;
    app.registered("idle", "2024-01-01T00:00:00Z").await;
    for (sub, main) in
        [("middle", "top"), ("bottom", "middle"), ("low", "between"), ("between", "idle")]
    {
        sub_account(&app, sub, main).await;
    }
    let active = |on: &str| json!({ "uid": "low", "product": "earn", "at": on });
    app.taken("activity", active("2026-11-19T00:00:00Z")).await;
    assert_eq!(
        account(&app, "idle").await.facts.last_activity_at,
        Some(at("2026-11-19T00:00:00Z"))
    );
    assert_eq!(account(&app, "between").await.facts.last_activity_at, None);
    let window = app.get("idle", &format!("/v1/bind?ref={code}")).await.json();
    assert_eq!(window["eligible"], false);

    let longest = "t".repeat(64);
    app.charged(fee(&longest, "bottom", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!((lines.len(), &lines[0]["uid"]), (1, &json!("top")));
}

#[tokio::test]
async fn affiliate_sub_account_is_same_person() {
    let app = TestApp::at(NOW).await;
    app.registered("top", "2018-01-01T00:00:00Z").await;
    for (sub, main) in [("middle", "top"), ("bottom", "middle")] {
        let data = json!({
            "uid": sub, "registeredAt": "2017-02-01T00:00:00Z", "country": "CH", "mainUid": main,
        });
        app.taken("account.registered", data).await;
    }
    let joined = json!({ "uid": "bottom", "affiliate": true, "at": "2025-01-01T00:00:00Z" });
    app.taken("account.changed", joined).await;
    let code = app.get("bottom", "/v1/link").await.json()["code"].as_str().unwrap().to_owned();
    let refused = app.bind("top", &code).await;
    let window = app.get("top", &format!("/v1/bind?ref={code}")).await.json();
    let checks = window["checks"].as_array().unwrap().clone();
    let same = checks.iter().find(|check| check["reason"] == "same_identity").unwrap();
    assert_eq!((same["met"].clone(), refused.status), (json!(false), 400));
}

#[tokio::test]
async fn cycle_of_main_accounts_ends() {
    let app = TestApp::at(NOW).await;
    for (sub, main) in [("a", "b"), ("b", "a")] {
        sub_account(&app, sub, main).await;
    }
    let levels = storage::MAX_ACCOUNT_LEVELS;
    app.registered("level-0", "2024-01-01T00:00:00Z").await;
    for level in 1..=levels + 1 {
        sub_account(&app, &format!("level-{level}"), &format!("level-{}", level - 1)).await;
    }
    let active = |of: &str| json!({ "uid": of, "product": "earn", "at": NOW });
    for (of, reason) in [
        ("a".to_owned(), "main_account_unresolved"),
        (format!("level-{levels}"), ""),
        (format!("level-{}", levels + 1), "main_account_unresolved"),
    ] {
        assert_eq!(refusal(app.send("activity", active(&of)).await).0, reason, "{of}");
    }
    let own = json!({ "uid": "a", "country": "TR", "at": NOW });
    app.taken("account.changed", own).await;
}

#[tokio::test]
async fn unknown_middle_account_is_retried() {
    let app = TestApp::at(NOW).await;
    app.registered("top", "2024-01-01T00:00:00Z").await;
    sub_account(&app, "bottom", "middle").await;
    let active = json!({ "uid": "bottom", "product": "earn", "at": NOW });
    let retry = EventOutcome::Retry { reason: Reason::UnknownAccount };
    assert_eq!(app.send("activity", active.clone()).await, retry);
    sub_account(&app, "middle", "top").await;
    app.taken("activity", active).await;
    assert_eq!(account(&app, "top").await.facts.last_activity_at, Some(at(NOW)));
}

#[tokio::test]
async fn duplicate_member_is_refused() {
    let app = TestApp::at(NOW).await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    let good = event("1", "fee.charged", fee("t1", "user", "2026-11-20T10:00:00Z")).to_string();
    let twice = [
        good.replacen("{", r#"{"id":"0","#, 1),
        good.replacen(r#""amount":"#, r#""amount":"9","amount":"#, 1),
        good.replacen("{", r#"{"extension":[{"a":1,"a":1}],"#, 1),
    ];
    for body in twice {
        let (reason, detail) = refusal(app.send_raw(&body).await.remove(0).outcome);
        assert_eq!(reason, "unreadable");
        assert!(detail.starts_with("expected JSON: expected each name once"), "{detail}");
    }
    assert_eq!(app.send_raw(&good).await.remove(0).outcome, EventOutcome::Ingested);
}

#[tokio::test]
async fn bound_window_omits_activity() {
    let (app, code) = bound("user").await;
    app.charged(fee("t1", "user", "2026-11-20T10:00:00Z")).await;
    let window = app.get("user", &format!("/v1/bind?ref={code}")).await.json();
    let reasons: Vec<&str> = window["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["reason"].as_str().unwrap())
        .collect();
    assert!(reasons.contains(&"already_bound") && !reasons.contains(&"recently_active"));
}

#[tokio::test]
async fn redriven_fee_keeps_its_order() {
    let (app, _) = bound("user").await;
    let mut made = event("1", "fee.charged", fee("t1", "user", "2026-11-20T10:00:00Z"));
    made["time"] = json!("2026-11-20T10:00:05+00:00");
    let sent = |sent_at: &str, event: &Value| Message {
        id: "m".to_owned(),
        sent_at: at(sent_at),
        body: event.to_string(),
    };
    let mut ahead = made.clone();
    ahead["data"]["tradeId"] = json!("t2");
    ahead["time"] = json!("2027-01-01T00:00:00Z");
    let messages = [sent("2026-11-20T11:00:00Z", &made), sent("2026-11-20T11:00:00Z", &ahead)];
    ingestion::ingest(&app.context, &messages).await.unwrap();
    let shard = Shard::of(&uid("user"));
    let kept = app.context.table.fees(day("2026-11-20"), shard).await.unwrap();
    let arrival = |text: &str| Arrival(at(text).millis().unsigned_abs());
    let arrivals: Vec<Arrival> = kept.fees.iter().map(|fee| fee.arrival()).collect();
    assert_eq!(arrivals, [arrival("2026-11-20T10:00:05Z"), arrival("2026-11-20T11:00:00Z")]);
    made["time"] = json!("yesterday");
    let (_, detail) = refusal(app.send_raw(&made.to_string()).await.remove(0).outcome);
    assert!(detail.starts_with("time: expected an RFC 3339 time"), "{detail}");
}

#[tokio::test]
async fn futures_account_keeps_its_earliest_opening() {
    let (app, _) = bound("user").await;
    let opened = async |on: &str| {
        let data = json!({ "uid": "user", "futuresOpenedAt": on, "at": NOW });
        app.send_as(&format!("opened {on}"), "account.changed", data).await;
        let account = app.context.table.account(&uid("user")).await.unwrap().unwrap();
        (account.value.futures_opened_at.map(|at| at.to_string()), account.revision)
    };
    let expected = |on: &str| Some(at(on).to_string());
    let (first, revision) = opened("2025-03-01T00:00:00Z").await;
    assert_eq!(first, expected("2025-03-01T00:00:00Z"));
    assert_eq!(opened("2025-04-01T00:00:00Z").await, (first, revision));
    let (earlier, revision) = opened("2025-02-01T00:00:00Z").await;
    assert_eq!(earlier, expected("2025-02-01T00:00:00Z"));
    assert_eq!(opened("2025-02-01T00:00:00.000Z").await, (earlier, revision));
}

#[tokio::test]
async fn relation_has_its_binding() {
    let (app, _) = bound("user").await;
    let relation = account(&app, "user").await.relation.unwrap();
    let bindings = app.context.table.bindings([&relation]).await.unwrap();
    assert_eq!(bindings.into_iter().map(|it| it.relation).collect::<Vec<_>>(), [relation]);
}
