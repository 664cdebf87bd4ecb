//! Refused sign-ups that a late fact of the inviter makes eligible.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use dynamodb_embedded::{Fault, Faults};
use ingestion::{EventOutcome, Message, Source, handle_until};
use lambda::Deadline;
use serde_json::{Value, json};
use storage::{Account, MAX_PENDING_FEE_DAYS, PENDING_SIGN_UP_DAYS, Table};
use types::{Origin, Reason};

use crate::damage::{Damage, item_at};
use crate::deliveries::{SlowWrites, batch, failures};
use crate::poison::{items, put};
use crate::test_app::{TestApp, at, day, event, fee, uid};

const NOON: &str = "2026-11-20T12:00:00Z";
pub const SIGNED_UP: &str = "2026-11-20T08:00:00Z";

/// An affiliate who left the programme on 2026-11-01, as far as is known, and their link's code.
pub async fn departed_affiliate() -> (TestApp, String) {
    let app = TestApp::at(NOON).await;
    let code = app.affiliate("affiliate").await;
    membership(&app, false, "2026-11-01T00:00:00Z").await;
    (app, code)
}

pub async fn membership(app: &TestApp, affiliate: bool, from: &str) {
    let change = json!({ "uid": "affiliate", "affiliate": affiliate, "at": from });
    app.taken("account.changed", change).await;
}

pub fn sign_up(invitee: &str, code: &str) -> Value {
    json!({ "uid": invitee, "registeredAt": SIGNED_UP, "country": "CH", "ref": code })
}

pub async fn signs_up(app: &TestApp, invitee: &str, code: &str) {
    app.taken("account.registered", sign_up(invitee, code)).await;
}

pub async fn account(app: &TestApp, of: &str) -> Account {
    app.context.table.account(&uid(of)).await.unwrap().unwrap().value
}

pub async fn is_bound(app: &TestApp, invitee: &str) -> bool {
    account(app, invitee).await.relation.is_some()
}

async fn listed(app: &TestApp) -> usize {
    let now = app.context.clock.now();
    app.context.table.pending_sign_ups(&uid("affiliate"), None, now).await.unwrap().invitees.len()
}

#[tokio::test]
async fn late_membership_binds_refused_sign_up() {
    let (app, code) = departed_affiliate().await;
    signs_up(&app, "newcomer", &code).await;
    let refused = account(&app, "newcomer").await;
    assert_eq!(refused.sign_up_refused, Some(Reason::InviterNotAffiliate));
    assert_eq!((refused.relation, listed(&app).await), (None, 1));

    membership(&app, true, "2026-11-10T00:00:00Z").await;
    let bound = account(&app, "newcomer").await;
    let relation = bound.relation.unwrap();
    assert_eq!((relation.origin, relation.bound_at), (Origin::Signup, at(SIGNED_UP)));
    assert_eq!((bound.sign_up_refused, bound.pending_sign_up), (None, None));
    let evidence = app.context.table.binding(&uid("newcomer")).await.unwrap().unwrap();
    assert_eq!(evidence.inviter.affiliate.at(at(SIGNED_UP)), Some(&true));
    assert_eq!(listed(&app).await, 0);

    app.night("2026-11-20").await;
    let page = app.get("affiliate", "/v1/dashboard/referrals").await.json();
    assert_eq!(page["referrals"][0]["uid"], "newcomer");
}

