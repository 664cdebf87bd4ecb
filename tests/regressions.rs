//! Defects of version 0.1 that an independent review found, each in its shortest form. Whatever is
//! repaired stays here.

use ingestion::{EventOutcome, Message};
use serde_json::{Value, json};

use crate::story::three_newcomers_trade;
use crate::test_app::{TestApp, day, event, fee};

const MORNING: &str = "2026-11-20T09:00:00Z";
const AFTERNOON: &str = "2026-11-20T16:00:00Z";

/// An affiliate with one recalled invitee; answers the link's code.
async fn recalled(world: &TestApp, affiliate: &str, invitee: &str) -> String {
    let code = world.affiliate(affiliate).await;
    world.registered(invitee, "2024-01-01T00:00:00Z").await;
    assert_eq!(world.bind(invitee, &code).await.status, 201);
    code
}

/// A world with the affiliate `affiliate` and the recalled invitee `dormant`.
async fn with_invitee() -> TestApp {
    let world = TestApp::at(MORNING).await;
    recalled(&world, "affiliate", "dormant").await;
    world.now(AFTERNOON);
    world
}

async fn accepted(world: &TestApp, events: Vec<Value>) {
    for events in events.chunks(500) {
        for report in world.send_raw(&json!(events).to_string()).await {
            assert_eq!(report.outcome, EventOutcome::Ingested, "{:?}", report.id);
        }
    }
}

async fn quarantined(world: &TestApp, kind: &str, data: Value) -> bool {
    matches!(world.send(kind, data).await, EventOutcome::Quarantined { .. })
}

/// How many entries of the quarantine hold a text.
async fn in_quarantine(world: &TestApp, text: &str) -> usize {
    let mut found = 0;
    for of in day("2026-10-15").through(day("2026-12-15")) {
        let entries = world.app.table.quarantined(of).await.unwrap();
        found += entries.iter().filter(|entry| entry.body.contains(text)).count();
    }
    found
}

/// The reason for which a user may not bind by a link, if there is one.
async fn refusal(world: &TestApp, user: &str, code: &str) -> Option<String> {
    let window = world.get(user, &format!("/v1/bind?ref={code}")).await.json();
    let checks = window["checks"].as_array().unwrap();
    let unmet = checks.iter().find(|check| check["met"] == false)?;
    Some(unmet["reason"].as_str().unwrap().to_owned())
}

fn correction(trade_id: &str, of: &str, amount: &str, why: &str) -> Value {
    json!({
        "tradeId": trade_id, "uid": "dormant", "day": of, "amount": amount, "amountUsd": "50",
        "volumeUsd": "50000", "at": "2026-11-20T12:00:00Z", "why": why,
    })
}

fn changed(uid: &str, member: &str, value: impl Into<Value>, at: &str) -> Value {
    let mut change = json!({ "uid": uid, "at": at });
    change[member] = value.into();
    change
}

async fn row_of(world: &TestApp, invitee: &str) -> Value {
    let target = format!("/v1/dashboard/referrals?uid={invitee}");
    world.get("affiliate", &target).await.json()["referrals"][0].clone()
}

async fn fees_counted(world: &TestApp, of: &str) -> i64 {
    let lines = world.lines("affiliate", of, of).await;
    lines.iter().map(|line| line["feeCount"].as_i64().unwrap()).sum()
}

/// 1. One affiliate's lines with long reasons were larger than an item: no night of anybody could
/// be published any more.
#[tokio::test]
async fn long_reasons_of_one_affiliate_stop_nobody() {
    let world = TestApp::at(MORNING).await;
    let code = world.affiliate("affiliate").await;
    recalled(&world, "other", "bystander").await;
    let invitees: Vec<String> = (0..14).map(|number| format!("invitee-{number}")).collect();
    for invitee in &invitees {
        world.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(world.bind(invitee, &code).await.status, 201);
    }
    world.now(AFTERNOON);
    let (mut fees, mut corrections) = (Vec::new(), Vec::new());
    for (number, invitee) in (0..14 * 50 * 3).map(|number| (number, &invitees[number % 14])) {
        let trade_id = format!("t{number}");
        let mut charged = fee(&trade_id, invitee, "2026-11-20T10:00:00Z");
        charged["asset"] = format!("A{}", number / 14 % 50).into();
        fees.push(event(&format!("f{number}"), "fee.charged", charged));
        let mut corrected = correction(&trade_id, "2026-11-20", "0.0005", "");
        corrected["uid"] = invitee.as_str().into();
        corrected["why"] = format!("{number:x<200}").into();
        corrections.push(event(&format!("c{number}"), "fee.corrected", corrected));
    }
    accepted(&world, fees).await;
    world.night("2026-11-20").await;
    accepted(&world, corrections).await;
    world.charged(fee("t", "bystander", "2026-11-20T10:00:00Z")).await;
    world.night("2026-11-21").await;
    world.night("2026-11-22").await;
    assert_eq!(world.lines("other", "2026-11-20", "2026-11-20").await.len(), 1);
    let lines = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(lines.len(), 2 * 14 * 50);
    let long = |line: &&Value| line["why"].as_str().is_some_and(|why| why.len() > 600);
    assert_eq!(lines.iter().filter(long).count(), 14 * 50);
}

