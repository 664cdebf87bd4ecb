//! The cost of a request: calls to the table, sequential or concurrent, and capacity. Counted and
//! not timed, so that it is the same on every machine.

use std::fmt::Write;

use dynamodb_embedded::CallStats;
use ingestion::{EventOutcome, Message};
use serde_json::{Value, json};
use storage::{ActivityPart, Shard, Switch, Table};

use crate::switches::{started, stopped_for_a_minute};
use crate::test_app::{TestApp, at, day, event, fee};

const YEAR: &str = "from=2025-11-21&to=2026-11-20";

/// A programme after a nightly run, whose calls and capacity are counted.
struct Metered {
    app: TestApp,
    code: String,
    bill: String,
}

impl Metered {
    /// Creates an affiliate with one invitee who traded, and a user who may be bound.
    async fn new() -> Self {
        let app = TestApp::at("2026-11-20T09:00:00Z").await;
        let code = app.affiliate("affiliate").await;
        for user in ["bound", "dormant-1", "dormant-2", "dormant-3"] {
            app.registered(user, "2024-01-01T00:00:00Z").await;
        }
        app.bind("bound", &code).await;
        app.now("2026-11-20T10:00:01Z");
        app.charged(fee("t1", "bound", "2026-11-20T10:00:00Z")).await;
        app.night("2026-11-20").await;
        let mut metered = Self { app, code, bill: String::new() };
        metered.in_another_process().await;
        metered
    }

    /// Continues in a new process without caches, which has read the table once, as each does at
    /// its start.
    async fn in_another_process(&mut self) {
        let engine = self.app.engine.clone().counting_capacity();
        self.app.context.table = Table::new(engine.config(), "recall");
        self.app.context.table.warm_up(self.app.clock.now()).await.unwrap();
    }

