//! Sign-ups while binds or their link are stopped: they bind once the switch is turned off.

use std::sync::Arc;

use dynamodb_embedded::{Fault, Faults};
use ingestion::{EventOutcome, HeldEvaluation, Message};
use serde_json::{Value, json};
use storage::{Shard, Switch, Table};
use types::{Origin, Reason};

use crate::damage::{Damage, item_at};
use crate::pending_sign_ups::{
    SIGNED_UP, account, departed_affiliate, is_bound, membership, sign_up, signs_up,
};
use crate::switches::{another_process, started, stopped_for_a_minute};
use crate::test_app::{TestApp, at, event, fee, uid};

async fn affiliate() -> (TestApp, String) {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    (app, code)
}

fn link(code: &str) -> Switch {
    Switch::Link(code.parse().unwrap())
}

async fn held(app: &TestApp) -> Vec<String> {
    let now = app.clock.now();
    let mut all = Vec::new();
    for shard in Shard::all() {
        let held = app.context.table.held_sign_ups(shard, now).await.unwrap();
        all.extend(held.into_iter().map(|held| held.unwrap().invitee.as_str().to_owned()));
    }
    all.sort();
    all
}

/// Turns a switch off, and evaluates as the operator's tool does.
async fn start(app: &TestApp, switch: Switch) -> HeldEvaluation {
    started(app, switch).await;
    evaluate(app).await
}

async fn evaluate(app: &TestApp) -> HeldEvaluation {
    let operator = another_process(app).await;
    ingestion::evaluate_held(&operator.context).await.unwrap()
}

const fn ended(ended: usize) -> HeldEvaluation {
    HeldEvaluation { ended, waiting: 0, unreadable: 0 }
}

const fn waiting(waiting: usize) -> HeldEvaluation {
    HeldEvaluation { ended: 0, waiting, unreadable: 0 }
}

#[tokio::test]
async fn stopped_sign_up_binds_at_start() {
    for by_link in [false, true] {
        let (app, code) = affiliate().await;
        let switch = if by_link { link(&code) } else { Switch::Binds };
        stopped_for_a_minute(&app, switch.clone()).await;
        signs_up(&app, "newcomer", &code).await;
        let unbound = account(&app, "newcomer").await;
        assert_eq!((unbound.relation, unbound.sign_up_refused), (None, None));
        assert_eq!(held(&app).await, ["newcomer"]);

        assert_eq!(start(&app, switch).await, ended(1));
        let bound = account(&app, "newcomer").await;
        let relation = bound.relation.unwrap();
        assert_eq!((relation.origin, relation.bound_at), (Origin::Signup, at(SIGNED_UP)));
        assert_eq!((bound.sign_up_refused, bound.pending_sign_up), (None, None));
        let evidence = app.context.table.binding(&uid("newcomer")).await.unwrap();
        assert_eq!(evidence.unwrap().relation, relation);
        assert_eq!(held(&app).await, [""; 0]);
        assert_eq!(evaluate(&app).await, ended(0), "there is nothing left");
    }
}

#[tokio::test]
async fn link_stop_holds_its_sign_ups() {
    let (app, code) = affiliate().await;
    let other = app.affiliate("other").await;
    for code in [&code, &other] {
        stopped_for_a_minute(&app, link(code)).await;
    }
    let free = app.post("affiliate", "/v1/links", json!({})).await.json()["code"].clone();
    for (invitee, code) in [("a", &*code), ("b", &*other), ("c", free.as_str().unwrap())] {
        signs_up(&app, invitee, code).await;
    }
    app.registered("without-link", SIGNED_UP).await;
    assert!(is_bound(&app, "c").await);
    assert_eq!(held(&app).await, ["a", "b"]);
    let evaluation = start(&app, link(&code)).await;
    assert_eq!(evaluation, HeldEvaluation { ended: 1, ..waiting(1) });
    assert!(is_bound(&app, "a").await && !is_bound(&app, "b").await);
    assert_eq!(start(&app, link(&other)).await, ended(1));
    assert!(is_bound(&app, "b").await);
}

