//! A wallet that only reads the events pays exactly the amounts due.

use std::collections::{BTreeMap, BTreeSet};

use commission::{Amount, Decimals};
use serde_json::{Value, json};

use super::bus::Told;
use crate::stream::Stream;
use crate::test_app::{TestApp, fee};

/// Pays each run once, in any order and for any number of deliveries of its event.
#[derive(Default)]
struct Wallet {
    known: BTreeSet<String>,
    paid: BTreeMap<(String, String), Amount>,
    answers: Vec<Value>,
}

fn amount(text: &Value) -> Amount {
    Amount::parse(text.as_str().unwrap(), Decimals::new(8).unwrap()).unwrap()
}

impl Wallet {
    fn hear(&mut self, event: &Value) {
        let ours = event["type"] == "recall.commission.settled.v1";
        if !ours || !self.known.insert(event["id"].as_str().unwrap().to_owned()) {
            return;
        }
        let data = &event["data"];
        for of in data["amounts"].as_array().unwrap() {
            let account = (data["uid"].to_string(), of["asset"].to_string());
            let balance = self.paid.entry(account).or_default();
            *balance = balance.plus(amount(&of["commission"])).unwrap();
        }
        self.answers.push(json!({
            "uid": data["uid"], "day": data["day"], "runId": data["runId"],
            "paidAt": data["payableFrom"], "reference": event["id"],
        }));
    }
}

async fn three_days(app: &TestApp, stream: &mut Stream, told: &Told) {
    for (number, day) in ["2026-11-20", "2026-11-21", "2026-11-22"].into_iter().enumerate() {
        let at = format!("{day}T10:00:00Z");
        app.now(&format!("{day}T10:00:01Z"));
        for asset in ["BTC", "XMR"] {
            let mut fee = fee(&format!("{asset}-{number}"), "dormant", &at);
            fee["asset"] = json!(asset);
            app.charged(fee).await;
        }
        app.night(day).await;
        told.since(app, stream).await;
    }
    let corrected = json!({
        "tradeId": "XMR-0", "uid": "dormant", "day": "2026-11-20", "amount": "0.0004",
        "amountUsd": "40", "volumeUsd": "40000", "at": "2026-11-22T12:00:00Z", "why": "a discount",
    });
    app.taken("fee.corrected", corrected).await;
    app.night("2026-11-22").await;
    told.since(app, stream).await;
}

#[tokio::test]
async fn wallet_pays_sum_of_lines() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    app.bind("dormant", &code).await;
    let (mut stream, told) = (Stream::of(&app), Told::new());
    three_days(&app, &mut stream, &told).await;

    let mut wallet = Wallet::default();
    let events = told.all();
    events.iter().rev().chain(&events).for_each(|event| wallet.hear(event));
    let mut due: BTreeMap<(String, String), Amount> = BTreeMap::new();
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-22").await;
    for line in &lines {
        let balance = due.entry((json!("affiliate").to_string(), line["asset"].to_string()));
        let balance = balance.or_default();
        *balance = balance.plus(amount(&line["commission"])).unwrap();
    }
    assert_eq!(wallet.paid, due);
    assert_eq!((due.len(), wallet.answers.len()), (2, 4));

    app.now("2026-11-26T00:00:00Z");
    for answer in wallet.answers {
        app.taken("commission.paid", answer).await;
    }
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-22").await;
    assert!(lines.iter().all(|line| line["status"] == "paid"), "{lines:?}");
}
