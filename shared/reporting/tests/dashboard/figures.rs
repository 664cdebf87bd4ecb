//! `GET /v1/dashboard`: the figures, and the cost of reading them.

use serde_json::{Value, json};
use types::Product;

use crate::sample::{EARNED, ledger, line};
use crate::test_app::{AFFILIATE, TestApp, read, summary_of};

const RANGE: &str = "/v1/dashboard?from=2026-11-11&to=2026-11-21";

#[tokio::test]
async fn figures_of_sample() {
    insta::assert_json_snapshot!(ledger().await.get(RANGE).await);
}

#[tokio::test]
async fn empty_ledger_is_zero_and_empty() {
    insta::assert_json_snapshot!(TestApp::new().await.get("/v1/dashboard").await);
}

#[tokio::test]
async fn year_is_read_by_two_calls() {
    let mut app = TestApp::new().await;
    let lines = [line("r1", Product::Spot, "BTC", 524_900, EARNED)];
    for day in read::<types::Day>("2025-11-22").through(read("2026-11-21")).step_by(5) {
        app.run(AFFILIATE, &day.to_string(), summary_of(&lines), &lines).await;
    }
    let calls = app.calls("/v1/dashboard?from=2025-11-22&to=2026-11-21").await;
    assert_eq!(calls, [("BatchGetItem".to_owned(), 1), ("Query".to_owned(), 1)]);
}

#[tokio::test]
async fn old_range_is_read_by_second_query() {
    let mut app = TestApp::new().await;
    let lines = [line("r1", Product::Spot, "BTC", 524_900, EARNED)];
    for day in ["2026-01-15", "2026-06-15", "2026-11-15"] {
        app.run(AFFILIATE, day, summary_of(&lines), &lines).await;
    }
    let target = "/v1/dashboard?from=2026-01-01&to=2026-01-31";
    assert_eq!(app.calls(target).await[1], ("Query".to_owned(), 2));
    let answer = app.get(target).await;
    assert_eq!(answer["feeCount"], 2);
    assert_eq!(answer["tiers"][0]["soFar"]["volumeUsd"], "5249.000000");
}

#[tokio::test]
async fn range_at_quarter_needs_one_query() {
    let app = TestApp::new().await;
    for (range, queries) in [
        ("from=2026-09-01&to=2026-09-30", 1),
        ("from=2026-09-01&to=2026-09-29", 2),
        ("from=2026-11-23&to=2026-11-30", 1),
        // The range before these days reaches into the quarter.
        ("from=2026-11-24&to=2026-11-30", 1),
        ("from=2026-11-25&to=2026-11-25", 2),
    ] {
        let calls = app.calls(&format!("/v1/dashboard?{range}")).await;
        assert_eq!(calls[1], ("Query".to_owned(), queries), "{range}");
    }
}

#[tokio::test]
async fn tier_progress_is_of_quarter() {
    let mut app = TestApp::new().await;
    let lines = [line("r1", Product::Spot, "BTC", 524_900, EARNED)];
    for day in ["2026-09-30", "2026-10-01", "2026-11-21"] {
        app.run(AFFILIATE, day, summary_of(&lines), &lines).await;
    }
    for range in ["from=2026-11-21&to=2026-11-21", "from=2026-09-01&to=2026-11-21"] {
        let answer = app.get(&format!("/v1/dashboard?{range}")).await;
        assert_eq!(answer["tiers"][0]["soFar"]["volumeUsd"], "10498.000000", "{range}");
    }
}

#[tokio::test]
async fn previous_is_same_of_days_before() {
    let mut app = ledger().await;
    let later = app.get("/v1/dashboard?from=2026-11-19&to=2026-11-25").await;
    let earlier = app.get("/v1/dashboard?from=2026-11-12&to=2026-11-18").await;
    for member in ["from", "to", "finalThrough", "newInvitees", "feeCount", "totals"] {
        assert_eq!(later["previous"][member], earlier[member], "{member}");
    }
    assert_eq!(later["previous"]["commissionByStatus"], earlier["commissionByStatus"]);
    assert_eq!(later["previous"]["feeCount"], 8);
    assert_eq!(later["feeCount"], 4);
    app.close_through("2026-11-14").await;
    let later = app.get("/v1/dashboard?from=2026-11-19&to=2026-11-25").await;
    assert_eq!(later["previous"]["finalThrough"], "2026-11-14");
}

#[tokio::test]
async fn previous_year_is_read_by_same_query() {
    let mut app = TestApp::new().await;
    let lines = [line("r1", Product::Spot, "BTC", 524_900, EARNED)];
    app.run(AFFILIATE, "2024-11-22", summary_of(&lines), &lines).await;
    app.run(AFFILIATE, "2024-11-21", summary_of(&lines), &lines).await;
    let target = "/v1/dashboard?from=2025-11-22&to=2026-11-21";
    let answer = app.get(target).await;
    assert_eq!(
        (&answer["previous"]["from"], &answer["feeCount"]),
        (&json!("2024-11-22"), &json!(0))
    );
    assert_eq!(answer["previous"]["feeCount"], 2);
    assert_eq!(app.calls(target).await[1], ("Query".to_owned(), 1));
}

#[tokio::test]
async fn open_day_is_not_final() {
    let mut app = TestApp::new().await;
    let lines = [line("r1", Product::Spot, "BTC", 524_900, EARNED)];
    app.run(AFFILIATE, "2026-11-20", summary_of(&lines), &lines).await;
    app.close_through("2026-11-18").await;
    let answer = app.get("/v1/dashboard?from=2026-11-18&to=2026-11-22").await;
    let days = answer["series"].as_array().unwrap().iter();
    let days: Vec<Value> = days.map(|day| json!([day["day"], day["final"]])).collect();
    let expected = json!([["2026-11-18", true], ["2026-11-19", false], ["2026-11-20", false]]);
    assert_eq!(Value::from(days), expected);
    assert_eq!(answer["finalThrough"], "2026-11-18");
    assert_eq!(answer["dataAsOf"], "2026-11-19T00:00:00.000Z");
}

#[tokio::test]
async fn run_is_not_seen_before_it_is_visible() {
    let mut app = TestApp::new().await;
    let lines = [line("r1", Product::Spot, "BTC", 524_900, EARNED)];
    let seq = app.hidden_run(AFFILIATE, "2026-11-20", summary_of(&lines), &lines).await;
    let count = |answer: Value| answer["feeCount"].as_i64().unwrap();
    assert_eq!(count(app.get(RANGE).await), 0);
    app.show(seq).await;
    assert_eq!(count(app.get(RANGE).await), 2);
}

#[tokio::test]
async fn leap_year_fits_one_range() {
    let answer = TestApp::new().await.get("/v1/dashboard?from=2024-01-01&to=2024-12-31").await;
    assert_eq!(answer["to"], "2024-12-31");
}