#[tokio::test]
async fn other_switches_hold_no_sign_up() {
    let (app, code) = affiliate().await;
    for switch in [Switch::Payments, Switch::NewLinks(uid("affiliate"))] {
        stopped_for_a_minute(&app, switch).await;
    }
    signs_up(&app, "newcomer", &code).await;
    assert!(is_bound(&app, "newcomer").await);
}

#[tokio::test]
async fn fees_of_a_stop_are_booked() {
    let (app, code) = affiliate().await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    signs_up(&app, "newcomer", &code).await;
    app.charged(fee("t1", "newcomer", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    assert_eq!(app.lines("affiliate", "2026-11-20", "2026-11-20").await, [Value::Null; 0]);
    assert_eq!(start(&app, Switch::Binds).await, ended(1));
    app.night("2026-11-21").await;
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    let fees: Vec<&Value> = lines.iter().map(|line| &line["fees"]).collect();
    assert_eq!(fees, [&json!("0.00100000")]);
}

#[tokio::test]
async fn redelivered_sign_up_binds_once() {
    let (app, code) = affiliate().await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    for id in ["1", "1", "2"] {
        let outcome = app.send_as(id, "account.registered", sign_up("newcomer", &code)).await;
        assert_eq!(outcome, EventOutcome::Ingested);
        assert_eq!((is_bound(&app, "newcomer").await, held(&app).await.len()), (false, 1));
    }
    started(&app, Switch::Binds).await;
    app.send_as("2", "account.registered", sign_up("newcomer", &code)).await;
    let bound = account(&app, "newcomer").await;
    assert!(bound.relation.is_some(), "the redelivery evaluates it too");
    assert_eq!(evaluate(&app).await, ended(1));
    app.send_as("3", "account.registered", sign_up("newcomer", &code)).await;
    assert_eq!(account(&app, "newcomer").await, bound);
    assert_eq!(held(&app).await, [""; 0]);
}

#[tokio::test]
async fn late_process_binds_after_start() {
    let (app, code) = affiliate().await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    let late = another_process(&app).await;
    let before = app.clock.now();
    assert_eq!(start(&app, Switch::Binds).await, ended(0));
    app.clock.stop_at(before);
    assert!(late.context.switches().await.binds.is_some(), "its cache is half a minute old");
    signs_up(&late, "newcomer", &code).await;
    assert!(is_bound(&app, "newcomer").await);
}

#[tokio::test]
async fn newly_eligible_sign_up_is_held() {
    let (app, code) = departed_affiliate().await;
    signs_up(&app, "newcomer", &code).await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    for _ in 0..2 {
        membership(&app, true, "2026-11-10T00:00:00Z").await;
        let unbound = account(&app, "newcomer").await;
        assert_eq!((unbound.relation, unbound.sign_up_refused), (None, None));
        assert_eq!(held(&app).await, ["newcomer"]);
    }
    assert_eq!(start(&app, Switch::Binds).await, ended(1));
    assert!(is_bound(&app, "newcomer").await);
}

#[tokio::test]
async fn newly_ineligible_sign_up_waits() {
    let (app, code) = affiliate().await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    signs_up(&app, "newcomer", &code).await;
    membership(&app, false, "2026-11-01T00:00:00Z").await;
    assert_eq!(start(&app, Switch::Binds).await, waiting(1));
    assert!(!is_bound(&app, "newcomer").await);
    membership(&app, true, "2026-11-10T00:00:00Z").await;
    assert!(is_bound(&app, "newcomer").await);
    assert_eq!(evaluate(&app).await, ended(1));
}

#[tokio::test]
async fn ineligible_sign_up_is_refused() {
    let (app, code) = affiliate().await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    let mut blocked = sign_up("in-germany", &code);
    blocked["country"] = json!("DE");
    app.taken("account.registered", blocked).await;
    let refused = account(&app, "in-germany").await;
    assert_eq!(refused.sign_up_refused, Some(Reason::RegionBlockedInvitee));
    assert_eq!((refused.pending_sign_up, held(&app).await), (None, vec![]));
}

#[tokio::test]
async fn redelivery_holds_lost_sign_up() {
    let (app, code) = affiliate().await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    signs_up(&app, "newcomer", &code).await;
    Damage::of(&app, |item| item_at(item).0.starts_with("HELD#")).remove();
    app.send_as("again", "account.registered", sign_up("newcomer", &code)).await;
    assert_eq!(held(&app).await, ["newcomer"]);
}

/// No single item can be read.
#[derive(Debug)]
struct NoReads;

impl Faults for NoReads {
    fn next(&self, operation: &str) -> Option<Fault> {
        (operation == "GetItem").then_some(Fault::Refused("ThrottlingException"))
    }
}

#[tokio::test]
async fn unread_switches_end_evaluation() {
    let (app, code) = affiliate().await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    signs_up(&app, "newcomer", &code).await;
    started(&app, Switch::Binds).await;
    let config = app.engine.faulty_config(Arc::new(NoReads));
    let config = config.retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled());
    let unread = app.context.with_table(Table::new(config, app.engine.table_name()));
    assert_eq!(ingestion::evaluate_held(&unread).await.unwrap_err().name(), "Throttled");
    assert_eq!((is_bound(&app, "newcomer").await, held(&app).await.len()), (false, 1));
    assert_eq!(evaluate(&app).await, ended(1));
}

#[tokio::test]
async fn unreadable_sign_up_is_skipped() {
    let (app, code) = affiliate().await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    for invitee in ["newcomer-a", "newcomer-b", "newcomer-c"] {
        signs_up(&app, invitee, &code).await;
    }
    crate::poison::corrupt(&app, "U#newcomer-a", "ACCOUNT");
    let is_of_b =
        |item: &Value| item_at(item).0.starts_with("HELD#") && item_at(item).1 == "newcomer-b";
    Damage::of(&app, is_of_b).make_unreadable();
    let evaluation = start(&app, Switch::Binds).await;
    assert_eq!(evaluation, HeldEvaluation { ended: 1, waiting: 0, unreadable: 2 });
    assert!(is_bound(&app, "newcomer-c").await);
}

#[tokio::test]
async fn batch_holds_only_its_sign_ups() {
    let (app, code) = affiliate().await;
    app.registered("trader", "2024-01-01T00:00:00Z").await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    let events: Vec<Value> = ["a", "b"]
        .into_iter()
        .map(|invitee| event(invitee, "account.registered", sign_up(invitee, &code)))
        .chain([event("c", "fee.charged", fee("t1", "trader", "2026-11-20T11:00:00Z"))])
        .collect();
    let body = Value::Array(events).to_string();
    let message = Message { id: "m".to_owned(), sent_at: app.clock.now(), body };
    let reports = ingestion::ingest(&app.context, &[message]).await.unwrap();
    assert!(reports.iter().all(|report| report.outcome == EventOutcome::Ingested));
    assert_eq!(held(&app).await, ["a", "b"]);
    let active = account(&app, "trader").await.facts.last_activity_at;
    assert_eq!(active, Some(at("2026-11-20T11:00:00Z")));
}

#[tokio::test]
async fn held_sign_up_ends_after_days() {
    let (app, code) = affiliate().await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    signs_up(&app, "newcomer", &code).await;
    let end = app.clock.now().plus_days(storage::PENDING_SIGN_UP_DAYS);
    app.clock.stop_at(end);
    assert_eq!(start(&app, Switch::Binds).await, ended(0));
    app.send_as("again", "account.registered", sign_up("newcomer", &code)).await;
    assert!(!is_bound(&app, "newcomer").await);
}