    async fn get(&mut self, what: &str, caller: &str, target: &str) -> Value {
        let _before = self.app.engine.take_call_stats();
        let answer = self.app.get(caller, target).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        self.put_down(what);
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    async fn send(&mut self, what: &str, caller: &str, method: &str, target: &str, body: Value) {
        self.send_with(what, caller, (method, target), &[], body).await;
    }

    /// Sends a POST with an `Idempotency-Key`.
    async fn post_once(&mut self, what: &str, caller: &str, target: &str, body: Value) {
        self.send_with(what, caller, ("POST", target), &[("idempotency-key", "key-1")], body).await;
    }

    async fn send_with(
        &mut self,
        what: &str,
        caller: &str,
        (method, target): (&str, &str),
        headers: &[(&str, &str)],
        body: Value,
    ) {
        let _before = self.app.engine.take_call_stats();
        let answer = self.app.call(caller, method, target, headers, Some(body)).await;
        assert!((200..300).contains(&answer.status), "{what}: {}", answer.body);
        self.put_down(what);
    }

    async fn ingest(&mut self, what: &str, body: &str) {
        let _before = self.app.engine.take_call_stats();
        let reports = self.app.send_raw(body).await;
        assert!(reports.iter().all(|report| report.outcome == EventOutcome::Ingested), "{what}");
        self.put_down(what);
    }

    async fn plan(&mut self, what: &str) {
        self.app.now("2026-11-22T00:30:00Z");
        let _before = self.app.engine.take_call_stats();
        let step = json!({ "step": "plan", "day": "2026-11-21" });
        nightly::handle(&self.app.context, &step).await.unwrap();
        self.put_down(what);
    }

    fn put_down(&mut self, what: &str) {
        let stats = self.app.engine.take_call_stats();
        let (read, written) = (halves(stats.half_units_read()), halves(stats.half_units_written()));
        writeln!(self.bill, "{what:<44} {:<35} {read:>4} {written:>5}", calls(&stats)).unwrap();
    }
}

fn calls(stats: &CallStats) -> String {
    let calls = stats.calls.iter().map(|(name, count)| format!("{count} {name}"));
    calls.collect::<Vec<_>>().join(", ")
}

fn halves(units: u64) -> String {
    format!("{}{}", units / 2, if units % 2 == 1 { ".5" } else { "" })
}

async fn links(asked: &mut Metered) {
    let code = asked.code.clone();
    let share = json!({ "sharedCommission": { "spot": "0.05", "futures": "0" } });
    asked.get("GET link", "affiliate", "/v1/link").await;
    asked.get("GET link/qr.svg", "affiliate", "/v1/link/qr.svg").await;
    asked.get("GET links", "affiliate", "/v1/links").await;
    asked.send("POST links", "affiliate", "POST", "/v1/links", share.clone()).await;
    asked.post_once("POST links, with a key", "affiliate", "/v1/links", share.clone()).await;
    asked.post_once("POST links, the same again", "affiliate", "/v1/links", share).await;
    let label = json!({ "label": "autumn" });
    asked
        .send("PATCH links/{code}", "affiliate", "PATCH", &format!("/v1/links/{code}"), label)
        .await;
}

async fn binds(asked: &mut Metered) {
    let code = asked.code.clone();
    let window = format!("/v1/bind?ref={code}");
    let invitation = format!("/v1/invitation?ref={code}");
    asked.get("GET invitation, link not seen before", "dormant-1", &invitation).await;
    asked.get("GET invitation", "dormant-1", &invitation).await;
    asked.get("GET invitation, unknown code", "dormant-1", "/v1/invitation?ref=NNNNNNNN").await;
    let card = format!("/v1/invitation/card?ref={code}");
    asked.get("GET invitation card", "dormant-1", &card).await;
    asked.in_another_process().await;
    asked.get("GET bind, link not seen before", "dormant-1", &window).await;
    let opened = asked.get("GET bind", "dormant-1", &window).await;
    let confirmed = json!({ "confirmation": opened["confirmation"] });
    asked.send("POST bind", "dormant-1", "POST", "/v1/bind", confirmed.clone()).await;
    asked.send("POST bind, the same again", "dormant-1", "POST", "/v1/bind", confirmed).await;
    let opened = asked.app.get("dormant-3", &window).await.json();
    let confirmed = json!({ "confirmation": opened["confirmation"] });
    asked.post_once("POST bind, with a key", "dormant-3", "/v1/bind", confirmed.clone()).await;
    asked.post_once("POST bind, the same with its key", "dormant-3", "/v1/bind", confirmed).await;
    let opened = asked.app.get("dormant-2", &window).await.json();
    asked.in_another_process().await;
    let confirmed = json!({ "confirmation": opened["confirmation"] });
    asked.send("POST bind, link not seen before", "dormant-2", "POST", "/v1/bind", confirmed).await;
    asked.get("GET binding", "bound", "/v1/binding").await;
}

async fn dashboard(asked: &mut Metered) {
    asked.get("GET dashboard, a year", "affiliate", &format!("/v1/dashboard?{YEAR}")).await;
    asked.get("GET dashboard/referrals", "affiliate", "/v1/dashboard/referrals").await;
    let lines = format!("/v1/dashboard/commissions?{YEAR}");
    asked.get("GET dashboard/commissions, a year", "affiliate", &lines).await;
    for filter in ["sort=-day", "status=accrued", "uid=bound", "type=commission"] {
        let what = format!("GET dashboard/commissions, {filter}");
        asked.get(&what, "affiliate", &format!("{lines}&{filter}")).await;
    }
    let none = format!("{lines}&reason=zero_fee");
    asked.get("GET dashboard/commissions, reason of no line", "affiliate", &none).await;
}

#[tokio::test]
async fn request_costs_are_unchanged() {
    let mut asked = Metered::new().await;
    links(&mut asked).await;
    binds(&mut asked).await;
    dashboard(&mut asked).await;
    asked.plan("plan of a night").await;

    // The request; its calls; units read, units written.
    insta::assert_snapshot!(asked.bill, @r"
    GET link                                     1 BatchGetItem                         2     0
    GET link/qr.svg                              1 BatchGetItem                         2     0
    GET links                                    2 BatchGetItem                         5     0
    POST links                                   1 BatchGetItem, 1 TransactWriteItems    2     4
    POST links, with a key                       1 BatchGetItem, 1 TransactWriteItems    2     6
    POST links, the same again                   1 BatchGetItem, 1 TransactWriteItems    2     0
    PATCH links/{code}                           1 BatchGetItem, 1 PutItem              2     1
    GET invitation, link not seen before         2 GetItem                              2     0
    GET invitation                               1 GetItem                              1     0
    GET invitation, unknown code                 1 GetItem                              1     0
    GET invitation card                          1 GetItem                              1     0
    GET bind, link not seen before               1 BatchGetItem, 1 GetItem              3     0
    GET bind                                     1 BatchGetItem                         2     0
    POST bind                                    1 BatchGetItem, 1 TransactWriteItems    2     6
    POST bind, the same again                    1 BatchGetItem, 1 GetItem              3     0
    POST bind, with a key                        1 BatchGetItem, 1 TransactWriteItems    2     8
    POST bind, the same with its key             1 BatchGetItem, 1 GetItem, 1 TransactWriteItems    3     0
    POST bind, link not seen before              1 BatchGetItem, 1 TransactWriteItems    3     6
    GET binding                                  1 BatchGetItem, 2 GetItem              3     0
    GET dashboard, a year                        1 BatchGetItem, 1 Query                4     0
    GET dashboard/referrals                      1 BatchGetItem, 1 Query                4     0
    GET dashboard/commissions, a year            2 BatchGetItem, 1 Query                5     0
    GET dashboard/commissions, sort=-day         2 BatchGetItem, 1 Query                5     0
    GET dashboard/commissions, status=accrued    2 BatchGetItem, 1 Query                5     0
    GET dashboard/commissions, uid=bound         2 BatchGetItem, 1 Query                5     0
    GET dashboard/commissions, type=commission   2 BatchGetItem, 1 Query                5     0
    GET dashboard/commissions, reason of no line 1 BatchGetItem, 1 Query                4     0
    plan of a night                              3 GetItem, 18 Query                   21     0
    ");
}

/// Runs a step of the night.
async fn step(app: &TestApp, input: Value) -> Value {
    nightly::handle(&app.context, &input).await.unwrap()
}

/// Folds and commits the day of a plan; returns the run's number.
async fn commit(app: &TestApp, day: &str) -> Value {
    let plan = step(app, json!({ "step": "plan", "day": day })).await;
    let (run, shards) = (&plan["days"][0]["run"], &plan["days"][0]["shards"]);
    for shard in shards.as_array().unwrap() {
        step(app, json!({ "step": "fold", "day": day, "run": run, "shard": shard })).await;
    }
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
    let committed = step(app, commit).await;
    assert_eq!(committed["ranges"].as_array().unwrap().len(), 1);
    committed["seq"].clone()
}

/// Affiliates and the invitees of each, who all trade on both days.
const AFFILIATES: usize = 5;
const INVITEES: usize = 20;

#[tokio::test]
async fn costs_of_publishing_are_unchanged() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let mut invitees = Vec::new();
    for affiliate in 0..AFFILIATES {
        let code = app.affiliate(&format!("affiliate-{affiliate}")).await;
        for number in 0..INVITEES {
            let invitee = format!("invitee-{affiliate}-{number}");
            app.registered(&invitee, "2024-01-01T00:00:00Z").await;
            assert_eq!(app.bind(&invitee, &code).await.status, 201);
            invitees.push(invitee);
        }
    }
    let mut metered = Metered { app, code: String::new(), bill: String::new() };
    for (day, next) in [("2026-11-20", "2026-11-21"), ("2026-11-21", "2026-11-22")] {
        metered.app.now(&format!("{day}T23:00:00Z"));
        for invitee in &invitees {
            let trade = format!("{day}-{invitee}");
            metered.app.charged(fee(&trade, invitee, &format!("{day}T22:00:00Z"))).await;
        }
        metered.app.now(&format!("{next}T00:30:00Z"));
        let seq = commit(&metered.app, day).await;
        metered.in_another_process().await;
        let publish = json!({ "step": "publish", "seq": seq, "range": { "part": 0, "of": 1 } });
        for how in ["", ", again"] {
            let _before = metered.app.engine.take_call_stats();
            step(&metered.app, publish.clone()).await;
            metered.put_down(&format!("publish of {day}{how}"));
        }
        step(&metered.app, json!({ "step": "finish", "seq": seq })).await;
    }

    // Five affiliates with twenty invitees each; calls; units read, units written.
    insta::assert_snapshot!(metered.bill, @r"
    publish of 2026-11-20                        6 BatchExecuteStatement, 4 BatchGetItem, 6 BatchWriteItem, 1 GetItem, 1 PutItem, 1 Query  225   230
    publish of 2026-11-20, again                 1 BatchExecuteStatement, 4 BatchGetItem, 6 BatchWriteItem, 1 GetItem, 1 PutItem, 1 Query  225   120
    publish of 2026-11-21                        6 BatchExecuteStatement, 4 BatchGetItem, 6 BatchWriteItem, 1 GetItem, 1 PutItem, 1 Query  225   230
    publish of 2026-11-21, again                 1 BatchExecuteStatement, 4 BatchGetItem, 6 BatchWriteItem, 1 GetItem, 1 PutItem, 1 Query  225   120
    ");
}

/// Users of each mix of a thousand events.
const USERS: usize = 50;

/// The events of a mix: a thousand, of fifty users in turn, a second apart.
fn thousand(users: &str, event_of: impl Fn(usize, &str, String) -> Value) -> Vec<Message> {
    let sent_at = at("2026-11-20T12:00:00Z");
    let event = |number: usize| {
        let time = at("2026-11-20T10:00:00Z").plus_millis(1000 * number as i64).to_string();
        event_of(number, &format!("{users}-{}", number % USERS), time)
    };
    let events: Vec<Value> = (0..1000).map(event).collect();
    let messages = events.chunks(100).enumerate();
    messages
        .map(|(number, events)| Message {
            id: number.to_string(),
            sent_at,
            body: Value::from(events).to_string(),
        })
        .collect()
}

fn mixes() -> [(&'static str, Vec<Message>); 4] {
    let charged = |number: usize, user: &str, time: String| {
        event(&number.to_string(), "fee.charged", fee(&format!("t{number}"), user, &time))
    };
    let activity = |number: usize, user: &str, time: String| {
        let data = json!({ "uid": user, "product": "earn", "at": time });
        event(&format!("activity-{number}"), "activity", data)
    };
    let changed = |number: usize, user: &str, time: String| {
        let data = json!({ "uid": user, "vipLevel": number % 7, "at": time });
        event(&format!("changed-{number}"), "account.changed", data)
    };
    [
        ("fees of bound payers", thousand("bound", charged)),
        ("fees of payers without inviter", thousand("alone", charged)),
        ("activity", thousand("active", activity)),
        ("account facts", thousand("known", changed)),
    ]
}

/// Messages with a fee of each of some users.
fn fee_of_each(users: impl Iterator<Item = String>, hour: u32) -> Vec<Message> {
    let sent_at = at("2026-11-20T12:00:00Z");
    let time = format!("2026-11-20T{hour:02}:30:00Z");
    let event = |user: String| {
        let id = format!("{user}-{hour}");
        event(&id, "fee.charged", fee(&format!("t-{id}"), &user, &time))
    };
    let events: Vec<Value> = users.map(event).collect();
    vec![Message { id: "each".to_owned(), sent_at, body: Value::from(events).to_string() }]
}

/// A message with a change of each of some users' facts.
fn change_of_each(users: impl Iterator<Item = String>) -> Vec<Message> {
    let change = |user: String| {
        let data = json!({ "uid": user, "vipLevel": 3, "at": "2026-11-20T11:00:00Z" });
        event(&format!("change-{user}"), "account.changed", data)
    };
    let events: Vec<Value> = users.map(change).collect();
    let sent_at = at("2026-11-20T12:00:00Z");
    vec![Message { id: "each".to_owned(), sent_at, body: Value::from(events).to_string() }]
}

/// Later activity of a day costs a fraction of the first. Bound payers are read at half the price,
/// unless their facts change.
#[tokio::test]
async fn costs_of_many_users_are_unchanged() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    let alone = || (0..300).map(|number| format!("alone-{number}"));
    let bound = || (0..300).map(|number| format!("bound-{number}"));
    for user in alone().chain(bound()) {
        app.registered(&user, "2024-01-01T00:00:00Z").await;
    }
    for user in bound() {
        assert_eq!(app.bind(&user, &code).await.status, 201);
    }
    app.now("2026-11-20T12:00:00Z");
    let few_alone = || alone().take(30).chain(bound());
    let mut metered = Metered { app, code, bill: String::new() };
    for (what, messages) in [
        ("300 payers without inviter", fee_of_each(alone(), 9)),
        ("the same, later in the day", fee_of_each(alone(), 10)),
        ("300 bound payers, 30 without inviter", fee_of_each(few_alone(), 11)),
        ("changes of 300 bound users", change_of_each(bound())),
    ] {
        metered.in_another_process().await;
        let _before = metered.app.engine.take_call_stats();
        let reports = ingestion::ingest(&metered.app.context, &messages).await.unwrap();
        assert!(reports.iter().all(|report| report.outcome == EventOutcome::Ingested));
        metered.put_down(what);
    }
    metered.app.now("2026-11-21T00:30:00Z");
    for part in ActivityPart::all() {
        let number = part.number();
        let part = json!({ "step": "apply-activity", "day": "2026-11-20", "part": number });
        step(&metered.app, part).await;
    }
    metered.put_down("their last activity");
    let mut kept = 0;
    for shard in Shard::all() {
        let fees = metered.app.context.table.fees(day("2026-11-20"), shard).await.unwrap();
        kept += fees.fees.len();
    }
    assert_eq!(kept, 300);

    // The calls; units read, units written.
    insta::assert_snapshot!(metered.bill, @r"
    300 payers without inviter                   3 BatchGetItem, 300 PutItem          300   300
    the same, later in the day                   3 BatchGetItem, 1 BatchWriteItem, 8 UpdateItem  300    16
    300 bound payers, 30 without inviter         5 BatchGetItem, 1 BatchWriteItem, 1 GetItem, 65 PutItem, 72 UpdateItem 229.5   145
    changes of 300 bound users                   3 BatchGetItem, 600 PutItem          300   600
    their last activity                          8 BatchGetItem, 8 DeleteItem, 300 PutItem, 16 Query  316   308
    ");
}

/// Only sign-ups need the switches, and read them again if the last reading is 30 seconds old.
#[tokio::test]
async fn sign_up_costs_are_unchanged() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    let mut metered = Metered { app, code: code.clone(), bill: String::new() };
    let registered = |uid: &str, code: Option<&str>| {
        let data = json!({
            "uid": uid, "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
        });
        event(uid, "account.registered", data).to_string()
    };
    metered.in_another_process().await;
    for (what, body) in [
        ("sign-up, link not seen before", registered("a", Some(&code))),
        ("sign-up", registered("b", Some(&code))),
        ("sign-up, again", registered("b", Some(&code))),
    ] {
        metered.ingest(what, &body).await;
    }
    stopped_for_a_minute(&metered.app, Switch::Binds).await;
    for (what, body) in [
        ("registration without a link, a minute later", registered("c", None)),
        ("sign-up, stopped, a minute later", registered("d", Some(&code))),
        ("sign-up, stopped", registered("e", Some(&code))),
        ("sign-up, stopped, again", registered("e", Some(&code))),
    ] {
        metered.ingest(what, &body).await;
    }
    started(&metered.app, Switch::Binds).await;
    metered.in_another_process().await;
    let _before = metered.app.engine.take_call_stats();
    ingestion::evaluate_held(&metered.app.context).await.unwrap();
    metered.put_down("evaluation of 2 held sign-ups");

    // The calls; units read, units written.
    insta::assert_snapshot!(metered.bill, @r"
    sign-up, link not seen before                1 BatchGetItem, 2 GetItem, 1 PutItem, 1 TransactWriteItems, 1 UpdateItem    3     8
    sign-up                                      1 BatchGetItem, 1 GetItem, 1 PutItem, 1 TransactWriteItems, 1 UpdateItem    2     8
    sign-up, again                               1 BatchGetItem, 1 PutItem, 1 UpdateItem    1     1
    registration without a link, a minute later  1 BatchGetItem, 2 PutItem              1     2
    sign-up, stopped, a minute later             1 BatchGetItem, 5 GetItem, 2 PutItem, 1 TransactWriteItems    6     6
    sign-up, stopped                             1 BatchGetItem, 4 GetItem, 2 PutItem, 1 TransactWriteItems    5     6
    sign-up, stopped, again                      1 BatchGetItem, 3 GetItem, 2 PutItem    4     1
    evaluation of 2 held sign-ups                4 DeleteItem, 8 GetItem, 2 PutItem, 64 Query, 2 TransactWriteItems, 2 UpdateItem   72    20
    ");
}

#[tokio::test]
async fn costs_of_a_thousand_events_are_unchanged() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    for number in 0..USERS {
        for users in ["bound", "alone", "active", "known"] {
            app.registered(&format!("{users}-{number}"), "2024-01-01T00:00:00Z").await;
        }
        assert_eq!(app.bind(&format!("bound-{number}"), &code).await.status, 201);
    }
    app.now("2026-11-20T12:00:00Z");
    let mut metered = Metered { app, code, bill: String::new() };
    for (what, messages) in mixes() {
        for how in ["", ", again"] {
            metered.in_another_process().await;
            let _before = metered.app.engine.take_call_stats();
            let reports = ingestion::ingest(&metered.app.context, &messages).await.unwrap();
            assert!(reports.iter().all(|report| report.outcome == EventOutcome::Ingested));
            metered.put_down(&format!("{what}{how}"));
        }
    }

    // A thousand events in one batch; its calls; units read, units written.
    insta::assert_snapshot!(metered.bill, @r"
    fees of bound payers                         1 BatchGetItem, 1 GetItem, 34 PutItem, 33 UpdateItem   51    67
    fees of bound payers, again                  1 BatchGetItem, 1 GetItem, 33 PutItem, 33 UpdateItem   51    66
    fees of payers without inviter               1 BatchGetItem, 50 PutItem            50    50
    fees of payers without inviter, again        1 BatchGetItem                        50     0
    activity                                     1 BatchGetItem, 1050 PutItem          50  1050
    activity, again                              1 BatchGetItem, 1000 PutItem          50     0
    account facts                                1 BatchGetItem, 1050 PutItem          50  1050
    account facts, again                         1 BatchGetItem, 1000 PutItem          50     0
    ");
}
