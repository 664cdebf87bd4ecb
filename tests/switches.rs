//! Kill switches: each one's effect when it is turned on and off, and the time that takes.

use serde_json::{Value, json};
use storage::{Switch, SwitchAction, SwitchChange, SwitchOutcome, Table};

use crate::announced::{Told, types};
use crate::stream::Stream;
use crate::test_app::{Answer, TestApp, at, day, fee, uid};

/// The table as a deployed function of another process sees it, which read it at its start.
pub async fn another_process(app: &TestApp) -> TestApp {
    let mut other = app.clone();
    other.context.table = Table::new(app.engine.config(), app.engine.table_name());
    other.context.table.warm_up(app.clock.now()).await.unwrap();
    other
}

/// Changes a switch as the operator's tool does, in a separate process.
async fn change(app: &TestApp, action: SwitchAction, switch: Switch) -> SwitchOutcome {
    let table = Table::new(app.engine.config(), app.engine.table_name());
    let (reason, actor) = ("a test".to_owned(), "tester".to_owned());
    let change = SwitchChange { switch, action, reason, actor, at: app.clock.now() };
    table.change_switch(&change).await.unwrap()
}

async fn stop(app: &TestApp, switch: Switch) {
    assert_eq!(change(app, SwitchAction::Stop, switch).await, SwitchOutcome::Changed);
}

/// Turns a switch off, and waits until every process has read it.
pub async fn started(app: &TestApp, switch: Switch) {
    assert_eq!(change(app, SwitchAction::Start, switch).await, SwitchOutcome::Changed);
    later(app, 60);
}

pub async fn stopped_for_a_minute(app: &TestApp, switch: Switch) {
    stop(app, switch).await;
    later(app, 60);
}

fn later(app: &TestApp, seconds: i64) {
    app.clock.stop_at(app.clock.now().plus_millis(seconds * 1000));
}

fn outcome(answer: &Answer) -> String {
    match answer.status {
        status @ 400.. => format!("{status} {}", answer.json()["code"].as_str().unwrap()),
        status => status.to_string(),
    }
}

/// An affiliate with a link, and dormant users.
async fn programme() -> (TestApp, String) {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    for user in ["dormant-1", "dormant-2", "dormant-3"] {
        app.registered(user, "2024-01-01T00:00:00Z").await;
    }
    (app, code)
}

async fn confirmation(app: &TestApp, user: &str, code: &str) -> Value {
    let window = app.get(user, &format!("/v1/bind?ref={code}")).await;
    json!({ "confirmation": window.json()["confirmation"] })
}

#[tokio::test]
async fn bind_is_refused_within_a_minute_of_the_command() {
    let (app, code) = programme().await;
    let confirmed = confirmation(&app, "dormant-1", &code).await;
    let busy = another_process(&app).await;
    stop(&app, Switch::Binds).await;
    let mut first_refused = None;
    for second in 0..=60 {
        let window = app.get("dormant-2", &format!("/v1/bind?ref={code}")).await;
        let other = busy.get("dormant-3", &format!("/v1/bind?ref={code}")).await;
        if (window.status, other.status) == (503, 503) {
            first_refused = Some(second);
            break;
        }
        later(&app, 1);
    }
    assert_eq!(first_refused, Some(30));
    let bind = app.post("dormant-1", "/v1/bind", confirmed).await;
    assert_eq!(outcome(&bind), "503 binds_stopped");
    assert!(!bind.body.contains("a test") && !bind.body.contains("tester"), "{}", bind.body);
}

#[tokio::test]
async fn stopped_binds_return_with_the_start() {
    let (app, code) = programme().await;
    assert_eq!(app.bind("dormant-1", &code).await.status, 201);
    stopped_for_a_minute(&app, Switch::Binds).await;
    let window = app.get("dormant-2", &format!("/v1/bind?ref={code}")).await;
    assert_eq!(outcome(&window), "503 binds_stopped");
    for (caller, target) in [("dormant-1", "/v1/binding"), ("affiliate", "/v1/links")] {
        assert_eq!(app.get(caller, target).await.status, 200, "{target}");
    }
    started(&app, Switch::Binds).await;
    assert_eq!(app.bind("dormant-2", &code).await.status, 201);
}

#[tokio::test]
async fn stopped_bind_answers_its_recorded_key() {
    let (app, code) = programme().await;
    let confirmed = confirmation(&app, "dormant-1", &code).await;
    let keyed = async |key: &str| {
        let headers = [("idempotency-key", key)];
        app.call("dormant-1", "POST", "/v1/bind", &headers, Some(confirmed.clone())).await
    };
    let first = keyed("k1").await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    let again = keyed("k1").await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(outcome(&keyed("k2").await), "503 binds_stopped");
}