#[tokio::test]
async fn change_is_retried_if_time_ends_before_sign_ups() {
    let (app, code) = departed_affiliate().await;
    signs_up(&app, "newcomer", &code).await;
    let joined = json!({ "uid": "affiliate", "affiliate": true, "at": "2026-11-10T00:00:00Z" });
    let bodies = [event("1", "account.changed", joined).to_string()];
    let slow = Arc::new(SlowWrites { clock: app.clock.clone(), writes: AtomicUsize::new(0) });
    let table = Table::new(app.engine.faulty_config(slow), app.engine.table_name());
    let context = app.context.with_table(table);
    // The identity of the event and the account are written, each in a second.
    let deadline = Deadline::before(at(NOON).plus_millis(21_500));
    let first = handle_until(&context, batch(Source::Queue, &bodies, at(NOON)), deadline).await;
    assert_eq!(failures(first.unwrap()), ["0"]);
    assert!(!is_bound(&app, "newcomer").await);
    assert_eq!(account(&app, "affiliate").await.facts.affiliate.latest(), Some(&true));
    let again = handle_until(&context, batch(Source::Queue, &bodies, at(NOON)), Deadline::NONE);
    assert_eq!(failures(again.await.unwrap()), [""; 0]);
    assert!(is_bound(&app, "newcomer").await);
}

#[tokio::test]
async fn late_location_binds_refused_sign_up() {
    let app = TestApp::at(NOON).await;
    let code = app.affiliate("affiliate").await;
    let moved =
        |country: &str, from: &str| json!({ "uid": "affiliate", "country": country, "at": from });
    app.taken("account.changed", moved("DE", "2026-11-01T00:00:00Z")).await;
    signs_up(&app, "newcomer", &code).await;
    let reason = account(&app, "newcomer").await.sign_up_refused;
    assert_eq!(reason, Some(Reason::RegionBlockedInviter));
    app.taken("account.changed", moved("TR", "2026-11-19T00:00:00Z")).await;
    assert!(is_bound(&app, "newcomer").await);
}

#[tokio::test]
async fn membership_after_sign_up_binds_nothing() {
    let (app, code) = departed_affiliate().await;
    signs_up(&app, "newcomer", &code).await;
    membership(&app, true, "2026-11-20T08:00:00.001Z").await;
    assert!(!is_bound(&app, "newcomer").await);
    assert_eq!(listed(&app).await, 1, "an earlier fact may still arrive");
    membership(&app, true, SIGNED_UP).await;
    assert!(is_bound(&app, "newcomer").await);
}

#[tokio::test]
async fn sign_up_and_membership_in_one_batch_bind() {
    let (app, code) = departed_affiliate().await;
    let joined = json!({ "uid": "affiliate", "affiliate": true, "at": "2026-11-10T00:00:00Z" });
    let batch = json!([
        event("1", "account.registered", sign_up("newcomer", &code)),
        event("2", "account.changed", joined),
    ]);
    app.send_raw(&batch.to_string()).await;
    assert!(is_bound(&app, "newcomer").await);
}

/// A refused sign-up, and a process that wrote the inviter's account and ended before it evaluated
/// the list.
async fn unevaluated_sign_up() -> (TestApp, String) {
    let (app, code) = departed_affiliate().await;
    signs_up(&app, "newcomer", &code).await;
    let mut inviter = app.context.table.account(&uid("affiliate")).await.unwrap().unwrap();
    inviter.value.facts.record_affiliate(at("2026-11-10T00:00:00Z"), true);
    assert!(app.context.table.save_account(&inviter).await.unwrap().is_done());
    (app, code)
}

#[tokio::test]
async fn redelivered_membership_evaluates_again() {
    let (app, _) = unevaluated_sign_up().await;
    membership(&app, true, "2026-11-10T00:00:00Z").await;
    assert!(is_bound(&app, "newcomer").await);
}

#[tokio::test]
async fn redelivered_registration_evaluates_again() {
    let (app, code) = unevaluated_sign_up().await;
    let again = app.send_as("again", "account.registered", sign_up("newcomer", &code)).await;
    assert_eq!(again, EventOutcome::Ingested);
    assert!(is_bound(&app, "newcomer").await);
}

/// Transactions are throttled: no sign-up can be bound.
#[derive(Debug)]
struct NoTransactions;

impl Faults for NoTransactions {
    fn next(&self, operation: &str) -> Option<Fault> {
        (operation == "TransactWriteItems").then_some(Fault::Refused("ThrottlingException"))
    }
}

