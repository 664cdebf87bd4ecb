//! Logs, metrics and errors contain no personal data. All output of a whole story is captured,
//! including the SDK's logs, and must not contain an id, a code, a token, a confirmation, a cursor
//! or a body.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use ingestion::Delivery;
use lambda::{Deadline, Metrics};
use nightly::handle_until;
use serde_json::{Value, json};
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Level};

use crate::contract::faults::Trouble;
use crate::simulation::trial;
use crate::test_app::{Answer, TestApp, event, fee};

/// Part of every id and text that the story uses.
const MARK: &str = "zqxj";
const AFFILIATE: &str = "zqxj-affiliate";
const DORMANT: &str = "zqxj-dormant";
const ACTIVE: &str = "zqxj-active";
/// The identity fingerprint of a person.
const PERSON: &str = "zqxj0123456789abcdef0123456789abcdef";

/// Captures all log output at a level.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The subscriber of a test. With a single subscriber, tracing asks the first thread that logs
/// whether an event is wanted, and caches the answer for all threads; a second subscriber without
/// interest prevents that.
pub struct Listening {
    _default: DefaultGuard,
    _other: Dispatch,
}

impl Log {
    pub fn listen(&self, level: Level) -> Listening {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let other = Dispatch::new(NoSubscriber::default());
        Listening { _default: tracing::subscriber::set_default(subscriber), _other: other }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn assert_silent(told: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(secret.len() >= 4, "{secret} is found everywhere");
        let line = told.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "{secret} is told of");
    }
}

/// The story, and the secrets that may not be logged.
struct Story {
    app: TestApp,
    secrets: Vec<String>,
    requests: usize,
}

impl Story {
    async fn asks(
        &mut self,
        caller: &str,
        method: &str,
        target: &str,
        body: Option<Value>,
    ) -> Answer {
        self.requests += 1;
        let headers = [("authorization", "Bearer zqxj.token.of-somebody"), ("accept", "*/*")];
        self.app.call(caller, method, target, &headers, body).await
    }

    async fn gets(&mut self, caller: &str, target: &str) -> Answer {
        self.asks(caller, "GET", target, None).await
    }

    async fn is_sent(&self, id: &str, kind: &str, data: Value) {
        self.app.send_as(&format!("{MARK}-{id}"), kind, data).await;
    }

    /// Records a secret that the programme returned.
    fn keeps(&mut self, answer: &Value) -> String {
        let secret = answer.as_str().unwrap().to_owned();
        self.secrets.push(secret.clone());
        secret
    }

    async fn people_come(&mut self) {
        for uid in [AFFILIATE, DORMANT, ACTIVE] {
            let data = json!({
                "uid": uid, "registeredAt": "2024-01-01T00:00:00Z", "country": "CH", "personHash": PERSON,
            });
            self.is_sent(uid, "account.registered", data).await;
        }
        let joins = json!({ "uid": AFFILIATE, "affiliate": true, "at": "2025-01-01T00:00:00Z" });
        self.is_sent("joins", "account.changed", joins).await;
        let another = json!({ "uid": DORMANT, "personHash": "zqxj-another-person", "at": "2025-01-01T00:00:00Z" });
        self.is_sent("another", "account.changed", another).await;
        let active = json!({ "uid": ACTIVE, "product": "earn", "at": "2026-11-20T08:00:00Z" });
        self.is_sent("active", "activity", active).await;
    }

    /// Returns the link's code.
    async fn links_are_made(&mut self) -> String {
        let link = self.gets(AFFILIATE, "/v1/link").await.json();
        let code = self.keeps(&link["code"]);
        self.gets(AFFILIATE, &format!("/v1/link/qr.svg?code={code}")).await;
        let label = json!({ "label": "zqxj-label" });
        let made = self.asks(AFFILIATE, "POST", "/v1/links", Some(label.clone())).await.json();
        let second = self.keeps(&made["code"]);
        self.asks(AFFILIATE, "PATCH", &format!("/v1/links/{second}"), Some(label)).await;
        self.gets(DORMANT, "/v1/links").await;
        code
    }

    async fn a_dormant_user_binds(&mut self, code: &str) {
        let window = self.gets(DORMANT, &format!("/v1/bind?ref={code}")).await.json();
        let confirmation = self.keeps(&window["confirmation"]);
        let bind = json!({ "confirmation": confirmation });
        for expected in [201, 200] {
            let bound = self.asks(DORMANT, "POST", "/v1/bind", Some(bind.clone())).await;
            assert_eq!(bound.status, expected, "{}", bound.body);
        }
        assert_eq!(self.gets(DORMANT, "/v1/binding").await.status, 200);
        // The confirmation of another user, an invalid one, and an invalid body.
        for body in [bind, json!({ "confirmation": "zqxj" }), json!({ "zqxj-field": 1 }), json!([])]
        {
            assert!(self.asks(ACTIVE, "POST", "/v1/bind", Some(body)).await.status >= 400);
        }
    }

