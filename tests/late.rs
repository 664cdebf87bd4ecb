//! Late fees, corrections and facts: each books the difference as new lines.

use serde_json::{Value, json};
use types::Reason;

use crate::test_app::{TestApp, fee};

async fn booked() -> TestApp {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now("2026-11-20T23:00:00Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.charged(fee("t2", "dormant", "2026-11-20T11:00:00Z")).await;
    app.night("2026-11-20").await;
    app
}

async fn lines(app: &TestApp) -> Vec<(String, String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    lines.iter().map(|l| (text(l, "type"), text(l, "cause"), text(l, "commission"))).collect()
}

fn line(kind: &str, cause: &str, commission: &str) -> (String, String, String) {
    (kind.to_owned(), cause.to_owned(), commission.to_owned())
}

#[tokio::test]
async fn late_fee_is_booked_for_its_day() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    app.charged(fee("t3", "dormant", "2026-11-20T12:00:00Z")).await;
    let night = app.night("2026-11-21").await;
    let days: Vec<_> = night.days.iter().map(|d| (d.day.to_string(), d.lines)).collect();
    assert_eq!(days, [("2026-11-21".to_owned(), 0), ("2026-11-20".to_owned(), 1)]);
    let expected =
        [line("commission", "", "0.00040000"), line("correction", "late_fee", "0.00020000")];
    assert_eq!(lines(&app).await, expected);
}

#[tokio::test]
async fn late_fee_costs_only_its_shard() {
    let app = booked().await;
    let late = fee("t-late", "dormant", "2026-11-20T10:00:00Z");
    app.now("2026-11-21T09:00:00Z");
    app.charged(late).await;
    let plan = json!({ "step": "plan", "day": "2026-11-21" });
    app.now("2026-11-22T00:30:00Z");
    let plan = nightly::handle(&app.context, &plan).await.unwrap();
    let shards = |day: usize| plan["days"][day]["shards"].as_array().unwrap().len();
    assert_eq!(plan["days"][1]["day"], "2026-11-20");
    assert_eq!(
        (shards(0), shards(1)),
        (64, 1),
        "the whole day that ended, one shard of the one before"
    );
}

#[tokio::test]
async fn correction_books_line_with_reason() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    let correction = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0.0005",
        "amountUsd": "50", "volumeUsd": "50000", "at": "2026-11-21T11:00:00Z",
        "why": "wrong fee tier",
    });
    app.taken("fee.corrected", correction).await;
    app.night("2026-11-21").await;
    let expected =
        [line("commission", "", "0.00040000"), line("correction", "fee_corrected", "-0.00010000")];
    assert_eq!(lines(&app).await, expected);
    let export = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert!(export[1].to_string().contains("wrong fee tier"), "{}", export[1]);
}

#[tokio::test]
async fn busted_trade_is_reversed() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    let bust = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0", "amountUsd": "0",
        "volumeUsd": "0", "at": "2026-11-21T11:00:00Z", "why": "trade busted",
    });
    app.taken("fee.corrected", bust).await;
    app.night("2026-11-21").await;
    let total: i128 = app
        .summaries("affiliate", "2026-11-20")
        .await
        .iter()
        .flat_map(|day| day.summary.cells.values().map(|money| money.in_asset.commission.minor()))
        .sum();
    assert_eq!(total, 20_000);
}

#[tokio::test]
async fn early_correction_is_applied() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    app.bind("dormant", &code).await;
    app.now("2026-11-20T23:00:00Z");
    let correction = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0.0005",
        "amountUsd": "50", "volumeUsd": "50000", "at": "2026-11-20T22:00:00Z", "why": "typed wrong",
    });
    app.taken("fee.corrected", correction).await;
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    assert_eq!(lines(&app).await, [line("commission", "", "0.00010000")]);
}

#[tokio::test]
async fn late_fact_waits_for_rerun() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    let left = json!({ "uid": "affiliate", "affiliate": false, "at": "2026-11-20T10:30:00Z" });
    app.taken("account.changed", left).await;
    assert_eq!(lines(&app).await, [line("commission", "", "0.00040000")]);
    app.book("2026-11-20").await;
    let expected = [
        line("commission", "", "0.00040000"),
        line("correction", "facts_changed", "-0.00020000"),
        line("correction", "facts_changed", "0.00000000"),
    ];
    assert_eq!(lines(&app).await, expected);
}