#[tokio::test]
async fn membership_is_redelivered_until_sign_ups_are_bound() {
    let (app, code) = departed_affiliate().await;
    signs_up(&app, "newcomer", &code).await;
    let config = app.engine.faulty_config(Arc::new(NoTransactions));
    let config = config.retry_config(RetryConfig::disabled());
    let context = app.context.with_table(Table::new(config, app.engine.table_name()));
    let change = json!({ "uid": "affiliate", "affiliate": true, "at": "2026-11-10T00:00:00Z" });
    let body = event("joined", "account.changed", change).to_string();
    let message = Message { id: "m".to_owned(), sent_at: at(NOON), body: body.clone() };
    let error = ingestion::ingest(&context, &[message]).await.unwrap_err();
    assert_eq!(error.name(), "Throttled");
    assert!(!is_bound(&app, "newcomer").await);
    app.send_raw(&body).await;
    assert!(is_bound(&app, "newcomer").await);
}

#[tokio::test]
async fn fees_before_late_membership_are_booked() {
    let (app, code) = departed_affiliate().await;
    signs_up(&app, "newcomer", &code).await;
    app.charged(fee("t1", "newcomer", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-20").await;
    app.now("2026-11-21T12:00:00Z");
    app.charged(fee("t2", "newcomer", "2026-11-21T10:00:00Z")).await;
    app.night("2026-11-21").await;
    assert_eq!(app.lines("affiliate", "2026-11-20", "2026-11-21").await, [Value::Null; 0]);

    app.now("2026-11-22T12:00:00Z");
    membership(&app, true, "2026-11-10T00:00:00Z").await;
    let night = app.night("2026-11-22").await;
    let days: Vec<String> = night.days.iter().map(|it| it.day.to_string()).collect();
    assert_eq!(days, ["2026-11-22", "2026-11-20", "2026-11-21"], "no other day is booked again");
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-21").await;
    let fees: Vec<&Value> = lines.iter().map(|line| &line["fees"]).collect();
    assert_eq!(fees, [&json!("0.00100000"), &json!("0.00100000")]);
}

#[tokio::test]
async fn bound_elsewhere_meanwhile_stays_bound_elsewhere() {
    let (app, code) = departed_affiliate().await;
    let other = app.affiliate("other").await;
    signs_up(&app, "newcomer", &code).await;
    app.now("2027-02-18T09:00:00Z");
    let mut pending = app.context.table.account(&uid("newcomer")).await.unwrap().unwrap();
    pending.value.facts.registered_at = at("2026-11-19T08:00:00Z");
    assert!(app.context.table.save_account(&pending).await.unwrap().is_done());
    assert_eq!(app.bind("newcomer", &other).await.status, 201);
    membership(&app, true, "2026-11-10T00:00:00Z").await;
    let account = account(&app, "newcomer").await;
    assert_eq!(account.relation.unwrap().inviter, uid("other"));
    assert_eq!((account.pending_sign_up, listed(&app).await), (None, 0));
}

#[tokio::test]
async fn final_refusals_are_not_listed() {
    let (app, code) = departed_affiliate().await;
    let with = |name: &str, member: &str, value: &str| {
        let mut data = sign_up(name, &code);
        data[member] = json!(value);
        data
    };
    for data in [
        with("in-germany", "country", "DE"),
        with("sub", "mainUid", "affiliate"),
        with("elder", "registeredAt", "2018-01-01T00:00:00Z"),
        with("mistyped", "ref", "NQSUCHCQ"),
    ] {
        app.taken("account.registered", data.clone()).await;
        let refused = account(&app, data["uid"].as_str().unwrap()).await;
        assert!(refused.sign_up_refused.is_some() && refused.pending_sign_up.is_none(), "{data}");
    }
    assert_eq!(listed(&app).await, 0);
}

#[tokio::test]
async fn pending_sign_up_ends_after_its_days() {
    for (after, binds) in [(-1, true), (0, false)] {
        let (app, code) = departed_affiliate().await;
        signs_up(&app, "newcomer", &code).await;
        let end = at(NOON).plus_days(PENDING_SIGN_UP_DAYS);
        app.now(&end.plus_millis(after).to_string());
        membership(&app, true, "2026-11-10T00:00:00Z").await;
        assert_eq!(is_bound(&app, "newcomer").await, binds, "{after} ms after the end");
    }
}

#[tokio::test]
async fn fee_before_registration_is_no_fee_day() {
    for (after, days) in [(-1, 0), (0, 1)] {
        let (app, code) = departed_affiliate().await;
        signs_up(&app, "newcomer", &code).await;
        let on = at(SIGNED_UP).plus_millis(after);
        app.charged(fee("t", "newcomer", &on.to_string())).await;
        let pending = account(&app, "newcomer").await.pending_sign_up.unwrap();
        assert_eq!(pending.fee_days.len(), days, "{after} ms after the registration");
    }
}

#[tokio::test]
async fn fee_day_beyond_the_limit_ends_pending_sign_up() {
    let (app, code) = departed_affiliate().await;
    signs_up(&app, "newcomer", &code).await;
    for number in 0..=MAX_PENDING_FEE_DAYS {
        let on = at("2026-11-20T13:00:00Z").plus_days(number as i64);
        app.now(&on.to_string());
        let pending = account(&app, "newcomer").await.pending_sign_up;
        let days = pending.map(|pending| pending.fee_days.len());
        assert_eq!(days, Some(number), "before the fee of day {number}");
        app.charged(fee(&format!("t{number}"), "newcomer", &on.to_string())).await;
    }
    assert_eq!(account(&app, "newcomer").await.pending_sign_up, None);
    membership(&app, true, "2026-11-10T00:00:00Z").await;
    assert!(!is_bound(&app, "newcomer").await);
    assert_eq!(listed(&app).await, 0);
}

#[tokio::test]
async fn more_sign_ups_than_a_page_are_all_bound() {
    let (app, code) = departed_affiliate().await;
    let names: Vec<String> = (0..storage::PENDING_SIGN_UPS_PER_PAGE + 1)
        .map(|number| format!("newcomer-{number:04}"))
        .collect();
    for names in names.chunks(100) {
        let event = |name: &String| event(name, "account.registered", sign_up(name, &code));
        let batch: Vec<Value> = names.iter().map(event).collect();
        app.send_raw(&Value::Array(batch).to_string()).await;
    }
    membership(&app, true, "2026-11-10T00:00:00Z").await;
    for name in [names.first().unwrap(), names.last().unwrap()] {
        assert!(is_bound(&app, name).await, "{name}");
    }
    assert_eq!(listed(&app).await, 0);
    let bound =
        app.context.table.new_bindings(day("2026-11-20"), storage::Shard::of(&uid(&names[0])));
    assert!(!bound.await.unwrap().is_empty());
}

#[tokio::test]
async fn unreadable_invitee_holds_up_no_other() {
    let (app, code) = departed_affiliate().await;
    for name in ["newcomer-a", "newcomer-b"] {
        signs_up(&app, name, &code).await;
    }
    crate::poison::corrupt(&app, "U#newcomer-a", "ACCOUNT");
    membership(&app, true, "2026-11-10T00:00:00Z").await;
    assert!(is_bound(&app, "newcomer-b").await);
    assert_eq!(listed(&app).await, 1);
}

async fn markers(app: &TestApp) -> usize {
    app.context.table.touched_through(day("2026-11-30")).await.unwrap().len()
}

fn remove_marker(app: &TestApp) {
    Damage::of(app, |item| item_at(item).0.starts_with("TOUCHED")).remove();
}

#[tokio::test]
async fn redelivered_sign_up_marks_its_day_again() {
    let app = TestApp::at(NOON).await;
    let code = app.affiliate("affiliate").await;
    signs_up(&app, "newcomer", &code).await;
    assert!(is_bound(&app, "newcomer").await);
    assert_eq!(markers(&app).await, 1);
    remove_marker(&app);
    app.send_as("again", "account.registered", sign_up("newcomer", &code)).await;
    assert_eq!(markers(&app).await, 1);
}

#[tokio::test]
async fn redelivered_registration_of_a_recalled_user_marks_none() {
    let app = TestApp::at(NOON).await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    let before = markers(&app).await;
    let data = json!({ "uid": "dormant", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH" });
    app.send_as("again", "account.registered", data).await;
    assert_eq!((before, markers(&app).await), (0, 0));
}

#[tokio::test]
async fn ended_sign_up_is_not_bound_by_redelivery() {
    let (app, code) = departed_affiliate().await;
    signs_up(&app, "newcomer", &code).await;
    app.now(&at(NOON).plus_days(PENDING_SIGN_UP_DAYS).to_string());
    membership(&app, true, "2026-11-10T00:00:00Z").await;
    app.send_as("again", "account.registered", sign_up("newcomer", &code)).await;
    assert!(!is_bound(&app, "newcomer").await);
}

#[tokio::test]
async fn event_after_registration_in_one_batch_is_ingested() {
    let app = TestApp::at(NOON).await;
    let code = app.affiliate("affiliate").await;
    for (invitee, registered) in [
        ("newcomer", sign_up("newcomer", &code)),
        ("other", json!({ "uid": "other", "registeredAt": SIGNED_UP, "country": "CH" })),
    ] {
        let active = json!({ "uid": invitee, "product": "earn", "at": SIGNED_UP });
        let events = [
            event(&format!("{invitee} 1"), "account.registered", registered),
            event(&format!("{invitee} 2"), "activity", active),
        ];
        let reports = app.send_raw(&json!(events).to_string()).await;
        let outcomes: Vec<_> = reports.into_iter().map(|report| report.outcome).collect();
        assert_eq!(outcomes, [EventOutcome::Ingested, EventOutcome::Ingested], "{invitee}");
    }
}

/// Another process writes an item before one of the calls of an operation.
struct OtherProcess {
    app: TestApp,
    item: Value,
    operation: &'static str,
    /// The number of calls before that one.
    calls: AtomicUsize,
}

impl fmt::Debug for OtherProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OtherProcess").finish()
    }
}

impl Faults for OtherProcess {
    fn next(&self, operation: &str) -> Option<Fault> {
        if operation == self.operation && self.calls.fetch_sub(1, Ordering::Relaxed) == 0 {
            put(&self.app, self.item.clone());
        }
        None
    }
}

#[tokio::test]
async fn registration_meanwhile_with_other_facts_stays() {
    let other = TestApp::at(NOON).await;
    other.registered("newcomer", "2024-01-01T00:00:00Z").await;
    let item = items(&other, "U#newcomer").remove(0);
    // The first item of an event without a link is its identity.
    for (operation, calls, has_link) in [("TransactWriteItems", 0, true), ("PutItem", 1, false)] {
        let mut app = TestApp::at(NOON).await;
        let code = app.affiliate("affiliate").await;
        let mut registration = sign_up("newcomer", &code);
        if !has_link {
            registration.as_object_mut().unwrap().remove("ref");
        }
        let (item, calls) = (item.clone(), AtomicUsize::new(calls));
        let faults = Arc::new(OtherProcess { app: app.clone(), item, operation, calls });
        let table = Table::new(app.engine.faulty_config(faults), app.engine.table_name());
        app.tables.insert("ingest", table);
        let outcome = app.send("account.registered", registration).await;
        let EventOutcome::Quarantined { reason, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(reason, "registered_otherwise");
    }
}
