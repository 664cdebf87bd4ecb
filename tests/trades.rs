//! First trades: only real trades make a trader, and busted ones do not.

use serde_json::{Value, json};
use types::{Market, Quarter};

use crate::test_app::{TestApp, day, fee, uid};

/// Three newcomers of an affiliate's link, on the last day but one of a quarter.
async fn newcomers() -> TestApp {
    let app = TestApp::at("2026-09-29T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    for trader in ["new-1", "new-2", "new-3"] {
        let data = json!({
            "uid": trader, "registeredAt": "2026-09-29T08:00:00Z", "country": "CH", "ref": code,
        });
        app.taken("account.registered", data).await;
    }
    app.now("2026-09-29T20:00:00Z");
    app
}

fn of_kind(kind: &str, trade: &str, uid: &str, at: &str) -> Value {
    let mut fee = fee(trade, uid, at);
    fee["kind"] = json!(kind);
    fee["product"] = json!("futures");
    fee
}

/// Busts a trade of a past day.
async fn bust(app: &TestApp, trade: &str, uid: &str, of: &str, at: &str) {
    app.now(at);
    let busted = json!({
        "tradeId": trade, "uid": uid, "day": of, "amount": "0", "amountUsd": "0",
        "volumeUsd": "0", "at": at, "why": "trade busted",
    });
    app.taken("fee.corrected", busted).await;
}

/// The tiers earned in the third quarter, in spot and futures.
async fn evaluated(app: &TestApp) -> (usize, usize) {
    let evaluate = json!({ "step": "evaluate", "quarter": "2026-Q3" });
    nightly::handle(&app.context, &evaluate).await.unwrap();
    let account = app.context.table.account(&uid("affiliate")).await.unwrap().unwrap().value;
    let next: Quarter = "2026-Q4".parse().unwrap();
    let tiers = account.tiers.at(next.first_day().start()).copied().unwrap_or_default();
    (tiers.of(Market::Spot), tiers.of(Market::Futures))
}

/// The first and last trade and the status of an invitee in the affiliate's view.
async fn shown(app: &TestApp, invitee: &str) -> (Value, Value, Value) {
    let target = format!("/v1/dashboard/referrals?uid={invitee}");
    let row = app.get("affiliate", &target).await.json()["referrals"][0].clone();
    (row["firstTradeTime"].clone(), row["lastTradeTime"].clone(), row["status"].clone())
}

fn traded(first: &str, last: &str) -> (Value, Value, Value) {
    (json!(first), json!(last), json!("active"))
}

fn untraded() -> (Value, Value, Value) {
    (Value::Null, Value::Null, json!("no_trades_yet"))
}

async fn active(app: &TestApp) -> Value {
    app.get("affiliate", "/v1/dashboard").await.json()["counts"]["active"].clone()
}

/// The chart's number of invitees who traded on a day.
async fn active_on(app: &TestApp, of: &str) -> Value {
    let target = format!("/v1/dashboard?from={of}&to={of}");
    app.get("affiliate", &target).await.json()["series"][0]["activeInvitees"].clone()
}

/// New traders of the third quarter in spot, as the daily summaries count them.
async fn new_traders(app: &TestApp) -> i64 {
    let (from, to) = (day("2026-07-01"), day("2026-09-30"));
    let visible = app.context.table.head().await.unwrap().value.visible;
    let runs = app.context.table.summaries(&uid("affiliate"), from, to, visible).await.unwrap();
    runs.iter().filter_map(|run| run.summary.new_traders.get(&Market::Spot)).sum::<i64>()
}

#[tokio::test]
async fn liquidation_makes_no_trader() {
    let app = newcomers().await;
    app.charged(fee("t1", "new-1", "2026-09-29T10:00:00Z")).await;
    let liquidated = of_kind("liquidation", "l1", "new-2", "2026-09-29T10:00:00Z");
    app.charged(liquidated).await;
    app.charged(of_kind("funding", "f1", "new-3", "2026-09-29T10:00:00Z")).await;
    let mut large = fee("t2", "new-1", "2026-09-29T11:00:00Z");
    large["volumeUsd"] = json!("100000000");
    app.charged(large).await;
    bust(&app, "l1", "new-2", "2026-09-29", "2026-09-29T12:00:00Z").await;
    app.night("2026-09-29").await;
    assert_eq!(shown(&app, "new-2").await, untraded());
    assert_eq!(shown(&app, "new-3").await, untraded());
    assert_eq!((active(&app).await, active_on(&app, "2026-09-29").await), (json!(1), json!(1)));
    assert_eq!(new_traders(&app).await, 1);
    assert_eq!(evaluated(&app).await, (0, 0), "tier 1 asks for three new traders");
}

