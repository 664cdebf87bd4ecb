//! A story for real processes: accounts, sign-ups, fees, binds and a nightly run.

use std::collections::BTreeMap;

use http_api::gateway::Claims;
use http_api::gateway::Incoming;
use lambda::Clock;
use serde_json::{Value, json};
use types::{Day, Timestamp};

use crate::test_app::{TestApp, event, fee, uid};
use crate::{Answer, Function, Kill};

/// The stages at which a process can be killed, each with its function.
pub const STAGES: [&str; 7] = ["ingest", "bind", "plan", "fold", "commit", "publish", "finish"];
/// The kill of each stage.
pub type Kills = BTreeMap<&'static str, Kill>;

const KEY: &str = "a key of at least thirty-two bytes";
const AFFILIATES: [&str; 2] = ["affiliate-1", "affiliate-2"];
const NEWCOMERS: [&str; 2] = ["newcomer-1", "newcomer-2"];
const DORMANT: [&str; 2] = ["dormant-1", "dormant-2"];

/// The final state: the lines of each affiliate in both formats, and the inviters.
#[derive(Debug, PartialEq, Eq)]
pub struct Ending {
    pub exports: Vec<String>,
    pub inviters: BTreeMap<&'static str, String>,
}

/// The result of a run.
pub struct Told {
    pub ending: Ending,
    /// The calls of each stage.
    pub calls: BTreeMap<&'static str, usize>,
    /// Number of killed processes.
    pub killed: usize,
}

struct Telling {
    app: TestApp,
    /// The last day before the story.
    day: Day,
    codes: Vec<String>,
    kills: Kills,
    calls: BTreeMap<&'static str, usize>,
    killed: usize,
}

/// Runs the story. Each stage's process is killed as `kills` says, and its request is repeated, as
/// the queue, the user and the state machine do.
pub async fn told(kills: Kills) -> Told {
    let mut telling = Telling::begin(kills).await;
    telling.queue_brings_batches().await;
    telling.users_press().await;
    telling.night_falls().await;
    let ending = telling.ending().await;
    Told { ending, calls: telling.calls, killed: telling.killed }
}

impl Telling {
    async fn begin(kills: Kills) -> Self {
        let now = Clock::system().now();
        let app = TestApp::at(&now.to_string()).await;
        let mut codes = Vec::new();
        for affiliate in AFFILIATES {
            codes.push(app.affiliate(affiliate).await);
        }
        for dormant in DORMANT {
            app.registered(dormant, "2024-01-01T00:00:00Z").await;
        }
        let day = now.day().previous();
        Self { app, day, codes, kills, calls: BTreeMap::new(), killed: 0 }
    }

    async fn function(&self, name: &'static str) -> Function {
        let variables = [("TABLE_NAME", self.app.engine.table_name()), ("SIGNING_KEYS", KEY)];
        Function::over(&self.app.engine, name, &variables).await.unwrap()
    }

    /// Begins a stage: resets the count of calls.
    fn begins(&mut self, stage: &'static str, function: &Function) {
        function.arm(self.kills.remove(stage));
    }

    fn ends(&mut self, stage: &'static str, function: &Function) {
        // In a stage of several parts, the first part is killed.
        self.calls.entry(stage).or_insert(function.calls());
        function.arm(None);
    }

    /// Repeats the request until a process survives it.
    async fn ask(&mut self, function: &mut Function, event: &Value) -> Answer {
        loop {
            match function.invoke(event.clone()).await.unwrap() {
                Ok(answer) => return answer,
                Err(_) => self.killed += 1,
            }
        }
    }

    fn time(&self, minute: u32) -> Timestamp {
        self.day.start().plus_millis(i64::from(minute) * 60_000)
    }

    /// Sign-ups with first trades, more trades, a correction, and a duplicate message.
    async fn queue_brings_batches(&mut self) {
        let mut ingest = self.function("ingest").await;
        self.begins("ingest", &ingest);
        let sign_up = |(name, code): (&str, &String)| {
            let data = json!({
                "uid": name, "registeredAt": self.time(1), "country": "CH", "ref": code,
            });
            event(name, "account.registered", data)
        };
        let sign_ups: Vec<Value> = NEWCOMERS.into_iter().zip(&self.codes).map(sign_up).collect();
        let trade = |number: u32| {
            let name = NEWCOMERS[number as usize % 2];
            let at = self.time(10 + number).to_string();
            event(&format!("t{number}"), "fee.charged", fee(&format!("t{number}"), name, &at))
        };
        let corrected = json!({
            "tradeId": "t1", "uid": NEWCOMERS[1], "day": self.day, "amount": "0.0005",
            "amountUsd": "50", "volumeUsd": "50000", "at": self.time(30), "why": "wrong fee tier",
        });
        let corrected = event("c1", "fee.corrected", corrected);
        let first: Vec<Value> = (0..4).map(trade).collect();
        let second: Vec<Value> = (4..8).map(trade).collect();
        for batch in [
            vec![json!(sign_ups), json!(first)],
            vec![json!(second), corrected],
            vec![json!(first)],
        ] {
            let answer = self.ask(&mut ingest, &batch_of(&batch, self.time(40))).await;
            assert_eq!(answer.unwrap()["batchItemFailures"], json!([]));
        }
        self.ends("ingest", &ingest);
    }