#[tokio::test]
async fn stop_of_a_link_spares_other_links() {
    let (app, code) = programme().await;
    let other = app.post("affiliate", "/v1/links", json!({})).await.json()["code"].clone();
    let other = other.as_str().unwrap();
    let confirmed = confirmation(&app, "dormant-1", &code).await;
    let link = Switch::Link(code.parse().unwrap());
    stopped_for_a_minute(&app, link.clone()).await;
    let window = app.get("dormant-2", &format!("/v1/bind?ref={code}")).await;
    let bind = app.post("dormant-1", "/v1/bind", confirmed).await;
    assert_eq!((outcome(&window), outcome(&bind)), both("503 link_stopped"));
    assert_eq!(app.bind("dormant-3", other).await.status, 201);
    started(&app, link).await;
    assert_eq!(app.bind("dormant-1", &code).await.status, 201);
}

fn both(outcome: &str) -> (String, String) {
    (outcome.to_owned(), outcome.to_owned())
}

#[tokio::test]
async fn stopped_link_has_no_invitation() {
    let (app, code) = programme().await;
    let answers = async |code: &str| {
        let target = |path: &str| format!("{path}?ref={code}");
        let invitation = app.get("anyone", &target("/v1/invitation")).await;
        let card = app.get("anyone", &target("/v1/invitation/card")).await;
        assert_eq!((invitation.status, card.status), (200, 200));
        (invitation.json(), card.body.replace(code, "CODE"))
    };
    let before = answers(&code).await;
    assert_eq!(before.0["live"], true);
    stopped_for_a_minute(&app, Switch::Binds).await;
    assert_eq!(answers(&code).await, before, "the window says that all binds are stopped");
    stopped_for_a_minute(&app, Switch::Link(code.parse().unwrap())).await;
    assert_eq!(answers(&code).await, answers("NNNNNNNN").await);
    started(&app, Switch::Link(code.parse().unwrap())).await;
    assert_eq!(answers(&code).await, before);
}

#[tokio::test]
async fn stop_of_new_links_spares_existing_ones() {
    let (app, code) = programme().await;
    app.affiliate("other").await;
    app.registered("without-links", "2019-01-01T00:00:00Z").await;
    let joined = json!({ "uid": "without-links", "affiliate": true, "at": "2025-01-01T00:00:00Z" });
    app.taken("account.changed", joined).await;
    for affiliate in ["affiliate", "without-links"] {
        stopped_for_a_minute(&app, Switch::NewLinks(uid(affiliate))).await;
        let made = app.post(affiliate, "/v1/links", json!({})).await;
        assert_eq!(outcome(&made), "503 links_stopped");
    }
    let first = app.get("without-links", "/v1/link").await;
    assert_eq!(outcome(&first), "503 links_stopped", "the first call makes a link");
    assert_eq!(app.get("affiliate", "/v1/link").await.json()["code"], json!(code));
    assert_eq!(app.post("other", "/v1/links", json!({})).await.status, 201);
    assert_eq!(app.bind("dormant-1", &code).await.status, 201);
    started(&app, Switch::NewLinks(uid("without-links"))).await;
    assert_eq!(app.get("without-links", "/v1/link").await.status, 200);
}

