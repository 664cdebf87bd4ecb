//! Facts of accounts: redelivered, in any order, of several levels of accounts, of odd places.

use commission::Arrival;
use ingestion::{EventOutcome, Message};
use serde_json::{Value, json};
use storage::{Account, Shard};
use types::{Reason, TradeId};

use crate::test_app::{TestApp, at, day, event, fee, uid};

const NOW: &str = "2026-11-20T12:00:00Z";

async fn account(world: &TestApp, of: &str) -> Account {
    world.app.table.account(&uid(of)).await.unwrap().unwrap().value
}

fn refusal(outcome: EventOutcome) -> (&'static str, String) {
    match outcome {
        EventOutcome::Quarantined { reason, detail } => (reason, detail),
        _ => ("", String::new()),
    }
}

/// A user who is bound to an affiliate since 09:00 of 2026-11-20, at noon.
async fn bound(user: &str) -> (TestApp, String) {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.registered(user, "2024-01-01T00:00:00Z").await;
    assert_eq!(world.bind(user, &code).await.status, 201);
    world.now(NOW);
    (world, code)
}

async fn sub_account(world: &TestApp, sub: &str, main: &str) {
    let data = json!({
        "uid": sub, "registeredAt": "2024-02-01T00:00:00Z", "country": "CH", "mainUid": main,
    });
    world.taken("account.registered", data).await;
}

#[tokio::test]
async fn redelivered_person_changes_nothing() {
    let person = |on: &str, hash: &str| json!({ "uid": "user", "personHash": hash, "at": on });
    let first = ("1", person("2026-03-01T00:00:00Z", "old"));
    let second = ("2", person("2026-04-01T00:00:00Z", "new"));
    let same_time = ("3", person("2026-04-01T00:00:00Z", "newer"));
    let before = ("4", person("2023-01-01T00:00:00Z", "x-before"));
    for order in [[0, 1, 2, 3, 0, 1], [3, 2, 1, 0, 3, 0], [1, 3, 0, 2, 1, 0]] {
        let world = TestApp::at(NOW).await;
        let data = json!({
            "uid": "user", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH",
            "personHash": "registered",
        });
        world.taken("account.registered", data).await;
        let events = [&first, &second, &same_time, &before];
        for (id, data) in order.map(|place: usize| events[place]) {
            let sent = world.send_as(id, "account.changed", data.clone()).await;
            assert_eq!(sent, EventOutcome::Ingested);
        }
        let person = account(&world, "user").await.facts.person.unwrap();
        assert_eq!(person.as_str(), "newer", "{order:?}");
    }
}

#[tokio::test]
async fn region_alone_moves_the_account() {
    let world = TestApp::at(NOW).await;
    world.registered("user", "2024-01-01T00:00:00Z").await;
    let region = json!({ "uid": "user", "region": "UA-43", "at": "2026-11-01T00:00:00Z" });
    world.taken("account.changed", region).await;
    let country = json!({ "uid": "user", "country": "UA", "at": "2026-11-02T00:00:00Z" });
    world.taken("account.changed", country).await;
    let facts = account(&world, "user").await.facts;
    for (time, place) in [("2026-10-31T00:00:00Z", "CH"), (NOW, "UA-43")] {
        assert_eq!(facts.location.place_at(at(time)).unwrap().to_string(), place);
    }
    let code = world.affiliate("affiliate").await;
    let window = world.get("user", &format!("/v1/bind?ref={code}")).await.json();
    let checks = window["checks"].as_array().unwrap();
    let blocked = checks.iter().find(|check| check["reason"] == "region_blocked_invitee").unwrap();
    assert_eq!(blocked["met"], false);
}

#[tokio::test]
async fn unassigned_country_is_refused() {
    let world = TestApp::at(NOW).await;
    world.registered("user", "2024-01-01T00:00:00Z").await;
    for code in ["UK", "EL", "ZZ", "XX"] {
        let moved = json!({ "uid": "user", "country": code, "at": NOW });
        let (reason, detail) = refusal(world.send("account.changed", moved).await);
        assert_eq!(reason, "unreadable");
        assert!(detail.starts_with("data.country: expected a code that ISO 3166-1"), "{detail}");
        let moved = json!({ "uid": "user", "region": format!("{code}-1"), "at": NOW });
        let (_, detail) = refusal(world.send("account.changed", moved).await);
        assert!(detail.starts_with("data.region: expected a code that ISO 3166-1"), "{detail}");
        let new = json!({ "uid": code, "registeredAt": NOW, "country": code });
        assert_eq!(refusal(world.send("account.registered", new).await).0, "unreadable");
    }
}