/// 2. A night that was missed at a quarter's end was never evaluated.
#[tokio::test]
async fn missed_night_at_quarter_end_is_evaluated() {
    let world = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    three_newcomers_trade(&world, &code).await;
    world.night("2026-09-29").await;
    world.now("2026-10-01T10:00:01Z");
    world.charged(fee("later", "newcomer-0", "2026-10-01T10:00:00Z")).await;
    world.night("2026-10-01").await;
    let lines = world.lines("affiliate", "2026-10-01", "2026-10-01").await;
    assert_eq!(lines[0]["rate"], "0.3");
}

/// 2. The same after more missed nights, and where two quarters ended meanwhile.
#[tokio::test]
async fn nights_missed_over_two_quarters_are_evaluated() {
    let world = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    three_newcomers_trade(&world, &code).await;
    world.night("2026-09-29").await;
    world.now("2026-10-02T10:00:01Z");
    world.charged(fee("autumn", "newcomer-0", "2026-10-02T10:00:00Z")).await;
    world.now("2027-01-02T10:00:01Z");
    world.charged(fee("winter", "newcomer-0", "2027-01-02T10:00:00Z")).await;
    world.night("2027-01-02").await;
    let rate = async |of: &str| world.lines("affiliate", of, of).await[0]["rate"].clone();
    assert_eq!(rate("2026-10-02").await, "0.3");
    assert_eq!(rate("2027-01-02").await, "0.2");
}

/// 3. The proof of a run with many assets was larger than an item: the day was never booked.
#[tokio::test]
async fn night_of_a_thousand_assets_is_booked() {
    let world = with_invitee().await;
    let kinds = [
        json!({}),
        json!({ "vipLevel": 5 }),
        json!({ "amount": "0", "amountUsd": "0" }),
        json!({ "amount": "-7654321.12345678", "amountUsd": "-7654321.12345678" }),
        json!({ "broker": true }),
    ];
    let mut fees = Vec::new();
    for asset in 0..1000 {
        for product in ["spot", "margin"] {
            for (number, kind) in kinds.iter().enumerate() {
                let id = format!("t{asset}{product}{number}");
                let mut charged = fee(&id, "dormant", "2026-11-20T10:00:00Z");
                charged["asset"] = format!("ASSET{asset:011}").into();
                charged["product"] = product.into();
                charged["amount"] = "7654321.12345678".into();
                charged["amountUsd"] = "7654321.12345678".into();
                for (member, value) in kind.as_object().unwrap() {
                    charged[member] = value.clone();
                }
                fees.push(event(&id, "fee.charged", charged));
            }
        }
    }
    accepted(&world, fees).await;
    let night = world.night("2026-11-20").await;
    assert_eq!(night.days[0].lines, 10_000);
    let booked = world.summaries("affiliate", "2026-11-20").await;
    assert_eq!(booked.iter().map(|run| run.summary.fee_count).sum::<i64>(), 10_000);
}

