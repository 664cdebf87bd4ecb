//! The rebates by day, as an invitee reads them.

use nightly::{handle, withdraw};
use serde_json::{Value, json};

use crate::poison::{items, put};
use crate::test_app::{TestApp, fee, uid};

const DAYS: [&str; 3] = ["2026-11-20", "2026-11-21", "2026-11-22"];

/// An affiliate whose invitee gets a tenth of spot fees back.
async fn sharing() -> TestApp {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    app.affiliate("affiliate").await;
    let link = json!({ "sharedCommission": { "spot": "0.1", "futures": "0" } });
    let link = app.post("affiliate", "/v1/links", link).await.json();
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", link["code"].as_str().unwrap()).await.status, 201);
    app
}

/// Charges a fee of 100 USD.
async fn trade(app: &TestApp, on: &str) {
    app.now(&format!("{on}T20:00:00Z"));
    app.charged(fee(on, "dormant", &format!("{on}T10:00:00Z"))).await;
}

/// Corrects the fee of a day.
async fn correct(app: &TestApp, on: &str, now: &str, amount: &str, usd: &str) {
    app.now(now);
    let corrected = json!({
        "tradeId": on, "uid": "dormant", "day": on, "amount": amount, "amountUsd": usd,
        "volumeUsd": "40000", "at": now, "why": "a discount was missing",
    });
    app.taken("fee.corrected", corrected).await;
}

/// Returns the invitee's sum, and the sums by day.
async fn read(app: &TestApp) -> (String, Vec<(String, String)>) {
    let shared = app.get("dormant", "/v1/binding").await.json()["shared"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let days = shared["days"].as_array().unwrap().iter();
    (text(&shared["usd"]), days.map(|it| (text(&it["day"]), text(&it["usd"]))).collect())
}

fn of(usd: &str, days: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
    (usd.to_owned(), days.iter().map(|(day, usd)| ((*day).into(), (*usd).into())).collect())
}

#[tokio::test]
async fn rebates_are_listed_newest_day_first() {
    let app = sharing().await;
    assert_eq!(read(&app).await, of("0.00000000", &[]));
    trade(&app, DAYS[0]).await;
    app.night(DAYS[0]).await;
    assert_eq!(read(&app).await, of("10.00000000", &[(DAYS[0], "10.00000000")]));
    trade(&app, DAYS[1]).await;
    app.night(DAYS[1]).await;
    let both = [(DAYS[1], "10.00000000"), (DAYS[0], "10.00000000")];
    assert_eq!(read(&app).await, of("20.00000000", &both));
}

#[tokio::test]
async fn correction_changes_the_rebate_of_its_day() {
    let app = sharing().await;
    trade(&app, DAYS[0]).await;
    app.night(DAYS[0]).await;
    trade(&app, DAYS[1]).await;
    correct(&app, DAYS[0], "2026-11-21T21:00:00Z", "0.0004", "40").await;
    app.night(DAYS[1]).await;
    let corrected = [(DAYS[1], "10.00000000"), (DAYS[0], "4.00000000")];
    assert_eq!(read(&app).await, of("14.00000000", &corrected));
    correct(&app, DAYS[0], "2026-11-22T21:00:00Z", "0", "0").await;
    app.night(DAYS[2]).await;
    assert_eq!(read(&app).await, of("10.00000000", &[(DAYS[1], "10.00000000")]));
}

async fn step(app: &TestApp, input: Value) -> Value {
    handle(&app.context, &input).await.unwrap()
}

#[tokio::test]
async fn published_run_is_listed_once_visible() {
    let app = sharing().await;
    trade(&app, DAYS[0]).await;
    app.night(DAYS[0]).await;
    let before = read(&app).await;
    trade(&app, DAYS[1]).await;
    app.now("2026-11-22T00:30:00Z");
    let plan = step(&app, json!({ "step": "plan", "day": DAYS[1] })).await;
    let plan = &plan["days"][0];
    let of_run = |step: &str| json!({ "step": step, "day": plan["day"], "run": plan["run"] });
    for shard in plan["shards"].as_array().unwrap() {
        let mut fold = of_run("fold");
        fold["shard"] = shard.clone();
        step(&app, fold).await;
    }
    let mut commit = of_run("commit");
    commit["shards"] = plan["shards"].clone();
    let committed = step(&app, commit).await;
    for range in committed["ranges"].as_array().unwrap() {
        for _repeated in 0..2 {
            step(&app, json!({ "step": "publish", "seq": 2, "range": range })).await;
        }
    }
    assert_eq!(read(&app).await, before);
    step(&app, json!({ "step": "finish", "seq": 2 })).await;
    let both = [(DAYS[1], "10.00000000"), (DAYS[0], "10.00000000")];
    assert_eq!(read(&app).await, of("20.00000000", &both));
}

/// The run is written in part: the invitee is, and the unreadable totals are not.
#[tokio::test]
async fn withdrawn_run_is_listed_when_rebooked() {
    let app = sharing().await;
    trade(&app, DAYS[0]).await;
    app.night(DAYS[0]).await;
    let before = read(&app).await;
    let is_totals = |item: &Value| item["sk"]["S"] == "TOTALS";
    let totals = || items(&app, "A#affiliate").into_iter().find(is_totals).unwrap();
    let content = totals()["b"].clone();
    let with_content = |content: Value| {
        let mut item = totals();
        item["b"] = content;
        put(&app, item);
    };
    with_content(json!({ "B": "//8=" }));
    trade(&app, DAYS[1]).await;
    app.night(DAYS[1]).await;
    assert_eq!(read(&app).await, before);
    with_content(content);
    withdraw(&app.context, &uid("affiliate"), "a test").await.unwrap();
    assert_eq!(read(&app).await, before);
    app.night(DAYS[2]).await;
    let both = [(DAYS[1], "10.00000000"), (DAYS[0], "10.00000000")];
    assert_eq!(read(&app).await, of("20.00000000", &both));
}