    async fn others_are_refused(&mut self, code: &str) {
        for (caller, target) in [
            (ACTIVE, format!("/v1/bind?ref={code}")),
            (AFFILIATE, format!("/v1/bind?ref={code}")),
            (DORMANT, "/v1/bind?ref=ZQXJZQXJ".to_owned()),
            (DORMANT, "/v1/bind?ref=zqxj".to_owned()),
            (DORMANT, format!("/v1/bind?ref={code}&uid={ACTIVE}")),
            (ACTIVE, "/v1/binding".to_owned()),
            (ACTIVE, "/v1/dashboard".to_owned()),
            (ACTIVE, format!("/v1/dashboard/users/{DORMANT}")),
        ] {
            self.gets(caller, &target).await;
        }
        self.secrets.push("ZQXJZQXJ".to_owned());
    }

    /// Sends fees, one of them twice and one with a correction, and events that are refused.
    async fn events_come(&mut self) {
        self.app.now("2026-11-20T10:00:01Z");
        let charged = fee("zqxj-trade", DORMANT, "2026-11-20T10:00:00Z");
        self.is_sent("fee", "fee.charged", charged.clone()).await;
        self.is_sent("fee", "fee.charged", charged).await;
        self.is_sent("fee-2", "fee.charged", fee("zqxj-trade-2", DORMANT, "2026-11-20T09:30:00Z"))
            .await;
        let unknown = fee("zqxj-trade-3", "zqxj-unknown", "2026-11-20T10:00:00Z");
        self.is_sent("unknown", "fee.charged", unknown).await;
        // The same identity with another body, an amount with too many decimals, and a text that is
        // not an event.
        let other = json!({ "uid": ACTIVE, "product": "card", "at": "2026-11-20T08:00:00Z" });
        self.is_sent("active", "activity", other).await;
        let mut odd = fee("zqxj-trade-4", DORMANT, "2026-11-20T10:00:00Z");
        odd["amount"] = json!("zqxj");
        self.is_sent("odd", "fee.charged", odd).await;
        for body in ["zqxj is no JSON", "{\"zqxj\":", "[\"zqxj\", 7]", "{\"id\":\"zqxj\"}"] {
            self.app.send_raw(body).await;
        }
    }

    async fn step(&self, input: Value) -> Value {
        let done = handle_until(&self.app.context, &input, Deadline::NONE).await;
        done.inspect_err(ends_with).unwrap_or_default()
    }

    /// Runs a night as the state machine does, then books a correction and runs the day again
    /// manually.
    async fn nights_fall(&mut self) {
        self.app.now("2026-11-21T00:30:00Z");
        let plan =
            self.step(json!({ "step": "plan", "day": "2026-11-20" })).await["days"][0].clone();
        let (run, shards) = (&plan["run"], plan["shards"].as_array().unwrap());
        for shard in shards {
            let fold = json!({ "step": "fold", "day": "2026-11-20", "run": run, "shard": shard });
            self.step(fold).await;
        }
        let commit = json!({ "step": "commit", "day": "2026-11-20", "run": run, "shards": shards });
        let committed = self.step(commit).await;
        for range in committed["ranges"].as_array().unwrap() {
            self.step(json!({ "step": "publish", "seq": 1, "range": range })).await;
        }
        assert_eq!(self.step(json!({ "step": "finish", "seq": 1 })).await["visible"], 1);
        let corrected = json!({
            "tradeId": "zqxj-trade", "uid": DORMANT, "day": "2026-11-20", "amount": "0.0005",
            "amountUsd": "50", "volumeUsd": "50000", "at": "2026-11-21T00:10:00Z", "why": "zqxj-why",
        });
        self.is_sent("corrected", "fee.corrected", corrected).await;
        assert_eq!(self.step(json!({ "day": "2026-11-20" })).await["seq"], 2);
        self.step(json!({ "step": "evaluate", "quarter": "2026-Q3" })).await;
        self.step(json!({ "step": "check" })).await;
        // Steps that fail: not committed, not over, and not a step.
        self.step(json!({ "step": "finish", "seq": 9 })).await;
        self.step(json!({ "day": "2026-11-30" })).await;
        for odd in [json!({ "step": "zqxj" }), json!({ "day": DORMANT }), json!([MARK])] {
            self.step(odd).await;
        }
    }