    /// Each dormant user opens a link and presses [Bind Now]; then tries another affiliate's link.
    async fn users_press(&mut self) {
        let mut bind = self.function("bind").await;
        self.begins("bind", &bind);
        for (user, code) in DORMANT.into_iter().zip(self.codes.clone()) {
            let (status, window) = self.call(&mut bind, user, "GET", &code, "").await;
            assert_eq!(status, 200, "{window}");
            let press = json!({ "confirmation": window["confirmation"] }).to_string();
            let (status, bound) = self.call(&mut bind, user, "POST", "", &press).await;
            assert!(matches!(status, 200 | 201), "{status} {bound}");
        }
        let other = self.codes[1].clone();
        let (_, window) = self.call(&mut bind, DORMANT[0], "GET", &other, "").await;
        assert_eq!(window["eligible"], false);
        self.ends("bind", &bind);
    }

    async fn call(
        &mut self,
        bind: &mut Function,
        caller: &str,
        method: &str,
        code: &str,
        body: &str,
    ) -> (u64, Value) {
        let target = match code {
            "" => "/v1/bind".to_owned(),
            code => format!("/v1/bind?ref={code}"),
        };
        let (headers, body) = (&[("content-type", "application/json")][..], body.as_bytes());
        let at = Clock::system().now();
        let incoming = Incoming { method, target: &target, headers, body, at };
        let event = incoming.event(Some(&Claims::of(uid(caller))));
        let answer = self.ask(bind, &event).await.unwrap();
        let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        (answer["statusCode"].as_u64().unwrap(), body)
    }

    /// The steps in the state machine's order.
    async fn night_falls(&mut self) {
        let mut job = self.function("daily-commission").await;
        let plan = self.step(&mut job, json!({ "step": "plan", "day": self.day })).await;
        for planned in plan["days"].as_array().unwrap() {
            let (day, run, shards) = (&planned["day"], &planned["run"], &planned["shards"]);
            for shard in shards.as_array().unwrap() {
                let fold = json!({ "step": "fold", "day": day, "run": run, "shard": shard });
                self.step(&mut job, fold).await;
            }
            let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
            let committed = self.step(&mut job, commit).await;
            for range in committed["ranges"].as_array().unwrap() {
                let publish = json!({ "step": "publish", "seq": committed["seq"], "range": range });
                self.step(&mut job, publish).await;
            }
            self.step(&mut job, json!({ "step": "finish", "seq": committed["seq"] })).await;
        }
    }

    async fn step(&mut self, job: &mut Function, input: Value) -> Value {
        let name = input["step"].as_str().unwrap();
        let stage = STAGES.into_iter().find(|stage| *stage == name && self.matters(&input));
        if let Some(stage) = stage {
            self.begins(stage, job);
        }
        let answer = self.ask(job, &input).await.unwrap();
        if let Some(stage) = stage {
            self.ends(stage, job);
        }
        answer
    }

    /// Of the folds, the one with the first newcomer's trades is killed.
    fn matters(&self, input: &Value) -> bool {
        let shard = storage::Shard::of(&uid(NEWCOMERS[0])).number();
        input["step"] != "fold" || input["shard"] == shard
    }

    async fn ending(&self) -> Ending {
        let mut exports = Vec::new();
        let target = format!("/v1/dashboard/commissions?from={0}&to={0}", self.day);
        for affiliate in AFFILIATES {
            for form in ["application/x-ndjson", "text/csv"] {
                let accept = [("accept", form)];
                let answer = self.app.call(affiliate, "GET", &target, &accept, None).await;
                assert_eq!(answer.status, 200);
                exports.push(answer.body);
            }
        }
        let mut inviters = BTreeMap::new();
        for invitee in NEWCOMERS.into_iter().chain(DORMANT) {
            inviters.insert(invitee, self.inviter(invitee).await);
        }
        Ending { exports, inviters }
    }

    /// Returns the inviter in the account and the evidence, which must agree.
    async fn inviter(&self, invitee: &str) -> String {
        let table = &self.app.context.table;
        let account = table.account(&uid(invitee)).await.unwrap().unwrap().value;
        let binding = table.binding(&uid(invitee)).await.unwrap().unwrap();
        assert_eq!(account.relation, Some(binding.relation.clone()));
        binding.relation.inviter.to_string()
    }
}

/// Returns a batch as the queue's event source passes it.
fn batch_of(messages: &[Value], sent_at: Timestamp) -> Value {
    let record = |(number, body): (usize, &Value)| {
        json!({
            "messageId": number.to_string(),
            "body": body.to_string(),
            "attributes": { "SentTimestamp": sent_at.millis().to_string() },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        })
    };
    json!({ "Records": messages.iter().enumerate().map(record).collect::<Vec<_>>() })
}