#[tokio::test]
async fn late_activity_voids_binding() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    let active = json!({ "uid": "dormant", "product": "earn", "at": "2026-11-01T00:00:00Z" });
    app.taken("activity", active).await;
    app.night("2026-11-21").await;
    let expected =
        [line("commission", "", "0.00040000"), line("correction", "binding_voided", "-0.00040000")];
    assert_eq!(lines(&app).await, expected);
    app.now("2026-11-22T12:00:00Z");
    let again = app.get("dormant", "/v1/bind?ref=ABCDEFGH").await;
    assert_eq!(again.status, 404);
    let referrals = app.get("affiliate", "/v1/dashboard/referrals").await.body;
    assert!(referrals.contains("voided"), "{referrals}");
}

#[tokio::test]
async fn voided_binding_hides_ground() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    let active = json!({ "uid": "dormant", "product": "earn", "at": "2026-11-01T07:08:09Z" });
    app.taken("activity", active).await;
    app.night("2026-11-21").await;
    let grounds: Vec<_> =
        Reason::ALL.iter().filter(|r| r.refuses_bind() && !r.zeroes_fee()).collect();
    for (target, accept) in [
        ("/v1/dashboard", "application/json"),
        ("/v1/dashboard/referrals", "application/json"),
        ("/v1/dashboard/commissions", "application/json"),
        ("/v1/dashboard/commissions", "text/csv"),
        ("/v1/dashboard/commissions", "application/x-ndjson"),
        ("/v1/links", "application/json"),
    ] {
        let answer = app.call("affiliate", "GET", target, &[("accept", accept)], None).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let told = |ground: &str| answer.body.contains(ground);
        // The time at which the binding was voided is the arrival of the fact.
        for ground in ["07:08:09", "earn\"", "voidedAt", "eligib", "2026-11-21T12:00"] {
            assert!(!told(ground), "{target} {ground}: {}", answer.body);
        }
        for reason in &grounds {
            assert!(!told(reason.code()) && !told(reason.sentence()), "{target} {reason}");
        }
    }
}

#[tokio::test]
async fn window_bounds_of_voiding_activity() {
    const BOUND_AT: &str = "2026-11-20T09:00:00.000Z";
    for (time, voided) in [
        ("2026-08-22T08:59:59.999Z", false),
        ("2026-08-22T09:00:00.000Z", true),
        ("2026-11-20T08:59:59.999Z", true),
        (BOUND_AT, false),
    ] {
        let app = booked().await;
        let active = json!({ "uid": "dormant", "product": "earn", "at": time });
        app.taken("activity", active).await;
        let account = app.context.table.account(&crate::test_app::uid("dormant")).await;
        let relation = account.unwrap().unwrap().value.relation.unwrap();
        assert_eq!(relation.bound_at.to_string(), BOUND_AT);
        assert_eq!(relation.voided_at.is_some(), voided, "{time}");
    }
}

#[tokio::test]
async fn trade_at_bind_time_earns() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    app.bind("dormant", &code).await;
    app.charged(fee("t1", "dormant", "2026-11-20T09:00:00Z")).await;
    app.night("2026-11-20").await;
    assert_eq!(lines(&app).await, [line("commission", "", "0.00020000")]);
}

#[tokio::test]
async fn reused_trade_id_is_quarantined() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    let mut other = fee("t1", "dormant", "2026-11-20T10:00:00Z");
    other["amount"] = json!("0.5");
    app.charged(other).await;
    app.night("2026-11-21").await;
    assert_eq!(lines(&app).await, [line("commission", "", "0.00040000")]);
    let kept = app.context.table.quarantined(crate::test_app::day("2026-11-21")).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].reason, "identity_conflict");
}

#[tokio::test]
async fn late_first_trade_counts_for_its_quarter() {
    let app = TestApp::at("2026-09-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    for trader in ["new-1", "new-2", "new-3"] {
        let data = json!({
            "uid": trader, "registeredAt": "2026-09-20T08:00:00Z", "country": "CH", "ref": code,
        });
        app.taken("account.registered", data).await;
    }
    app.now("2026-10-01T20:00:00Z");
    app.charged(fee("t1", "new-1", "2026-09-29T10:00:00Z")).await;
    app.charged(fee("t2", "new-2", "2026-09-30T10:00:00Z")).await;
    app.charged(fee("t3", "new-3", "2026-10-01T10:00:00Z")).await;
    for day in ["2026-09-29", "2026-09-30", "2026-10-01"] {
        app.night(day).await;
    }
    let evaluate = json!({ "step": "evaluate", "quarter": "2026-Q3" });
    let promoted =
        async || nightly::handle(&app.context, &evaluate).await.unwrap()["promoted"].clone();
    assert_eq!(promoted().await, 0, "tier 1 asks for three new traders");
    app.now("2026-10-02T12:00:00Z");
    app.charged(fee("t4", "new-3", "2026-09-30T23:00:00Z")).await;
    app.night("2026-10-02").await;
    assert_eq!(promoted().await, 1);
}
