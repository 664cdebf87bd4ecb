//! The main story: a link, a bind, trades, a night, and the commission on the dashboard.

use serde_json::json;

use crate::test_app::{TestApp, fee};

/// Three newcomers sign up by a link and trade on the last day of a quarter: as many new traders as
/// a tier requires.
pub async fn three_newcomers_trade(app: &TestApp, code: &str) {
    for number in 0..3 {
        let uid = format!("newcomer-{number}");
        let signed_up = json!({
            "uid": uid, "registeredAt": "2026-09-30T08:00:00Z", "country": "CH", "ref": code,
        });
        app.taken("account.registered", signed_up).await;
        app.now("2026-09-30T10:00:01Z");
        app.charged(fee(&format!("t{number}"), &uid, "2026-09-30T10:00:00Z")).await;
    }
}

#[tokio::test]
async fn recalled_user_earns_commission() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;

    let bound = app.bind("dormant", &code).await;
    assert_eq!(bound.status, 201, "{}", bound.body);

    app.now("2026-11-20T10:00:01Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    let before = app.get("affiliate", "/v1/dashboard").await.json();
    assert_eq!(before["dataAsOf"], json!(null));

    let night = app.night("2026-11-20").await;
    assert_eq!(night.days.len(), 1);
    assert_eq!(night.days[0].lines, 1);

    let after = app.get("affiliate", "/v1/dashboard?from=2026-11-20&to=2026-11-20").await.json();
    assert_eq!(after["dataAsOf"], "2026-11-21T00:00:00.000Z");
    assert_eq!(after["counts"]["invitees"], 1);
    assert_eq!(after["counts"]["recall"], 1);
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["commission"], "0.00020000");
    assert_eq!(lines[0]["rate"], "0.2");
    assert_eq!(lines[0]["uid"], "dormant");
}

#[tokio::test]
async fn shared_commission_is_visible() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    let shared = json!({ "spot": "0.05", "futures": "0" });
    let link = app.post("affiliate", "/v1/links", json!({ "sharedCommission": shared })).await;
    let code = link.json()["code"].as_str().unwrap().to_owned();
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now("2026-11-20T10:00:01Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;

    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(lines[0]["commission"], "0.00015000");
    assert_eq!(lines[0]["shared"], "0.00005000");
    let binding = app.get("dormant", "/v1/binding").await;
    assert!(binding.body.contains("0.00005000"), "{}", binding.body);
}

#[tokio::test]
async fn payment_is_shown_once() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    app.bind("dormant", &code).await;
    app.now("2026-11-20T10:00:01Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    let run = app.lines("affiliate", "2026-11-20", "2026-11-20").await[0]["runId"].clone();
    let status = async || {
        let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
        lines[0]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status().await, "accrued");
    app.now("2026-11-23T00:00:00Z");
    assert_eq!(status().await, "settled");
    let paid = json!({
        "uid": "affiliate", "day": "2026-11-20", "runId": run,
        "paidAt": "2026-11-22T08:00:00Z", "reference": "payout-1",
    });
    app.taken("commission.paid", paid.clone()).await;
    assert_eq!(status().await, "paid");
    app.taken("commission.paid", paid.clone()).await;
    assert_eq!(status().await, "paid");
}

#[tokio::test]
async fn sign_up_binds_and_counts_as_trader() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    let signed_up = json!({
        "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
    });
    app.taken("account.registered", signed_up).await;
    app.now("2026-11-20T10:00:01Z");
    app.charged(fee("t1", "newcomer", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    let day = app.summaries("affiliate", "2026-11-20").await.remove(0).summary;
    assert_eq!(day.new_traders.values().sum::<i64>(), 1);
    let referrals = app.get("affiliate", "/v1/dashboard/referrals").await.body;
    assert!(referrals.contains("signup") && referrals.contains("newcomer"), "{referrals}");
}

#[tokio::test]
async fn quarter_raises_next_tier() {
    let app = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    three_newcomers_trade(&app, &code).await;
    let night = app.night("2026-09-30").await;
    assert_eq!(night.evaluated.map(|e| (e.affiliates, e.promoted)), Some((1, 1)));
    app.now("2026-10-01T10:00:01Z");
    app.charged(fee("later", "newcomer-0", "2026-10-01T10:00:00Z")).await;
    app.night("2026-10-01").await;
    let rate = |lines: Vec<serde_json::Value>| lines[0]["rate"].as_str().unwrap().to_owned();
    assert_eq!(rate(app.lines("affiliate", "2026-09-30", "2026-09-30").await), "0.2");
    assert_eq!(rate(app.lines("affiliate", "2026-10-01", "2026-10-01").await), "0.3");
}

#[tokio::test]
async fn inviter_finds_own_invitee() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate-1").await;
    app.affiliate("affiliate-2").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.night("2026-11-20").await;
    let found = async |by: &str, query: &str| {
        let page = app.get(by, &format!("/v1/dashboard/referrals?{query}")).await.json();
        page["referrals"].as_array().unwrap().len()
    };
    assert_eq!(found("affiliate-1", "uid=dormant").await, 1);
    assert_eq!(found("affiliate-1", "uid=dormant&origin=signup").await, 0);
    for uid in ["dormant", "affiliate-1", "nobody"] {
        assert_eq!(found("affiliate-2", &format!("uid={uid}")).await, 0, "{uid}");
    }
}