#[tokio::test]
async fn switch_of_unknown_link_is_not_turned_on() {
    let (app, _) = programme().await;
    let unknown = Switch::Link("NNNNNNNN".parse().unwrap());
    assert_eq!(change(&app, SwitchAction::Stop, unknown).await, SwitchOutcome::UnknownLink);
    assert_eq!(change(&app, SwitchAction::Start, Switch::Binds).await, SwitchOutcome::AsBefore);
    stop(&app, Switch::Binds).await;
    assert_eq!(change(&app, SwitchAction::Stop, Switch::Binds).await, SwitchOutcome::AsBefore);
    assert_eq!(app.context.table.switch_changes(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn stops_of_links_and_affiliates_are_limited() {
    let (app, _) = programme().await;
    for number in 0..storage::MAX_STOPPED {
        stop(&app, Switch::NewLinks(uid(&format!("{number:064}")))).await;
    }
    let one_more = change(&app, SwitchAction::Stop, Switch::NewLinks(uid("one-more"))).await;
    assert_eq!(one_more, SwitchOutcome::TooMany);
    stop(&app, Switch::Binds).await;
    assert_eq!(app.context.table.control().await.unwrap().value.count(), 201);
}

/// Overwrites the switches with an item that does not decode.
fn damage(app: &TestApp) {
    let broken = json!({
        "pk": { "S": "CONTROL" }, "sk": { "S": "CONTROL" }, "v": { "N": "1" }, "rev": { "N": "1" },
        "bindsStopped": { "S": "yes" },
    });
    app.engine.put("recall", [broken]).unwrap();
}

fn remove(app: &TestApp) {
    let key = json!({ "pk": { "S": "CONTROL" }, "sk": { "S": "CONTROL" } });
    let body = json!({ "TableName": "recall", "Key": key }).to_string();
    assert_eq!(app.engine.run("DeleteItem", body.as_bytes()).0, 200);
}

#[tokio::test]
async fn lost_switches_keep_their_last_state() {
    for lose in [damage, remove] {
        let (app, code) = programme().await;
        stopped_for_a_minute(&app, Switch::Binds).await;
        let window = format!("/v1/bind?ref={code}");
        assert_eq!(outcome(&app.get("dormant-1", &window).await), "503 binds_stopped");
        lose(&app);
        later(&app, 60);
        assert_eq!(outcome(&app.get("dormant-1", &window).await), "503 binds_stopped");
        let fresh = another_process(&app).await;
        assert_eq!(fresh.get("dormant-1", &window).await.status, 200, "it never read a switch");
    }
}

/// Two days of fees; the binding is of the first.
async fn traded() -> TestApp {
    let (app, code) = programme().await;
    assert_eq!(app.bind("dormant-1", &code).await.status, 201);
    for (trade, now) in [("t1", "2026-11-20T10:00:00Z"), ("t2", "2026-11-21T10:00:00Z")] {
        app.now(now);
        app.charged(fee(trade, "dormant-1", now)).await;
    }
    app
}

/// The affiliates' view of both days, without the names and times of runs.
async fn booked(app: &TestApp) -> Vec<Value> {
    let mut lines = app.lines("affiliate", "2026-11-20", "2026-11-21").await;
    for line in &mut lines {
        for run in ["id", "runId", "bookedAt", "payableFrom", "status"] {
            line.as_object_mut().unwrap().remove(run);
        }
    }
    lines
}

async fn night(app: &TestApp, of: &str) -> Result<nightly::NightReport, nightly::StepError> {
    app.clock.stop_at(day(of).end().plus_millis(30 * 60 * 1000));
    nightly::Driver::new(&app.context_of("daily-commission")).run_night(day(of)).await
}

#[tokio::test]
async fn held_nights_are_booked_after_the_stop() {
    let undisturbed = traded().await;
    for of in ["2026-11-20", "2026-11-21"] {
        night(&undisturbed, of).await.unwrap();
    }
    let app = traded().await;
    stop(&app, Switch::Payments).await;
    for of in ["2026-11-20", "2026-11-21"] {
        let Err(error) = night(&app, of).await else { panic!("{of} was booked") };
        assert_eq!(error.name(), "PaymentsStopped");
        let head = app.context.table.head().await.unwrap().value;
        assert_eq!((head.committed, head.closed_through), (0, Some(day("2026-11-19"))));
    }
    assert_eq!(booked(&app).await, Vec::<Value>::new());
    started(&app, Switch::Payments).await;
    let report = night(&app, "2026-11-22").await.unwrap();
    let lines = report.days.iter().map(|day| (day.day.to_string(), day.lines));
    let expected = [("2026-11-20", 1), ("2026-11-21", 1), ("2026-11-22", 0)];
    assert!(lines.eq(expected.map(|(day, lines)| (day.to_owned(), lines))), "{report:?}");
    assert_eq!(booked(&app).await, booked(&undisturbed).await);
    assert_eq!(booked(&app).await.len(), 2);
}

#[tokio::test]
async fn committed_run_is_published_in_spite_of_the_stop() {
    let app = traded().await;
    app.now("2026-11-21T00:30:00Z");
    let context = app.context_of("daily-commission");
    let step = async |step: Value| nightly::handle(&context, &step).await;
    let plan = step(json!({ "step": "plan", "day": "2026-11-20" })).await.unwrap();
    let (run, shards) = (&plan["days"][0]["run"], &plan["days"][0]["shards"]);
    for shard in shards.as_array().unwrap() {
        let fold = json!({ "step": "fold", "day": "2026-11-20", "run": run, "shard": shard });
        step(fold).await.unwrap();
    }
    let commit = json!({ "step": "commit", "day": "2026-11-20", "run": run, "shards": shards });
    let committed = step(commit.clone()).await.unwrap();
    stop(&app, Switch::Payments).await;
    assert_eq!(step(commit).await.unwrap(), committed, "a repetition finds its run");
    let publish = json!({ "step": "publish", "seq": 1, "range": { "part": 0, "of": 1 } });
    step(publish).await.unwrap();
    step(json!({ "step": "finish", "seq": 1 })).await.unwrap();
    assert_eq!(app.lines("affiliate", "2026-11-20", "2026-11-20").await.len(), 1);
}

#[tokio::test]
async fn unreadable_switches_do_not_hold_a_night_that_never_read_one() {
    let app = traded().await;
    damage(&app);
    assert_eq!(night(&app, "2026-11-20").await.unwrap().days[0].lines, 1);
}

#[tokio::test]
async fn payment_events_wait_and_other_events_do_not() {
    let app = traded().await;
    let (mut stream, told) = (Stream::of(&app), Told::new());
    night(&app, "2026-11-20").await.unwrap();
    let code = app.get("affiliate", "/v1/link").await.json()["code"].clone();
    let mut records = stream.batch(&app);
    assert_eq!(app.bind("dormant-2", code.as_str().unwrap()).await.status, 201);
    let bound = stream.batch(&app);
    stopped_for_a_minute(&app, Switch::Payments).await;
    assert_eq!(told.hand_over(&app, bound).await, None);
    assert_eq!(types(&told.all()), ["recall.binding.created.v1"]);
    let held = told.hand_over(&app, records.clone()).await;
    assert!(held.is_some());
    assert_eq!(told.all().len(), 1);
    let sequence = |record: &aws_lambda_events::event::dynamodb::EventRecord| {
        record.change.sequence_number.clone()
    };
    let from = records.iter().position(|record| sequence(record) == held).unwrap();
    started(&app, Switch::Payments).await;
    assert_eq!(told.hand_over(&app, records.split_off(from)).await, None);
    let all = told.all();
    let expected = ["recall.binding.created.v1", "recall.commission.settled.v1"];
    assert_eq!(types(&all), expected);
}

#[tokio::test]
async fn notices_are_on_the_dashboard() {
    let (app, code) = programme().await;
    app.affiliate("other").await;
    let notices =
        async |caller: &str| app.get(caller, "/v1/dashboard").await.json()["notices"].clone();
    assert_eq!(notices("affiliate").await, json!([]));
    stop(&app, Switch::Payments).await;
    stopped_for_a_minute(&app, Switch::Link(code.parse().unwrap())).await;
    let payments = json!({ "code": "payments_stopped", "since": "2026-11-20T09:00:00.000Z" });
    let link = json!({
        "code": "link_stopped", "since": "2026-11-20T09:00:00.000Z", "link": code,
    });
    assert_eq!(notices("affiliate").await, json!([payments, link]));
    assert_eq!(notices("other").await, json!([payments]));
    started(&app, Switch::Payments).await;
    assert_eq!(notices("other").await, json!([]));
}

#[tokio::test]
async fn check_measures_switches_and_refusals_are_no_faults() {
    let (mut app, code) = programme().await;
    let (metrics, captured) = lambda::Metrics::kept();
    app.context.metrics = metrics;
    stop(&app, Switch::Payments).await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    let check = async || nightly::handle(&app.context, &json!({ "step": "check" })).await.unwrap();
    check().await;
    assert!(captured.lines().last().unwrap().contains("\"SwitchesOn\":2"));
    app.get("dormant-1", &format!("/v1/bind?ref={code}")).await;
    let refused = captured.lines().pop().unwrap();
    assert!(refused.contains("\"Faults\":0,\"Successes\":0"), "{refused}");
    started(&app, Switch::Binds).await;
    check().await;
    assert!(captured.lines().last().unwrap().contains("\"SwitchesOn\":1"));
    damage(&app);
    check().await;
    let lines = captured.lines();
    assert!(lines[lines.len() - 2].contains("\"RecordsUnreadable\":1"), "{lines:?}");
    assert!(lines[lines.len() - 1].contains("\"SwitchesOn\":1"), "the last state");
}

#[tokio::test]
async fn log_has_every_change_newest_first() {
    let (app, code) = programme().await;
    let link = Switch::Link(code.parse().unwrap());
    stopped_for_a_minute(&app, link.clone()).await;
    started(&app, link.clone()).await;
    stop(&app, Switch::Payments).await;
    let log = app.context.table.switch_changes(20).await.unwrap();
    let entry = |switch, action, now: &str| SwitchChange {
        switch,
        action,
        reason: "a test".to_owned(),
        actor: "tester".to_owned(),
        at: at(now),
    };
    let expected = [
        entry(Switch::Payments, SwitchAction::Stop, "2026-11-20T09:02:00Z"),
        entry(link.clone(), SwitchAction::Start, "2026-11-20T09:01:00Z"),
        entry(link, SwitchAction::Stop, "2026-11-20T09:00:00Z"),
    ];
    assert_eq!(log, expected);
    assert_eq!(app.context.table.switch_changes(2).await.unwrap(), expected[..2]);
}
