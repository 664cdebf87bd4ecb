//! A programme on the embedded engine: events arrive through the queue, requests through the API,
//! nightly runs follow.

use std::collections::BTreeMap;
use std::sync::Arc;

use dynamodb_embedded::Engine;
use http_api::Signer;
use http_api::gateway::Claims;
use http_api::gateway::Incoming;
use ingestion::{EventOutcome, EventReport, Message};
use lambda::{ApiApp, App, ManualClock, Metrics, RandomSource};
use lambda_http::Body;
use nightly::{DayReport, Driver, NightReport};
use serde_json::{Value, json};
use storage::{DaySummary, Table};
use types::{Day, Timestamp, Uid};

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub fn uid(text: &str) -> Uid {
    text.parse().unwrap()
}

#[derive(Clone)]
pub struct TestApp {
    /// The table and clock for preparing and checking state.
    pub context: ApiApp,
    pub engine: Engine,
    pub clock: ManualClock,
    /// The table of each function, where a test observes or disturbs its calls.
    pub tables: BTreeMap<&'static str, Table>,
}

/// A response of the API.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Returns a spot fee of 0.001 BTC worth 100 USD on a trade of 100,000 USD, for tests to change.
pub fn fee(trade_id: &str, uid: &str, at: &str) -> Value {
    json!({
        "tradeId": trade_id, "uid": uid, "product": "spot", "kind": "trade", "asset": "BTC",
        "amount": "0.001", "amountUsd": "100", "volumeUsd": "100000", "vipLevel": 0, "at": at,
    })
}

impl TestApp {
    pub async fn at(now: &str) -> Self {
        Self::seeded(now, 7).await
    }

    pub async fn seeded(now: &str, seed: u64) -> Self {
        let engine = Engine::with_table().await.unwrap();
        let clock = ManualClock::default();
        clock.stop_at(at(now));
        let app = App {
            table: Table::new(engine.config(), engine.table_name()),
            programme: Arc::new(programme::programme().unwrap()),
            clock: clock.clock(),
            entropy: RandomSource::seeded(seed),
            metrics: Metrics::off(),
        };
        let signer = Signer::from_keys_text("a key of at least thirty-two bytes").unwrap();
        let context = ApiApp { app, signer };
        Self { context, engine, clock, tables: BTreeMap::new() }
    }

    /// Returns the context of a function.
    pub fn context_of(&self, function: &str) -> ApiApp {
        self.context.with_table(self.tables.get(function).unwrap_or(&self.context.table).clone())
    }

    pub fn now(&self, now: &str) {
        self.clock.stop_at(at(now));
    }

    /// Sends one event of a type. Its id is derived from its content.
    pub async fn send(&self, kind: &str, data: Value) -> EventOutcome {
        let id = storage::short_sha256(format!("{kind}{data}").as_bytes());
        self.send_as(&id, kind, data).await
    }

    pub async fn send_as(&self, id: &str, kind: &str, data: Value) -> EventOutcome {
        self.send_raw(&event(id, kind, data).to_string()).await.remove(0).outcome
    }

    pub async fn send_raw(&self, body: &str) -> Vec<EventReport> {
        let sent_at = self.clock.now();
        let message = Message { id: "m".to_owned(), sent_at, body: body.to_owned() };
        ingestion::ingest(&self.context_of("ingest"), &[message]).await.unwrap()
    }

    pub async fn taken(&self, kind: &str, data: Value) {
        assert_eq!(self.send(kind, data).await, EventOutcome::Ingested, "{kind}");
    }

    /// Registers an account in Switzerland.
    pub async fn registered(&self, uid: &str, registered_at: &str) {
        let data = json!({ "uid": uid, "registeredAt": registered_at, "country": "CH" });
        self.taken("account.registered", data).await;
    }

    /// Creates an affiliate with a futures account, in the programme since 2025; returns the link's
    /// code.
    pub async fn affiliate(&self, uid: &str) -> String {
        self.registered(uid, "2019-01-01T00:00:00Z").await;
        let joined = json!({
            "uid": uid, "affiliate": true, "futuresOpenedAt": "2020-01-01T00:00:00Z",
            "at": "2025-01-01T00:00:00Z",
        });
        self.taken("account.changed", joined).await;
        let link = self.get(uid, "/v1/link").await;
        link.json()["code"].as_str().unwrap().to_owned()
    }

    pub async fn charged(&self, fee: Value) {
        self.taken("fee.charged", fee).await;
    }

    /// Opens a link as a user and presses [Bind Now].
    pub async fn bind(&self, invitee: &str, code: &str) -> Answer {
        let window = self.get(invitee, &format!("/v1/bind?ref={code}")).await;
        let confirmation = window.json()["confirmation"].clone();
        self.post(invitee, "/v1/bind", json!({ "confirmation": confirmation })).await
    }

    pub async fn get(&self, caller: &str, target: &str) -> Answer {
        self.call(caller, "GET", target, &[], None).await
    }

    pub async fn post(&self, caller: &str, target: &str, body: Value) -> Answer {
        self.call(caller, "POST", target, &[], Some(body)).await
    }

    pub async fn call(
        &self,
        caller: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json"));
        let incoming = Incoming {
            method,
            target,
            headers: &headers,
            body: body.as_bytes(),
            at: self.clock.now(),
        };
        let request = incoming.request(Some(&Claims::of(uid(caller)))).unwrap();
        let path = target.split('?').next().unwrap();
        let response = match path.split('/').nth(2).unwrap() {
            "link" | "links" => linking::handle(&self.context_of("get-link"), request).await,
            "bind" | "binding" | "invitation" => {
                binding::handle(&self.context_of("bind"), request).await
            }
            _ => reporting::handle(&self.context_of("dashboard"), request).await,
        };
        let status = response.status().as_u16();
        let body = match response.into_body() {
            Body::Text(text) => text,
            Body::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        };
        Answer { status, body }
    }

    /// Runs the nightly job for `day`, half an hour after its end.
    pub async fn night(&self, after: &str) -> NightReport {
        let after = day(after);
        self.clock.stop_at(after.end().plus_millis(30 * 60 * 1000));
        Driver::new(&self.context_of("daily-commission")).run_night(after).await.unwrap()
    }

    pub async fn book(&self, booked: &str) -> DayReport {
        Driver::new(&self.context_of("daily-commission")).run_day(day(booked)).await.unwrap()
    }

    /// Returns a day's summaries for an affiliate, one per run.
    pub async fn summaries(&self, affiliate: &str, of: &str) -> Vec<DaySummary> {
        let visible = self.context.table.head().await.unwrap().value.visible;
        let of = day(of);
        self.context.table.summaries(&uid(affiliate), of, of, visible).await.unwrap()
    }

    /// Returns all exported lines of an affiliate for some days.
    pub async fn lines(&self, affiliate: &str, from: &str, to: &str) -> Vec<Value> {
        let target = format!("/v1/dashboard/commissions?from={from}&to={to}");
        let accept = [("accept", "application/x-ndjson")];
        let answer = self.call(affiliate, "GET", &target, &accept, None).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Returns a CloudEvent of the exchange.
pub fn event(id: &str, kind: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "https://exchange.example/ledger",
        "type": format!("exchange.{kind}.v1"), "data": data,
    })
}
