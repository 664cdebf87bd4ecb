//! What a release leaves behind: a table of every kind of item, and what the API answers over it.
//!
//! ```sh
//! cargo test -p end-to-end --lib -- --ignored this_release_is_written_down
//! ```
//!
//! writes both under `tests/upgrade/releases/`, once for a release and before its number is raised.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::test_app::{Answer, TestApp, event, fee};

/// When the table was left. A fee of this day is not booked yet.
pub const NOW: &str = "2026-10-02T12:00:00Z";
/// The days that are booked.
pub const BOOKED: [&str; 2] = ["2026-09-30", "2026-10-01"];
/// The day with the fee that waits.
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

async fn people(world: &TestApp) -> String {
    world.affiliate(AFFILIATE).await;
    world.affiliate("10000002").await;
    let wish =
        json!({ "label": "autumn", "sharedCommission": { "spot": "0.05", "futures": "0.05" } });
    let link = world.post(AFFILIATE, "/v1/links", wish).await.json();
    for dormant in [RECALLED, VOIDED, DORMANT] {
        world.registered(dormant, "2024-01-01T00:00:00Z").await;
    }
    link["code"].as_str().unwrap().to_owned()
}

async fn first_day(world: &TestApp, code: &str) {
    for dormant in [RECALLED, VOIDED] {
        assert_eq!(world.bind(dormant, code).await.status, 201);
    }
    for number in 0..3 {
        let uid = format!("9000000{number}");
        let signed_up = json!({
            "uid": uid, "registeredAt": "2026-09-30T08:00:00Z", "country": "CH", "ref": code,
        });
        world.taken("account.registered", signed_up).await;
    }
    world.now("2026-09-30T23:00:00Z");
    for number in 0..3 {
        let uid = format!("9000000{number}");
        world.charged(of_day(BOOKED[0], &format!("n{number}"), &uid, ("spot", "BTC"))).await;
    }
    for (trade, uid, of) in [
        ("r1", RECALLED, ("spot", "XMR")),
        ("r2", RECALLED, ("margin", "BTC")),
        ("r3", RECALLED, ("futures", "USDT")),
        ("v1", VOIDED, ("spot", "BTC")),
    ] {
        world.charged(of_day(BOOKED[0], trade, uid, of)).await;
    }
    let mut above = of_day(BOOKED[0], "r4", RECALLED, ("spot", "BTC"));
    above["vipLevel"] = json!(5);
    world.charged(above).await;
    world.night(BOOKED[0]).await;
}

/// A correction, a binding that proves undue, a payment, and something that cannot be read.
async fn second_day(world: &TestApp) {
    world.now("2026-10-01T12:00:00Z");
    world.charged(of_day(BOOKED[1], "r5", RECALLED, ("spot", "BTC"))).await;
    let corrected = json!({
        "tradeId": "r1", "uid": RECALLED, "day": BOOKED[0], "amount": "0.0004", "amountUsd": "40",
        "volumeUsd": "40000", "at": "2026-10-01T11:00:00Z", "why": "a discount was missing",
    });
    world.taken("fee.corrected", corrected).await;
    let used = json!({ "uid": VOIDED, "product": "earn", "at": "2026-09-29T12:00:00Z" });
    world.taken("activity", used).await;
    let paid = json!({
        "uid": AFFILIATE, "day": BOOKED[0], "runId": "2026-09-30.1",
        "paidAt": "2026-10-01T11:30:00Z", "reference": "payout-1",
    });
    world.taken("commission.paid", paid).await;
    world.send_raw(&event("odd", "of.nothing.known", json!({})).to_string()).await;
    world.night(BOOKED[1]).await;
}

async fn a_release_s_table() -> TestApp {
    let world = TestApp::at("2026-09-30T09:00:00Z").await;
    let code = people(&world).await;
    first_day(&world, &code).await;
    second_day(&world).await;
    world.now("2026-10-02T11:00:00Z");
    world.charged(of_day(OPEN, "r6", RECALLED, ("spot", "BTC"))).await;
    world.now(NOW);
    world
}

/// Every route that reads, asked by those who may.
async fn answers(world: &TestApp) -> Vec<Value> {
    let code = world.get(AFFILIATE, "/v1/links").await.json()["links"][1]["code"].clone();
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
        let body = body(&world.get(caller, target).await);
        answers.push(json!({ "caller": caller, "target": target, "body": body }));
    }
    answers
}

/// An answer as it can be compared: a confirmation is another one each time, a picture is named by
/// its digest.
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
    let world = a_release_s_table().await;
    let of = directory().join(env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(&of).unwrap();
    let items = world.engine.items("recall").unwrap().into_iter().map(sorted);
    fs::write(of.join("table.jsonl"), lines(items)).unwrap();
    fs::write(of.join("answers.jsonl"), lines(answers(&world).await)).unwrap();
}

/// The same item, with its members in the order of their names.
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