#[tokio::test]
async fn registration_with_other_facts_is_quarantined() {
    let world = TestApp::at(NOW).await;
    let code = world.affiliate("affiliate").await;
    let first = json!({
        "uid": "user", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "region": "CH-ZH",
        "personHash": "p", "ref": code,
    });
    world.taken("account.registered", first.clone()).await;
    let moved = json!({ "uid": "user", "country": "US", "personHash": "q", "at": NOW });
    world.taken("account.changed", moved).await;
    assert_eq!(
        world.send_as("again", "account.registered", first.clone()).await,
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
        let outcome = world.send("account.registered", other).await;
        assert_eq!(refusal(outcome).0, "registered_otherwise", "{name}");
    }
}

#[tokio::test]
async fn account_of_0_1_is_compared_by_what_is_known() {
    let world = TestApp::at(NOW).await;
    let first = json!({
        "uid": "user", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH", "personHash": "p",
    });
    world.taken("account.registered", first.clone()).await;
    let mut stored = world.app.table.account(&uid("user")).await.unwrap().unwrap();
    stored.value.registration = None;
    assert!(world.app.table.save_account(&stored).await.unwrap());
    assert_eq!(
        world.send_as("again", "account.registered", first.clone()).await,
        EventOutcome::Ingested
    );
    for (name, value) in [("country", json!("TR")), ("ref", json!("ABCD2345"))] {
        let mut other = first.clone();
        other[name] = value;
        let outcome = world.send("account.registered", other).await;
        assert_eq!(refusal(outcome).0, "registered_otherwise", "{name}");
    }
}

#[tokio::test]
async fn two_sub_accounts_of_one_trade_both_count() {
    let (world, _) = bound("main").await;
    sub_account(&world, "buyer", "main").await;
    sub_account(&world, "seller", "main").await;
    for payer in ["buyer", "seller", "main"] {
        world.charged(fee("t1", payer, "2026-11-20T10:00:00Z")).await;
    }
    let correction = json!({
        "tradeId": "t1", "uid": "seller", "day": "2026-11-20", "amount": "0", "amountUsd": "0",
        "volumeUsd": "0", "at": "2026-11-20T11:00:00Z", "why": "busted",
    });
    world.taken("fee.corrected", correction).await;
    let shard = Shard::of(&uid("main"));
    let kept = world.app.table.fees(day("2026-11-20"), shard).await.unwrap();
    let mut trade_ids: Vec<&str> = kept.fees.iter().map(|fee| fee.trade_id()).collect();
    trade_ids.sort_unstable();
    assert_eq!(trade_ids, ["t1", "t1/buyer", "t1/seller"]);
    world.night("2026-11-20").await;
    let lines = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
    let fees: Vec<&Value> = lines.iter().map(|line| &line["fees"]).collect();
    assert_eq!(fees, [&json!("0.00200000"), &json!("0.00000000")], "one of three is busted");
}

#[tokio::test]
async fn qualified_trade_id_is_refused_in_events() {
    let (world, _) = bound("main").await;
    let sent = world.send("fee.charged", fee("t1/sub", "main", "2026-11-20T10:00:00Z")).await;
    let (reason, detail) = refusal(sent);
    assert_eq!(
        (reason, detail.as_str()),
        ("unreadable", "data.tradeId: expected a trade id without '/'")
    );
    let longest = "t".repeat(64);
    assert!(longest.parse::<TradeId>().is_ok());
    world.charged(fee(&longest, "main", "2026-11-20T10:00:00Z")).await;
}

#[tokio::test]
async fn sub_account_of_a_sub_account_is_the_top_s() {
    let (world, code) = bound("top").await;
    world.registered("idle", "2024-01-01T00:00:00Z").await;
    for (sub, main) in
        [("middle", "top"), ("bottom", "middle"), ("low", "between"), ("between", "idle")]
    {
        sub_account(&world, sub, main).await;
    }
    let active = |on: &str| json!({ "uid": "low", "product": "earn", "at": on });
    world.taken("activity", active("2026-11-19T00:00:00Z")).await;
    assert_eq!(
        account(&world, "idle").await.facts.last_activity_at,
        Some(at("2026-11-19T00:00:00Z"))
    );
    assert_eq!(account(&world, "between").await.facts.last_activity_at, None);
    let window = world.get("idle", &format!("/v1/bind?ref={code}")).await.json();
    assert_eq!(window["eligible"], false);

    let longest = "t".repeat(64);
    world.charged(fee(&longest, "bottom", "2026-11-20T10:00:00Z")).await;
    world.night("2026-11-20").await;
    let lines = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!((lines.len(), &lines[0]["uid"]), (1, &json!("top")));
}