#[tokio::test]
async fn trade_busted_before_booking_is_none() {
    let app = newcomers().await;
    app.charged(fee("t1", "new-1", "2026-09-29T10:00:00Z")).await;
    bust(&app, "t1", "new-1", "2026-09-29", "2026-09-29T12:00:00Z").await;
    app.night("2026-09-29").await;
    assert_eq!(shown(&app, "new-1").await, untraded());
    assert_eq!((active(&app).await, new_traders(&app).await), (json!(0), 0));
}

#[tokio::test]
async fn busted_first_trade_is_reversed() {
    let app = newcomers().await;
    app.charged(fee("t1", "new-1", "2026-09-29T10:00:00Z")).await;
    app.night("2026-09-29").await;
    let at = "2026-09-29T10:00:00.000Z";
    assert_eq!(shown(&app, "new-1").await, traded(at, at));
    assert_eq!((active(&app).await, new_traders(&app).await), (json!(1), 1));
    bust(&app, "t1", "new-1", "2026-09-29", "2026-09-30T11:00:00Z").await;
    app.night("2026-09-30").await;
    assert_eq!(shown(&app, "new-1").await, untraded());
    assert_eq!((active(&app).await, new_traders(&app).await), (json!(0), 0));
    assert_eq!(active_on(&app, "2026-09-29").await, 0);
    let runs = app.summaries("affiliate", "2026-09-29").await;
    let counts = runs.iter().map(|run| (run.summary.active, run.summary.inactive));
    assert_eq!(counts.collect::<Vec<_>>(), [(1, 0), (0, 1)]);
}

#[tokio::test]
async fn next_trade_replaces_busted_one() {
    let app = newcomers().await;
    for (trade, trader) in [("t1", "new-1"), ("t2", "new-2"), ("t3", "new-3")] {
        app.charged(fee(trade, trader, "2026-09-29T10:00:00Z")).await;
    }
    app.charged(fee("t4", "new-1", "2026-09-29T14:00:00Z")).await;
    app.night("2026-09-29").await;
    app.now("2026-10-01T20:00:00Z");
    app.charged(fee("t5", "new-1", "2026-09-30T10:00:00Z")).await;
    app.charged(fee("t6", "new-1", "2026-10-01T10:00:00Z")).await;
    app.night("2026-09-30").await;
    app.night("2026-10-01").await;
    let last = "2026-10-01T10:00:00.000Z";
    assert_eq!(shown(&app, "new-1").await, traded("2026-09-29T10:00:00.000Z", last));
    assert_eq!(evaluated(&app).await, (1, 0));

    for (trade, of, at, first) in [
        ("t1", "2026-09-29", "2026-10-02T10:00:00Z", "2026-09-29T14:00:00.000Z"),
        ("t4", "2026-09-29", "2026-10-03T10:00:00Z", "2026-09-30T10:00:00.000Z"),
        ("t5", "2026-09-30", "2026-10-04T10:00:00Z", last),
    ] {
        assert_eq!(evaluated(&app).await, (1, 0), "{trade} is not busted yet");
        bust(&app, trade, "new-1", of, at).await;
        app.night(&at[..10]).await;
        assert_eq!(shown(&app, "new-1").await, traded(first, last), "{trade}");
        assert_eq!(active(&app).await, 3);
    }
    assert_eq!(evaluated(&app).await, (0, 0), "the first trade is of the fourth quarter");
}

#[tokio::test]
async fn busted_last_trade_is_replaced() {
    let app = newcomers().await;
    app.charged(fee("t1", "new-1", "2026-09-29T10:00:00Z")).await;
    app.night("2026-09-29").await;
    app.now("2026-09-30T20:00:00Z");
    app.charged(fee("t2", "new-1", "2026-09-30T10:00:00Z")).await;
    app.night("2026-09-30").await;
    bust(&app, "t2", "new-1", "2026-09-30", "2026-10-01T11:00:00Z").await;
    app.night("2026-10-01").await;
    let at = "2026-09-29T10:00:00.000Z";
    assert_eq!(shown(&app, "new-1").await, traded(at, at));
    assert_eq!(active_on(&app, "2026-09-30").await, 0);
}