/// 4. After some 5,500 changes an account's item was full, and nothing more was recorded of it.
#[tokio::test]
async fn account_with_many_changes_still_moves() {
    let world = TestApp::at(MORNING).await;
    let code = world.affiliate("affiliate").await;
    world.registered("dormant", "2024-01-01T00:00:00Z").await;
    world.now(AFTERNOON);
    let changes = (0..9000).map(|number: i64| {
        let at = world.clock.now().plus_millis(-10_000_000 + number * 1000);
        let mut change = changed("dormant", "country", "TR", "");
        for (member, value) in
            [("vipLevel", json!(number % 2)), ("affiliate", json!(number % 2 > 0))]
        {
            change[member] = value;
        }
        change["at"] = json!(at);
        event(&format!("c{number}"), "account.changed", change)
    });
    for changes in changes.collect::<Vec<_>>().chunks(500) {
        world.send_raw(&json!(changes).to_string()).await;
    }
    world.send("account.changed", changed("dormant", "country", "KP", AFTERNOON)).await;
    assert_eq!(refusal(&world, "dormant", &code).await.as_deref(), Some("region_blocked_invitee"));
}

/// 5. A large event that cannot be read failed its batch, for ever.
#[tokio::test]
async fn large_unreadable_events_leave_their_batch_alone() {
    let world = with_invitee().await;
    for size in [230_000, 450_000, 1_000_000] {
        let large = event("large", "fee.charged", json!({ "tradeId": "x".repeat(size) }));
        let good = fee(&format!("t{size}"), "dormant", "2026-11-20T10:00:00Z");
        let good = event(&format!("t{size}"), "fee.charged", good);
        let message = |id: &str, body: String| Message {
            id: id.to_owned(),
            sent_at: world.clock.now(),
            body,
        };
        let batch = [message("large", large.to_string()), message("good", good.to_string())];
        let reports = ingestion::ingest(&world.app, &batch).await.unwrap();
        assert!(matches!(reports[0].outcome, EventOutcome::Quarantined { .. }), "{size}");
        assert_eq!(reports[1].outcome, EventOutcome::Ingested, "{size}");
    }
    let text = "x".repeat(230_000);
    let reports = world.send_raw(&text).await;
    assert!(matches!(reports[0].outcome, EventOutcome::Quarantined { .. }));
}

/// 6. An old change that was delivered again brought back an old short_sha256.
#[tokio::test]
async fn redelivered_fingerprint_replaces_no_newer_one() {
    let world = TestApp::at(MORNING).await;
    let code = world.affiliate("affiliate").await;
    let twin = json!({
        "uid": "twin", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH", "personHash": "p1",
    });
    world.taken("account.registered", twin).await;
    let old = changed("affiliate", "personHash", "p0", "2026-11-01T00:00:00Z");
    world.taken("account.changed", old.clone()).await;
    let new = changed("affiliate", "personHash", "p1", "2026-11-02T00:00:00Z");
    world.taken("account.changed", new).await;
    world.taken("account.changed", old.clone()).await;
    assert_eq!(refusal(&world, "twin", &code).await.as_deref(), Some("same_identity"));
    world.send_as("another", "account.changed", old).await;
    assert_eq!(refusal(&world, "twin", &code).await.as_deref(), Some("same_identity"));
}

/// 7. Funding, liquidations and busted trades made traders of people who never traded.
#[tokio::test]
async fn fees_without_a_trade_make_no_trader() {
    let world = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    three_newcomers_trade(&world, &code).await;
    let bust = |trade_id: &str, uid: &str| {
        json!({
            "tradeId": trade_id, "uid": uid, "day": "2026-09-30", "amount": "0",
            "amountUsd": "0", "volumeUsd": "0", "at": "2026-09-30T10:00:01Z", "why": "trade busted",
        })
    };
    world.taken("fee.corrected", bust("t1", "newcomer-1")).await;
    world.taken("fee.corrected", bust("t2", "newcomer-2")).await;
    let mut funding = fee("funding", "newcomer-1", "2026-09-30T10:00:01Z");
    funding["kind"] = "funding".into();
    world.charged(funding).await;
    let mut liquidation = fee("liquidation", "newcomer-2", "2026-09-30T10:00:01Z");
    liquidation["kind"] = "liquidation".into();
    world.charged(liquidation).await;
    let night = world.night("2026-09-30").await;
    assert_eq!(night.evaluated.map(|evaluated| evaluated.promoted), Some(0));
    for invitee in ["newcomer-1", "newcomer-2"] {
        let row = row_of(&world, invitee).await;
        assert_eq!(
            (&row["status"], &row["firstTradeTime"]),
            (&json!("no_trades_yet"), &json!(null))
        );
    }
    let row = row_of(&world, "newcomer-0").await;
    assert_eq!(row["firstTradeTime"], "2026-09-30T10:00:00.000Z");
    let dashboard = world.get("affiliate", "/v1/dashboard").await.json();
    assert_eq!(dashboard["counts"]["active"], 1);
}

