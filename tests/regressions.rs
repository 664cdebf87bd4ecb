//! Defects of version 0.1 that an independent review found, each in its shortest form.

use ingestion::{EventOutcome, Message};
use serde_json::{Value, json};

use crate::story::three_newcomers_trade;
use crate::test_app::{TestApp, day, event, fee};

const MORNING: &str = "2026-11-20T09:00:00Z";
const AFTERNOON: &str = "2026-11-20T16:00:00Z";

/// An affiliate with one recalled invitee; returns the link's code.
async fn recalled(app: &TestApp, affiliate: &str, invitee: &str) -> String {
    let code = app.affiliate(affiliate).await;
    app.registered(invitee, "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind(invitee, &code).await.status, 201);
    code
}

/// A programme with the affiliate `affiliate` and the recalled invitee `dormant`.
async fn with_invitee() -> TestApp {
    let app = TestApp::at(MORNING).await;
    recalled(&app, "affiliate", "dormant").await;
    app.now(AFTERNOON);
    app
}

async fn accepted(app: &TestApp, events: Vec<Value>) {
    for events in events.chunks(500) {
        for report in app.send_raw(&json!(events).to_string()).await {
            assert_eq!(report.outcome, EventOutcome::Ingested, "{:?}", report.id);
        }
    }
}

async fn quarantined(app: &TestApp, kind: &str, data: Value) -> bool {
    matches!(app.send(kind, data).await, EventOutcome::Quarantined { .. })
}

/// Counts the quarantine entries that contain a text.
async fn in_quarantine(app: &TestApp, text: &str) -> usize {
    let mut found = 0;
    for of in day("2026-10-15").through(day("2026-12-15")) {
        let entries = app.context.table.quarantined(of).await.unwrap();
        found += entries.iter().filter(|entry| entry.body.contains(text)).count();
    }
    found
}

/// Returns the reason for which a user may not bind by a link, if there is one.
async fn refusal(app: &TestApp, user: &str, code: &str) -> Option<String> {
    let window = app.get(user, &format!("/v1/bind?ref={code}")).await.json();
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

async fn row_of(app: &TestApp, invitee: &str) -> Value {
    let target = format!("/v1/dashboard/referrals?uid={invitee}");
    app.get("affiliate", &target).await.json()["referrals"][0].clone()
}

async fn fees_counted(app: &TestApp, of: &str) -> i64 {
    let lines = app.lines("affiliate", of, of).await;
    lines.iter().map(|line| line["feeCount"].as_i64().unwrap()).sum()
}

/// 1. One affiliate's lines with long reasons were larger than an item, and no run could be
/// published any more.
#[tokio::test]
async fn long_reasons_block_no_other_affiliate() {
    let app = TestApp::at(MORNING).await;
    let code = app.affiliate("affiliate").await;
    recalled(&app, "other", "bystander").await;
    let invitees: Vec<String> = (0..14).map(|number| format!("invitee-{number}")).collect();
    for invitee in &invitees {
        app.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(app.bind(invitee, &code).await.status, 201);
    }
    app.now(AFTERNOON);
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
    accepted(&app, fees).await;
    app.night("2026-11-20").await;
    accepted(&app, corrections).await;
    app.charged(fee("t", "bystander", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-21").await;
    app.night("2026-11-22").await;
    assert_eq!(app.lines("other", "2026-11-20", "2026-11-20").await.len(), 1);
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(lines.len(), 2 * 14 * 50);
    let long = |line: &&Value| line["why"].as_str().is_some_and(|why| why.len() > 600);
    assert_eq!(lines.iter().filter(long).count(), 14 * 50);
}

/// 2. A missed nightly run at a quarter's end was never evaluated.
#[tokio::test]
async fn missed_night_at_quarter_end_is_evaluated() {
    let app = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    three_newcomers_trade(&app, &code).await;
    app.night("2026-09-29").await;
    app.now("2026-10-01T10:00:01Z");
    app.charged(fee("later", "newcomer-0", "2026-10-01T10:00:00Z")).await;
    app.night("2026-10-01").await;
    let lines = app.lines("affiliate", "2026-10-01", "2026-10-01").await;
    assert_eq!(lines[0]["rate"], "0.3");
}

/// 2. Several missed nights, over the ends of two quarters.
#[tokio::test]
async fn nights_missed_over_quarters_are_evaluated() {
    let app = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    three_newcomers_trade(&app, &code).await;
    app.night("2026-09-29").await;
    app.now("2026-10-02T10:00:01Z");
    app.charged(fee("autumn", "newcomer-0", "2026-10-02T10:00:00Z")).await;
    app.now("2027-01-02T10:00:01Z");
    app.charged(fee("winter", "newcomer-0", "2027-01-02T10:00:00Z")).await;
    app.night("2027-01-02").await;
    let rate = async |of: &str| app.lines("affiliate", of, of).await[0]["rate"].clone();
    assert_eq!(rate("2026-10-02").await, "0.3");
    assert_eq!(rate("2027-01-02").await, "0.2");
}

/// 3. The conservation report of a run with many assets was larger than an item, and the day was
/// never booked.
#[tokio::test]
async fn night_of_1000_assets_is_booked() {
    let app = with_invitee().await;
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
    accepted(&app, fees).await;
    let night = app.night("2026-11-20").await;
    assert_eq!(night.days[0].lines, 10_000);
    let booked = app.summaries("affiliate", "2026-11-20").await;
    assert_eq!(booked.iter().map(|run| run.summary.fee_count).sum::<i64>(), 10_000);
}

/// 4. After some 5,500 changes an account's item was full, and no further change was recorded.
#[tokio::test]
async fn account_with_many_changes_changes() {
    let app = TestApp::at(MORNING).await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    app.now(AFTERNOON);
    let changes = (0..9000).map(|number: i64| {
        let at = app.clock.now().plus_millis(-10_000_000 + number * 1000);
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
        app.send_raw(&json!(changes).to_string()).await;
    }
    app.send("account.changed", changed("dormant", "country", "KP", AFTERNOON)).await;
    assert_eq!(refusal(&app, "dormant", &code).await.as_deref(), Some("region_blocked_invitee"));
}

/// 5. A large unreadable event failed its batch for ever.
#[tokio::test]
async fn large_unreadable_event_fails_no_batch() {
    let app = with_invitee().await;
    for size in [230_000, 450_000, 1_000_000] {
        let large = event("large", "fee.charged", json!({ "tradeId": "x".repeat(size) }));
        let good = fee(&format!("t{size}"), "dormant", "2026-11-20T10:00:00Z");
        let good = event(&format!("t{size}"), "fee.charged", good);
        let message =
            |id: &str, body: String| Message { id: id.to_owned(), sent_at: app.clock.now(), body };
        let batch = [message("large", large.to_string()), message("good", good.to_string())];
        let reports = ingestion::ingest(&app.context, &batch).await.unwrap();
        assert!(matches!(reports[0].outcome, EventOutcome::Quarantined { .. }), "{size}");
        assert_eq!(reports[1].outcome, EventOutcome::Ingested, "{size}");
    }
    let text = "x".repeat(230_000);
    let reports = app.send_raw(&text).await;
    assert!(matches!(reports[0].outcome, EventOutcome::Quarantined { .. }));
}

/// 6. A redelivered older change restored an old identity fingerprint.
#[tokio::test]
async fn older_fingerprint_replaces_no_newer() {
    let app = TestApp::at(MORNING).await;
    let code = app.affiliate("affiliate").await;
    let twin = json!({
        "uid": "twin", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH", "personHash": "p1",
    });
    app.taken("account.registered", twin).await;
    let old = changed("affiliate", "personHash", "p0", "2026-11-01T00:00:00Z");
    app.taken("account.changed", old.clone()).await;
    let new = changed("affiliate", "personHash", "p1", "2026-11-02T00:00:00Z");
    app.taken("account.changed", new).await;
    app.taken("account.changed", old.clone()).await;
    assert_eq!(refusal(&app, "twin", &code).await.as_deref(), Some("same_identity"));
    app.send_as("another", "account.changed", old).await;
    assert_eq!(refusal(&app, "twin", &code).await.as_deref(), Some("same_identity"));
}

/// 7. Funding, liquidations and busted trades made users without a trade new traders.
#[tokio::test]
async fn fees_without_a_trade_make_no_trader() {
    let app = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    three_newcomers_trade(&app, &code).await;
    let bust = |trade_id: &str, uid: &str| {
        json!({
            "tradeId": trade_id, "uid": uid, "day": "2026-09-30", "amount": "0",
            "amountUsd": "0", "volumeUsd": "0", "at": "2026-09-30T10:00:01Z", "why": "trade busted",
        })
    };
    app.taken("fee.corrected", bust("t1", "newcomer-1")).await;
    app.taken("fee.corrected", bust("t2", "newcomer-2")).await;
    let mut funding = fee("funding", "newcomer-1", "2026-09-30T10:00:01Z");
    funding["kind"] = "funding".into();
    app.charged(funding).await;
    let mut liquidation = fee("liquidation", "newcomer-2", "2026-09-30T10:00:01Z");
    liquidation["kind"] = "liquidation".into();
    app.charged(liquidation).await;
    let night = app.night("2026-09-30").await;
    assert_eq!(night.evaluated.map(|evaluated| evaluated.promoted), Some(0));
    for invitee in ["newcomer-1", "newcomer-2"] {
        let row = row_of(&app, invitee).await;
        assert_eq!(
            (&row["status"], &row["firstTradeTime"]),
            (&json!("no_trades_yet"), &json!(null))
        );
    }
    let row = row_of(&app, "newcomer-0").await;
    assert_eq!(row["firstTradeTime"], "2026-09-30T10:00:00.000Z");
    let dashboard = app.get("affiliate", "/v1/dashboard").await.json();
    assert_eq!(dashboard["counts"]["active"], 1);
}

/// 7. An invitee whose only trade is busted on a later day is no longer a trader.
#[tokio::test]
async fn busted_first_trade_is_replaced() {
    let app = with_invitee().await;
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    app.now("2026-11-21T16:00:00Z");
    app.charged(fee("t2", "dormant", "2026-11-21T10:00:00Z")).await;
    app.night("2026-11-21").await;
    assert_eq!(row_of(&app, "dormant").await["firstTradeTime"], "2026-11-20T10:00:00.000Z");
    let mut bust = correction("t1", "2026-11-20", "0", "trade busted");
    for member in ["amountUsd", "volumeUsd"] {
        bust[member] = "0".into();
    }
    app.now("2026-11-22T16:00:00Z");
    app.taken("fee.corrected", bust).await;
    app.night("2026-11-22").await;
    let row = row_of(&app, "dormant").await;
    assert_eq!(row["firstTradeTime"], "2026-11-21T10:00:00.000Z");
    assert_eq!(row["lastTradeTime"], "2026-11-21T10:00:00.000Z");
}

/// 8. Corrections that could not be applied were accepted and never reported.
#[tokio::test]
async fn inapplicable_corrections_are_quarantined() {
    let app = with_invitee().await;
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    let inexact = correction("t1", "2026-11-20", "0.0000000005", "too many decimals");
    app.taken("fee.corrected", inexact).await;
    app.taken("fee.corrected", correction("t1", "2026-11-19", "0.0005", "wrong day")).await;
    for night in ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"] {
        app.night(night).await;
    }
    assert_eq!(in_quarantine(&app, "too many decimals").await, 1);
    assert_eq!(in_quarantine(&app, "wrong day").await, 1);
    let lines = app.lines("affiliate", "2026-11-19", "2026-11-20").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["commission"], "0.00020000");
}

/// 8. A correction that cannot be applied does not replace one that can.
#[tokio::test]
async fn inexact_correction_keeps_exact_one() {
    let app = with_invitee().await;
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.taken("fee.corrected", correction("t1", "2026-11-20", "0.0005", "exact")).await;
    let mut inexact = correction("t1", "2026-11-20", "0.0000000005", "inexact");
    inexact["at"] = "2026-11-20T13:00:00Z".into();
    app.taken("fee.corrected", inexact).await;
    app.night("2026-11-20").await;
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(lines[0]["commission"], "0.00010000");
}

/// 9. A change of the region alone was quarantined, and the account stayed eligible.
#[tokio::test]
async fn region_alone_blocks_a_bind() {
    let app = TestApp::at(MORNING).await;
    let code = app.affiliate("affiliate").await;
    let oksana =
        json!({ "uid": "oksana", "registeredAt": "2024-01-01T00:00:00Z", "country": "UA" });
    app.taken("account.registered", oksana).await;
    assert_eq!(refusal(&app, "oksana", &code).await, None);
    let moved = changed("oksana", "region", "UA-43", "2026-11-20T08:00:00Z");
    app.taken("account.changed", moved).await;
    assert_eq!(refusal(&app, "oksana", &code).await.as_deref(), Some("region_blocked_invitee"));
}

/// 9. A change with the same country removed the region.
#[tokio::test]
async fn same_country_keeps_the_region() {
    let app = TestApp::at(MORNING).await;
    let code = app.affiliate("affiliate").await;
    let oksana = json!({
        "uid": "oksana", "registeredAt": "2024-01-01T00:00:00Z", "country": "UA", "region": "UA-43",
    });
    app.taken("account.registered", oksana).await;
    let same = changed("oksana", "country", "UA", "2026-11-20T08:00:00Z");
    app.taken("account.changed", same).await;
    assert_eq!(refusal(&app, "oksana", &code).await.as_deref(), Some("region_blocked_invitee"));
}

/// 9. Unknown places were accepted, and blocked nowhere.
#[tokio::test]
async fn unknown_places_are_quarantined() {
    let app = TestApp::at(MORNING).await;
    for (number, place) in ["UK", "EL", "ZZ", "XX"].into_iter().enumerate() {
        let at = "2026-11-20T08:00:00Z";
        let uid = format!("newcomer-{number}");
        let registered = json!({ "uid": uid, "registeredAt": at, "country": place });
        assert!(quarantined(&app, "account.registered", registered).await, "{place}");
        app.registered(&uid, at).await;
        let moved = changed(&uid, "country", place, at);
        assert!(quarantined(&app, "account.changed", moved).await, "{place}");
    }
}

/// 10. A second registration with another country, link or fingerprint was accepted silently.
#[tokio::test]
async fn registration_with_other_facts_is_quarantined() {
    let app = TestApp::at(MORNING).await;
    let (code, other) = (app.affiliate("affiliate").await, app.affiliate("other").await);
    let first = json!({
        "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
        "personHash": "p1",
    });
    app.taken("account.registered", first.clone()).await;
    for (member, value) in [("country", "TR"), ("ref", other.as_str()), ("personHash", "p2")] {
        let mut second = first.clone();
        second[member] = value.into();
        assert!(quarantined(&app, "account.registered", second).await, "{member}");
    }
    app.send_as("again", "account.registered", first.clone()).await;
    assert_eq!(in_quarantine(&app, "again").await, 0);
    app.taken("account.registered", first).await;
}

/// A message that registers an account twice failed its batch for ever.
#[tokio::test]
async fn duplicate_registration_is_ingested() {
    let app = TestApp::at(MORNING).await;
    let data =
        json!({ "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH" });
    let twice = ["e1", "e2"].map(|id| event(id, "account.registered", data.clone()));
    let reports = app.send_raw(&json!(twice).to_string()).await;
    assert!(reports.iter().all(|report| report.outcome == EventOutcome::Ingested));
}

/// 11. One late activity caused every day since the binding to be booked again, and so did its
/// redelivery.
#[tokio::test]
async fn late_activity_marks_booked_days_only() {
    let app = TestApp::at("2026-07-01T09:00:00Z").await;
    recalled(&app, "affiliate", "dormant").await;
    app.now("2026-11-14T16:00:00Z");
    app.charged(fee("t1", "dormant", "2026-11-14T10:00:00Z")).await;
    app.night("2026-11-14").await;
    assert_eq!(fees_counted(&app, "2026-11-14").await, 1);
    app.now("2026-11-15T16:00:00Z");
    let late = json!({ "uid": "dormant", "product": "earn", "at": "2026-06-15T00:00:00Z" });
    app.taken("activity", late.clone()).await;
    let night = app.night("2026-11-15").await;
    assert!(night.days.len() <= 2, "{} days are booked", night.days.len());
    assert_eq!(fees_counted(&app, "2026-11-14").await, 0);
    app.now("2026-11-16T16:00:00Z");
    app.taken("activity", late.clone()).await;
    app.send_as("another", "activity", late).await;
    let night = app.night("2026-11-16").await;
    assert_eq!(night.days.len(), 1, "a redelivery touches nothing");
}

/// 12. The window called a bound user dormant, which was not known.
#[tokio::test]
async fn bound_user_is_not_dormant() {
    let app = TestApp::at(MORNING).await;
    let code = recalled(&app, "affiliate", "dormant").await;
    app.now(AFTERNOON);
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    let window = app.get("dormant", &format!("/v1/bind?ref={code}")).await.json();
    let checks = window["checks"].as_array().unwrap();
    let dormant = checks.iter().find(|check| check["reason"] == "recently_active");
    assert!(dormant.is_none_or(|check| check["met"] == false), "{dormant:?}");
}

/// 12. The sub-account of a sub-account did not count as activity, and its fees had no owner.
#[tokio::test]
async fn nested_sub_accounts_belong_to_top() {
    let app = TestApp::at(MORNING).await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    for (desk, main) in [("desk", "dormant"), ("lower-desk", "desk"), ("lowest-desk", "lower-desk")]
    {
        let registered = json!({
            "uid": desk, "registeredAt": "2024-02-01T00:00:00Z", "country": "CH", "mainUid": main,
        });
        app.taken("account.registered", registered).await;
    }
    app.registered("busy", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now(AFTERNOON);
    app.charged(fee("t1", "lowest-desk", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    assert_eq!(fees_counted(&app, "2026-11-20").await, 1);
    let late = json!({ "uid": "lowest-desk", "product": "earn", "at": "2026-11-01T00:00:00Z" });
    app.taken("activity", late).await;
    app.night("2026-11-21").await;
    assert_eq!(fees_counted(&app, "2026-11-20").await, 0, "the binding is void");
}

/// 12. Of two members with one name in an event, the last one was used silently.
#[tokio::test]
async fn duplicate_members_are_quarantined() {
    let app = with_invitee().await;
    let good = event("e1", "fee.charged", fee("t1", "dormant", "2026-11-20T10:00:00Z")).to_string();
    let doubled = [
        good.replace(r#""amount":"#, r#""amount":"7","amount":"#),
        good.replace(r#""id":"#, r#""id":"e0","id":"#),
    ];
    for text in doubled {
        let reports = app.send_raw(&text).await;
        assert!(matches!(reports[0].outcome, EventOutcome::Quarantined { .. }), "{text}");
    }
}

/// 13. A fee is identified by account, trade id and UTC day.
#[tokio::test]
async fn trade_id_is_per_day_and_payer() {
    let app = TestApp::at(MORNING).await;
    let code = recalled(&app, "affiliate", "dormant").await;
    app.registered("counterpart", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("counterpart", &code).await.status, 201);
    app.now("2026-11-21T16:00:00Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.charged(fee("t1", "counterpart", "2026-11-20T10:00:00Z")).await;
    app.charged(fee("t1", "dormant", "2026-11-21T10:00:00Z")).await;
    app.night("2026-11-20").await;
    app.night("2026-11-21").await;
    assert_eq!(fees_counted(&app, "2026-11-20").await, 2);
    assert_eq!(fees_counted(&app, "2026-11-21").await, 1);
    assert_eq!(in_quarantine(&app, "t1").await, 0);
}

/// 13. A main account and its sub-account have a fee each under one trade id.
#[tokio::test]
async fn self_trade_is_two_fees() {
    let app = with_invitee().await;
    let desk = json!({
        "uid": "desk", "registeredAt": "2024-02-01T00:00:00Z", "country": "CH",
        "mainUid": "dormant",
    });
    app.taken("account.registered", desk).await;
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    let mut other_side = fee("t1", "desk", "2026-11-20T10:00:00Z");
    other_side["amount"] = "0.002".into();
    app.charged(other_side).await;
    app.night("2026-11-20").await;
    assert_eq!(fees_counted(&app, "2026-11-20").await, 2);
}

/// A correction of an old day was settled as soon as it was booked.
#[tokio::test]
async fn late_correction_is_not_settled_at_once() {
    let app = with_invitee().await;
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    app.now("2026-11-25T16:00:00Z");
    app.taken("fee.corrected", correction("t1", "2026-11-20", "0.002", "wrong fee tier")).await;
    app.night("2026-11-25").await;
    let statuses = async || {
        let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
        lines.iter().map(|line| line["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(statuses().await, ["settled", "accrued"]);
    app.now("2026-11-27T00:31:00Z");
    assert_eq!(statuses().await, ["settled", "settled"]);
}

/// A repeated request for a link made another link.
#[tokio::test]
async fn repetition_makes_one_link() {
    let app = TestApp::at(MORNING).await;
    app.affiliate("affiliate").await;
    let key = [("idempotency-key", "5f0c9c5e-0001")];
    let post = async |label: &str| {
        let body = json!({ "label": label });
        app.call("affiliate", "POST", "/v1/links", &key, Some(body)).await
    };
    let (first, second) = (post("blog").await, post("blog").await);
    assert_eq!(first.json()["code"], second.json()["code"], "{}", second.body);
    assert_eq!(post("other").await.status, 422);
    let links = app.get("affiliate", "/v1/links").await.json();
    assert_eq!(links["links"].as_array().unwrap().len(), 2);
}