    async fn the_affiliate_looks(&mut self) {
        self.gets(AFFILIATE, "/v1/dashboard?from=2026-11-20&to=2026-11-20").await;
        self.gets(AFFILIATE, &format!("/v1/dashboard/referrals?uid={DORMANT}")).await;
        let target = "/v1/dashboard/commissions?from=2026-11-20&to=2026-11-20&limit=1";
        let page = self.gets(AFFILIATE, target).await.json();
        let cursor = self.keeps(&page["nextCursor"]);
        for caller in [AFFILIATE, ACTIVE] {
            self.gets(caller, &format!("{target}&cursor={cursor}")).await;
        }
        let paid = json!({
            "uid": AFFILIATE, "day": "2026-11-20", "runId": page["lines"][0]["runId"],
            "paidAt": "2026-11-21T00:00:00Z", "reference": "zqxj-payout",
        });
        self.is_sent("paid", "commission.paid", paid).await;
    }

    /// Repeats everything on a table that fails, with any answer.
    async fn the_table_fails(&mut self, code: &str) {
        let fair = self.app.context.clone();
        for trouble in [Trouble::Throttled, Trouble::Broken, Trouble::Contended] {
            self.app.context = trouble.in_context(&self.app);
            for (caller, target) in [
                (AFFILIATE, "/v1/link".to_owned()),
                (DORMANT, format!("/v1/bind?ref={code}")),
                (AFFILIATE, "/v1/dashboard".to_owned()),
            ] {
                self.gets(caller, &target).await;
            }
            self.asks(AFFILIATE, "POST", "/v1/links", Some(json!({ "label": "zqxj-label" }))).await;
            self.step(json!({ "step": "plan", "day": "2026-11-20" })).await;
            let body = event(
                "zqxj-late",
                "activity",
                json!({
                    "uid": DORMANT, "product": "earn", "at": "2026-11-20T11:00:00Z",
                }),
            );
            let record = json!({ "messageId": "zqxj-message", "body": body.to_string() });
            let _ =
                ingestion::handle(&self.app.context, batch(&record)).await.inspect_err(ends_with);
            self.app.context = fair.clone();
        }
    }
}

/// Logs an error as the runtime does when an invocation fails.
fn ends_with(error: &impl std::fmt::Display) {
    tracing::error!("{error}");
}

fn batch(record: &Value) -> Delivery {
    serde_json::from_value(json!({ "Records": [record] })).unwrap()
}

/// The names under which the lines of requests have their callers.
fn subjects(told: &str) -> BTreeSet<&str> {
    let lines = told.lines().filter(|line| line.contains("request method="));
    lines.map(|line| line.split_once("subject=\"").unwrap().1.split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn logs_contain_no_personal_data() {
    let log = Log::default();
    let listening = log.listen(Level::DEBUG);
    let mut app = TestApp::at("2026-11-20T09:00:00Z").await;
    let (metrics, measured) = Metrics::kept();
    app.context.metrics = metrics;
    let secrets = vec![MARK.to_owned(), "a key of at least".to_owned()];
    let mut story = Story { app, secrets, requests: 0 };
    story.people_come().await;
    let code = story.links_are_made().await;
    story.a_dormant_user_binds(&code).await;
    story.others_are_refused(&code).await;
    story.events_come().await;
    story.nights_fall().await;
    story.the_affiliate_looks().await;
    story.the_table_fails(&code).await;
    drop(listening);

    let told = log.text();
    let measured = measured.lines();
    assert!(told.contains("DEBUG"), "the SDK was not listened to");
    assert_silent(&told, &story.secrets);
    assert_silent(&measured.join("\n"), &story.secrets);
    let requests = told.lines().filter(|line| line.contains("request method=")).count();
    assert_eq!(requests, story.requests, "a request leaves one line");
    assert_eq!(subjects(&told).len(), 3, "one name for each caller");
    assert!(measured.len() > story.requests);
}

#[test]
fn simulated_logs_have_no_personal_data() {
    let log = Log::default();
    let listening = log.listen(Level::INFO);
    let passed = trial(7);
    drop(listening);
    let told = log.text();
    assert!(told.contains("batch") && told.contains("request") && passed.measured.len() > 100);
    assert_silent(&told, &passed.people);
    assert_silent(&passed.measured.join("\n"), &passed.people);
}