/// 7. A trade that is busted on a later day makes its invitee no trader any more.
#[tokio::test]
async fn first_trade_busted_later_gives_way_to_the_next() {
    let world = with_invitee().await;
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    world.night("2026-11-20").await;
    world.now("2026-11-21T16:00:00Z");
    world.charged(fee("t2", "dormant", "2026-11-21T10:00:00Z")).await;
    world.night("2026-11-21").await;
    assert_eq!(row_of(&world, "dormant").await["firstTradeTime"], "2026-11-20T10:00:00.000Z");
    let mut bust = correction("t1", "2026-11-20", "0", "trade busted");
    for member in ["amountUsd", "volumeUsd"] {
        bust[member] = "0".into();
    }
    world.now("2026-11-22T16:00:00Z");
    world.taken("fee.corrected", bust).await;
    world.night("2026-11-22").await;
    let row = row_of(&world, "dormant").await;
    assert_eq!(row["firstTradeTime"], "2026-11-21T10:00:00.000Z");
    assert_eq!(row["lastTradeTime"], "2026-11-21T10:00:00.000Z");
}

/// 8. Corrections that could not be applied were accepted, and never heard of again.
#[tokio::test]
async fn corrections_that_cannot_be_applied_are_quarantined() {
    let world = with_invitee().await;
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    let inexact = correction("t1", "2026-11-20", "0.0000000005", "too many decimals");
    world.taken("fee.corrected", inexact).await;
    world.taken("fee.corrected", correction("t1", "2026-11-19", "0.0005", "wrong day")).await;
    for night in ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"] {
        world.night(night).await;
    }
    assert_eq!(in_quarantine(&world, "too many decimals").await, 1);
    assert_eq!(in_quarantine(&world, "wrong day").await, 1);
    let lines = world.lines("affiliate", "2026-11-19", "2026-11-20").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["commission"], "0.00020000");
}

/// 8. A correction that cannot be applied takes the place of none that can.
#[tokio::test]
async fn inexact_correction_leaves_an_earlier_exact_one() {
    let world = with_invitee().await;
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    world.taken("fee.corrected", correction("t1", "2026-11-20", "0.0005", "exact")).await;
    let mut inexact = correction("t1", "2026-11-20", "0.0000000005", "inexact");
    inexact["at"] = "2026-11-20T13:00:00Z".into();
    world.taken("fee.corrected", inexact).await;
    world.night("2026-11-20").await;
    let lines = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(lines[0]["commission"], "0.00010000");
}

/// 9. A change of the region alone was quarantined, and the account stayed eligible.
#[tokio::test]
async fn region_alone_blocks_a_bind() {
    let world = TestApp::at(MORNING).await;
    let code = world.affiliate("affiliate").await;
    let oksana =
        json!({ "uid": "oksana", "registeredAt": "2024-01-01T00:00:00Z", "country": "UA" });
    world.taken("account.registered", oksana).await;
    assert_eq!(refusal(&world, "oksana", &code).await, None);
    let moved = changed("oksana", "region", "UA-43", "2026-11-20T08:00:00Z");
    world.taken("account.changed", moved).await;
    assert_eq!(refusal(&world, "oksana", &code).await.as_deref(), Some("region_blocked_invitee"));
}

/// 9. A change that names the same country took the region away.
#[tokio::test]
async fn same_country_keeps_the_region() {
    let world = TestApp::at(MORNING).await;
    let code = world.affiliate("affiliate").await;
    let oksana = json!({
        "uid": "oksana", "registeredAt": "2024-01-01T00:00:00Z", "country": "UA", "region": "UA-43",
    });
    world.taken("account.registered", oksana).await;
    let same = changed("oksana", "country", "UA", "2026-11-20T08:00:00Z");
    world.taken("account.changed", same).await;
    assert_eq!(refusal(&world, "oksana", &code).await.as_deref(), Some("region_blocked_invitee"));
}