#[tokio::test]
async fn affiliate_below_the_invitee_is_the_same_person() {
    let world = TestApp::at(NOW).await;
    world.registered("top", "2018-01-01T00:00:00Z").await;
    for (sub, main) in [("middle", "top"), ("bottom", "middle")] {
        let data = json!({
            "uid": sub, "registeredAt": "2017-02-01T00:00:00Z", "country": "CH", "mainUid": main,
        });
        world.taken("account.registered", data).await;
    }
    let joined = json!({ "uid": "bottom", "affiliate": true, "at": "2025-01-01T00:00:00Z" });
    world.taken("account.changed", joined).await;
    let code = world.get("bottom", "/v1/link").await.json()["code"].as_str().unwrap().to_owned();
    let refused = world.bind("top", &code).await;
    let window = world.get("top", &format!("/v1/bind?ref={code}")).await.json();
    let checks = window["checks"].as_array().unwrap().clone();
    let same = checks.iter().find(|check| check["reason"] == "same_identity").unwrap();
    assert_eq!((same["met"].clone(), refused.status), (json!(false), 400));
}

#[tokio::test]
async fn circle_of_main_accounts_ends() {
    let world = TestApp::at(NOW).await;
    for (sub, main) in [("a", "b"), ("b", "a")] {
        sub_account(&world, sub, main).await;
    }
    let levels = storage::MAX_ACCOUNT_LEVELS;
    world.registered("level-0", "2024-01-01T00:00:00Z").await;
    for level in 1..=levels + 1 {
        sub_account(&world, &format!("level-{level}"), &format!("level-{}", level - 1)).await;
    }
    let active = |of: &str| json!({ "uid": of, "product": "earn", "at": NOW });
    for (of, reason) in [
        ("a".to_owned(), "main_account_unresolved"),
        (format!("level-{levels}"), ""),
        (format!("level-{}", levels + 1), "main_account_unresolved"),
    ] {
        assert_eq!(refusal(world.send("activity", active(&of)).await).0, reason, "{of}");
    }
    let own = json!({ "uid": "a", "country": "TR", "at": NOW });
    world.taken("account.changed", own).await;
}

#[tokio::test]
async fn unknown_middle_account_is_waited_for() {
    let world = TestApp::at(NOW).await;
    world.registered("top", "2024-01-01T00:00:00Z").await;
    sub_account(&world, "bottom", "middle").await;
    let active = json!({ "uid": "bottom", "product": "earn", "at": NOW });
    let retry = EventOutcome::Retry { reason: Reason::UnknownAccount };
    assert_eq!(world.send("activity", active.clone()).await, retry);
    sub_account(&world, "middle", "top").await;
    world.taken("activity", active).await;
    assert_eq!(account(&world, "top").await.facts.last_activity_at, Some(at(NOW)));
}

#[tokio::test]
async fn repeated_name_in_an_event_is_refused() {
    let world = TestApp::at(NOW).await;
    world.registered("user", "2024-01-01T00:00:00Z").await;
    let good = event("1", "fee.charged", fee("t1", "user", "2026-11-20T10:00:00Z")).to_string();
    let twice = [
        good.replacen("{", r#"{"id":"0","#, 1),
        good.replacen(r#""amount":"#, r#""amount":"9","amount":"#, 1),
        good.replacen("{", r#"{"extension":[{"a":1,"a":1}],"#, 1),
    ];
    for body in twice {
        let (reason, detail) = refusal(world.send_raw(&body).await.remove(0).outcome);
        assert_eq!(reason, "unreadable");
        assert!(detail.starts_with("expected JSON: expected each name once"), "{detail}");
    }
    assert_eq!(world.send_raw(&good).await.remove(0).outcome, EventOutcome::Ingested);
}

#[tokio::test]
async fn window_of_a_bound_user_says_nothing_of_activity() {
    let (world, code) = bound("user").await;
    world.charged(fee("t1", "user", "2026-11-20T10:00:00Z")).await;
    let window = world.get("user", &format!("/v1/bind?ref={code}")).await.json();
    let reasons: Vec<&str> = window["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["reason"].as_str().unwrap())
        .collect();
    assert!(reasons.contains(&"already_bound") && !reasons.contains(&"recently_active"));
}

#[tokio::test]
async fn redriven_fee_keeps_its_place_in_the_order() {
    let (world, _) = bound("user").await;
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
    ingestion::ingest(&world.app, &messages).await.unwrap();
    let shard = Shard::of(&uid("user"));
    let kept = world.app.table.fees(day("2026-11-20"), shard).await.unwrap();
    let arrival = |text: &str| Arrival(at(text).millis().unsigned_abs());
    let arrivals: Vec<Arrival> = kept.fees.iter().map(|fee| fee.arrival()).collect();
    assert_eq!(arrivals, [arrival("2026-11-20T10:00:05Z"), arrival("2026-11-20T11:00:00Z")]);
    made["time"] = json!("yesterday");
    let (_, detail) = refusal(world.send_raw(&made.to_string()).await.remove(0).outcome);
    assert!(detail.starts_with("time: expected an RFC 3339 time"), "{detail}");
}
