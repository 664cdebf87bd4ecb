//! When amounts become payable, and how exports show it.

use serde_json::{Value, json};

use crate::test_app::{TestApp, fee};

/// A day with one line, booked half an hour after its end.
async fn booked() -> TestApp {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now("2026-11-20T23:00:00Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    app
}

async fn statuses(app: &TestApp) -> Vec<Value> {
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    lines.iter().map(|line| line["status"].clone()).collect()
}

#[tokio::test]
async fn late_line_settles_by_its_own_commit() {
    let app = booked().await;
    app.now("2026-11-25T12:00:00Z");
    app.charged(fee("t2", "dormant", "2026-11-20T11:00:00Z")).await;
    app.night("2026-11-25").await;
    assert_eq!(statuses(&app).await, ["settled", "accrued"]);
    app.now("2026-11-27T00:29:59.999Z");
    assert_eq!(statuses(&app).await, ["settled", "accrued"]);
    app.now("2026-11-27T00:30:00Z");
    assert_eq!(statuses(&app).await, ["settled", "settled"]);
}

#[tokio::test]
async fn line_settles_a_delay_after_commit() {
    let app = booked().await;
    app.now("2026-11-22T00:29:59.999Z");
    assert_eq!(statuses(&app).await, ["accrued"]);
    app.now("2026-11-22T00:30:00Z");
    assert_eq!(statuses(&app).await, ["settled"]);
}

#[tokio::test]
async fn pages_of_a_list_share_a_time() {
    let app = booked().await;
    app.charged(fee("t2", "dormant", "2026-11-20T11:00:00Z")).await;
    let mut futures = fee("t3", "dormant", "2026-11-20T11:00:00Z");
    futures["product"] = json!("futures");
    app.charged(futures).await;
    app.night("2026-11-21").await;
    let list = "/v1/dashboard/commissions?from=2026-11-20&to=2026-11-20&limit=1";
    app.now("2026-11-22T00:29:59Z");
    let mut page = app.get("affiliate", list).await.json();
    let mut seen = vec![page["lines"][0]["status"].clone()];
    // Between two pages the run is settled and paid.
    app.now("2026-11-22T12:00:00Z");
    let paid = json!({
        "uid": "affiliate", "day": "2026-11-20", "runId": "2026-11-20.3",
        "paidAt": "2026-11-22T00:00:00Z", "reference": "payout-1",
    });
    app.taken("commission.paid", paid).await;
    while let Some(cursor) = page["nextCursor"].as_str().map(ToOwned::to_owned) {
        page = app.get("affiliate", &format!("{list}&cursor={cursor}")).await.json();
        seen.push(page["lines"][0]["status"].clone());
        assert_eq!(page["lines"][0]["paidAt"], Value::Null);
    }
    assert_eq!(seen, ["accrued", "accrued", "accrued"]);
    assert_eq!(statuses(&app).await, ["settled", "paid", "paid"]);
}