/// 9. Places that do not exist were accepted, and blocked nowhere.
#[tokio::test]
async fn unknown_places_are_quarantined() {
    let world = TestApp::at(MORNING).await;
    for (number, place) in ["UK", "EL", "ZZ", "XX"].into_iter().enumerate() {
        let at = "2026-11-20T08:00:00Z";
        let uid = format!("newcomer-{number}");
        let registered = json!({ "uid": uid, "registeredAt": at, "country": place });
        assert!(quarantined(&world, "account.registered", registered).await, "{place}");
        world.registered(&uid, at).await;
        let moved = changed(&uid, "country", place, at);
        assert!(quarantined(&world, "account.changed", moved).await, "{place}");
    }
}

/// 10. A second registration with another country, link or short_sha256 was accepted silently.
#[tokio::test]
async fn registration_with_other_facts_is_quarantined() {
    let world = TestApp::at(MORNING).await;
    let (code, other) = (world.affiliate("affiliate").await, world.affiliate("other").await);
    let first = json!({
        "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
        "personHash": "p1",
    });
    world.taken("account.registered", first.clone()).await;
    for (member, value) in [("country", "TR"), ("ref", other.as_str()), ("personHash", "p2")] {
        let mut second = first.clone();
        second[member] = value.into();
        assert!(quarantined(&world, "account.registered", second).await, "{member}");
    }
    world.send_as("again", "account.registered", first.clone()).await;
    assert_eq!(in_quarantine(&world, "again").await, 0);
    world.taken("account.registered", first).await;
}

/// A message that registers an account twice failed its batch, for ever.
#[tokio::test]
async fn account_registered_twice_in_a_batch_is_ingested() {
    let world = TestApp::at(MORNING).await;
    let data =
        json!({ "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH" });
    let twice = ["e1", "e2"].map(|id| event(id, "account.registered", data.clone()));
    let reports = world.send_raw(&json!(twice).to_string()).await;
    assert!(reports.iter().all(|report| report.outcome == EventOutcome::Ingested));
}

/// 11. One late activity had every day since the binding booked again, and so had its redelivery.
#[tokio::test]
async fn late_activity_touches_booked_days_only() {
    let world = TestApp::at("2026-07-01T09:00:00Z").await;
    recalled(&world, "affiliate", "dormant").await;
    world.now("2026-11-14T16:00:00Z");
    world.charged(fee("t1", "dormant", "2026-11-14T10:00:00Z")).await;
    world.night("2026-11-14").await;
    assert_eq!(fees_counted(&world, "2026-11-14").await, 1);
    world.now("2026-11-15T16:00:00Z");
    let late = json!({ "uid": "dormant", "product": "earn", "at": "2026-06-15T00:00:00Z" });
    world.taken("activity", late.clone()).await;
    let night = world.night("2026-11-15").await;
    assert!(night.days.len() <= 2, "{} days are booked", night.days.len());
    assert_eq!(fees_counted(&world, "2026-11-14").await, 0);
    world.now("2026-11-16T16:00:00Z");
    world.taken("activity", late.clone()).await;
    world.send_as("another", "activity", late).await;
    let night = world.night("2026-11-16").await;
    assert_eq!(night.days.len(), 1, "a redelivery touches nothing");
}

/// 12. The window of a bound user said that they were dormant, which was not known.
#[tokio::test]
async fn window_of_active_bound_user_does_not_say_dormant() {
    let world = TestApp::at(MORNING).await;
    let code = recalled(&world, "affiliate", "dormant").await;
    world.now(AFTERNOON);
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    let window = world.get("dormant", &format!("/v1/bind?ref={code}")).await.json();
    let checks = window["checks"].as_array().unwrap();
    let dormant = checks.iter().find(|check| check["reason"] == "recently_active");
    assert!(dormant.is_none_or(|check| check["met"] == false), "{dormant:?}");
}

/// 12. A sub-account's sub-account did not count as activity, and its fees belonged to nobody.
#[tokio::test]
async fn sub_accounts_of_any_level_belong_to_the_top_account() {
    let world = TestApp::at(MORNING).await;
    let code = world.affiliate("affiliate").await;
    world.registered("dormant", "2024-01-01T00:00:00Z").await;
    for (desk, main) in [("desk", "dormant"), ("lower-desk", "desk"), ("lowest-desk", "lower-desk")]
    {
        let registered = json!({
            "uid": desk, "registeredAt": "2024-02-01T00:00:00Z", "country": "CH", "mainUid": main,
        });
        world.taken("account.registered", registered).await;
    }
    world.registered("busy", "2024-01-01T00:00:00Z").await;
    assert_eq!(world.bind("dormant", &code).await.status, 201);
    world.now(AFTERNOON);
    world.charged(fee("t1", "lowest-desk", "2026-11-20T10:00:00Z")).await;
    world.night("2026-11-20").await;
    assert_eq!(fees_counted(&world, "2026-11-20").await, 1);
    let late = json!({ "uid": "lowest-desk", "product": "earn", "at": "2026-11-01T00:00:00Z" });
    world.taken("activity", late).await;
    world.night("2026-11-21").await;
    assert_eq!(fees_counted(&world, "2026-11-20").await, 0, "the binding is void");
}

