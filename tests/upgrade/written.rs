//! Records the data of a release: a table with every kind of item, and the API's answers from it.
//!
//! ```sh
//! cargo test -p end-to-end --lib -- --ignored this_release_is_written_down
//! ```
//!
//! writes both under `tests/upgrade/releases/`, once for a release and before its number is raised.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use storage::{Switch, SwitchAction, SwitchChange, SwitchOutcome};

use crate::test_app::{Answer, TestApp, event, fee, uid};

/// The time of the last write. A fee of this day is not booked yet.
pub const NOW: &str = "2026-10-02T12:00:00Z";
/// The days that are booked.
pub const BOOKED: [&str; 2] = ["2026-09-30", "2026-10-01"];
/// The day with the unbooked fee.
pub const OPEN: &str = "2026-10-02";
pub const AFFILIATE: &str = "10000001";
pub const RECALLED: &str = "20000001";
pub const VOIDED: &str = "20000002";
/// Dormant, and not bound yet.
pub const DORMANT: &str = "20000003";

pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("upgrade/releases")
}

fn of_day(day: &str, trade: &str, uid: &str, (product, asset): (&str, &str)) -> Value {
    let mut fee = fee(trade, uid, &format!("{day}T10:00:00Z"));
    fee["product"] = json!(product);
    fee["asset"] = json!(asset);
    fee
}

async fn people(app: &TestApp) -> String {
    app.affiliate(AFFILIATE).await;
    app.affiliate("10000002").await;
    let wish =
        json!({ "label": "autumn", "sharedCommission": { "spot": "0.05", "futures": "0.05" } });
    let link = app.post(AFFILIATE, "/v1/links", wish).await.json();
    for dormant in [RECALLED, VOIDED, DORMANT] {
        app.registered(dormant, "2024-01-01T00:00:00Z").await;
    }
    link["code"].as_str().unwrap().to_owned()
}

async fn first_day(app: &TestApp, code: &str) {
    for dormant in [RECALLED, VOIDED] {
        assert_eq!(app.bind(dormant, code).await.status, 201);
    }
    for number in 0..3 {
        let uid = format!("9000000{number}");
        let signed_up = json!({
            "uid": uid, "registeredAt": "2026-09-30T08:00:00Z", "country": "CH", "ref": code,
        });
        app.taken("account.registered", signed_up).await;
    }
    app.now("2026-09-30T23:00:00Z");
    for number in 0..3 {
        let uid = format!("9000000{number}");
        app.charged(of_day(BOOKED[0], &format!("n{number}"), &uid, ("spot", "BTC"))).await;
    }
    for (trade, uid, of) in [
        ("r1", RECALLED, ("spot", "XMR")),
        ("r2", RECALLED, ("margin", "BTC")),
        ("r3", RECALLED, ("futures", "USDT")),
        ("v1", VOIDED, ("spot", "BTC")),
    ] {
        app.charged(of_day(BOOKED[0], trade, uid, of)).await;
    }
    let mut above = of_day(BOOKED[0], "r4", RECALLED, ("spot", "BTC"));
    above["vipLevel"] = json!(5);
    app.charged(above).await;
    app.night(BOOKED[0]).await;
}

/// A correction, a binding that is voided, a payment, and an unreadable event.
async fn second_day(app: &TestApp) {
    app.now("2026-10-01T12:00:00Z");
    app.charged(of_day(BOOKED[1], "r5", RECALLED, ("spot", "BTC"))).await;
    let corrected = json!({
        "tradeId": "r1", "uid": RECALLED, "day": BOOKED[0], "amount": "0.0004", "amountUsd": "40",
        "volumeUsd": "40000", "at": "2026-10-01T11:00:00Z", "why": "a discount was missing",
    });
    app.taken("fee.corrected", corrected).await;
    let used = json!({ "uid": VOIDED, "product": "earn", "at": "2026-09-29T12:00:00Z" });
    app.taken("activity", used).await;
    let paid = json!({
        "uid": AFFILIATE, "day": BOOKED[0], "runId": "2026-09-30.1",
        "paidAt": "2026-10-01T11:30:00Z", "reference": "payout-1",
    });
    app.taken("commission.paid", paid).await;
    app.send_raw(&event("odd", "of.nothing.known", json!({})).to_string()).await;
    app.night(BOOKED[1]).await;
}

/// The switches, and the log of their changes.
async fn stopped_and_started(app: &TestApp) {
    for action in [SwitchAction::Stop, SwitchAction::Start] {
        let (reason, actor) = ("a drill".to_owned(), "operator-1".to_owned());
        let (switch, at) = (Switch::NewLinks(uid(AFFILIATE)), app.clock.now());
        let change = SwitchChange { switch, action, reason, actor, at };
        let outcome = app.context.table.change_switch(&change).await.unwrap();
        assert_eq!(outcome, SwitchOutcome::Changed);
    }
}

async fn a_release_s_table() -> TestApp {
    let app = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = people(&app).await;
    first_day(&app, &code).await;
    second_day(&app).await;
    stopped_and_started(&app).await;
    app.now("2026-10-02T11:00:00Z");
    app.charged(of_day(OPEN, "r6", RECALLED, ("spot", "BTC"))).await;
    app.now(NOW);
    app
}

/// Sends requests to every route that reads.
async fn answers(app: &TestApp) -> Vec<Value> {
    let code = app.get(AFFILIATE, "/v1/links").await.json()["links"][1]["code"].clone();
    let window = format!("/v1/bind?ref={}", code.as_str().unwrap());
    let mut answers = Vec::new();
    for (caller, target) in [
        (AFFILIATE, "/v1/link"),
        (AFFILIATE, "/v1/link/qr.svg"),
        (AFFILIATE, "/v1/link/qr.png"),
        (AFFILIATE, "/v1/links"),
        (DORMANT, &window),
        (RECALLED, &window),
        (RECALLED, "/v1/binding"),
        (VOIDED, "/v1/binding"),
        (AFFILIATE, "/v1/dashboard?from=2026-09-30&to=2026-10-01"),
        ("10000002", "/v1/dashboard?from=2026-09-30&to=2026-10-01"),
        (AFFILIATE, "/v1/dashboard/referrals"),
        (AFFILIATE, "/v1/dashboard/commissions?from=2026-09-30&to=2026-10-01"),
    ] {
        let body = body(&app.get(caller, target).await);
        answers.push(json!({ "caller": caller, "target": target, "body": body }));
    }
    answers
}

/// Returns a comparable form of an answer: a confirmation differs each time, and a picture is
/// represented by its digest.
pub fn body(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let Ok(mut body) = serde_json::from_str::<Value>(&answer.body) else {
        return json!(storage::short_sha256(answer.body.as_bytes()));
    };
    if let Some(members) = body.as_object_mut() {
        members.remove("confirmation");
    }
    body
}

fn lines(values: impl IntoIterator<Item = Value>) -> String {
    let mut lines: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    lines.sort();
    lines.join("\n") + "\n"
}

#[tokio::test]
#[ignore = "writes this release's table and answers, once for a release"]
async fn this_release_is_written_down() {
    let app = a_release_s_table().await;
    let of = directory().join(env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(&of).unwrap();
    let items = app.engine.items("recall").unwrap().into_iter().map(sorted);
    fs::write(of.join("table.jsonl"), lines(items)).unwrap();
    fs::write(of.join("answers.jsonl"), lines(answers(&app).await)).unwrap();
}

/// Returns the item with its members sorted by name.
fn sorted(item: Value) -> Value {
    match item {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            members.into_iter().map(|(name, inner)| (name, sorted(inner))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}