/// 12. Of two members of one name in an event the last one was taken silently.
#[tokio::test]
async fn duplicate_members_of_an_event_are_quarantined() {
    let world = with_invitee().await;
    let good = event("e1", "fee.charged", fee("t1", "dormant", "2026-11-20T10:00:00Z")).to_string();
    let doubled = [
        good.replace(r#""amount":"#, r#""amount":"7","amount":"#),
        good.replace(r#""id":"#, r#""id":"e0","id":"#),
    ];
    for text in doubled {
        let reports = world.send_raw(&text).await;
        assert!(matches!(reports[0].outcome, EventOutcome::Quarantined { .. }), "{text}");
    }
}

/// 13. A fee is identified by account, trade id and UTC day.
#[tokio::test]
async fn one_trade_id_on_two_sides_and_days_is_several_fees() {
    let world = TestApp::at(MORNING).await;
    let code = recalled(&world, "affiliate", "dormant").await;
    world.registered("counterpart", "2024-01-01T00:00:00Z").await;
    assert_eq!(world.bind("counterpart", &code).await.status, 201);
    world.now("2026-11-21T16:00:00Z");
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    world.charged(fee("t1", "counterpart", "2026-11-20T10:00:00Z")).await;
    world.charged(fee("t1", "dormant", "2026-11-21T10:00:00Z")).await;
    world.night("2026-11-20").await;
    world.night("2026-11-21").await;
    assert_eq!(fees_counted(&world, "2026-11-20").await, 2);
    assert_eq!(fees_counted(&world, "2026-11-21").await, 1);
    assert_eq!(in_quarantine(&world, "t1").await, 0);
}

/// 13. So a main account and its sub-account have a fee each under one trade id.
#[tokio::test]
async fn trade_with_own_sub_account_is_two_fees() {
    let world = with_invitee().await;
    let desk = json!({
        "uid": "desk", "registeredAt": "2024-02-01T00:00:00Z", "country": "CH",
        "mainUid": "dormant",
    });
    world.taken("account.registered", desk).await;
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    let mut other_side = fee("t1", "desk", "2026-11-20T10:00:00Z");
    other_side["amount"] = "0.002".into();
    world.charged(other_side).await;
    world.night("2026-11-20").await;
    assert_eq!(fees_counted(&world, "2026-11-20").await, 2);
}

/// A correction of an old day was settled as soon as it was booked.
#[tokio::test]
async fn late_correction_is_not_settled_at_once() {
    let world = with_invitee().await;
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    world.night("2026-11-20").await;
    world.now("2026-11-25T16:00:00Z");
    world.taken("fee.corrected", correction("t1", "2026-11-20", "0.002", "wrong fee tier")).await;
    world.night("2026-11-25").await;
    let statuses = async || {
        let lines = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
        lines.iter().map(|line| line["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(statuses().await, ["settled", "accrued"]);
    world.now("2026-11-27T00:31:00Z");
    assert_eq!(statuses().await, ["settled", "settled"]);
}

/// A request for a link that was repeated made another link.
#[tokio::test]
async fn repeated_request_makes_one_link() {
    let world = TestApp::at(MORNING).await;
    world.affiliate("affiliate").await;
    let key = [("idempotency-key", "5f0c9c5e-0001")];
    let post = async |label: &str| {
        let body = json!({ "label": label });
        world.call("affiliate", "POST", "/v1/links", &key, Some(body)).await
    };
    let (first, second) = (post("blog").await, post("blog").await);
    assert_eq!(first.json()["code"], second.json()["code"], "{}", second.body);
    assert_eq!(post("other").await.status, 422);
    let links = world.get("affiliate", "/v1/links").await.json();
    assert_eq!(links["links"].as_array().unwrap().len(), 2);
}
