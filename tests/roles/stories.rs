//! Stories in which every function makes all its kinds of calls.

use serde_json::json;
use storage::{Switch, Table};

use super::FUNCTIONS;
use super::record::Record;
use crate::announced::Told;
use crate::contract::{refused, tour};
use crate::limits::night_of_large_reports;
use crate::lost_work::lose_and_publish;
use crate::poison::corrupt;
use crate::simulation::{STACK, observed_trial};
use crate::story::three_newcomers_trade;
use crate::stream::Stream;
use crate::switches::stopped_for_a_minute;
use crate::test_app::{TestApp, at, day, fee};

/// Seeds of the simulation that are run, for kills, duplicate workers, faults and voided bindings.
const TRIALS: [u64; 2] = [2, 16];

/// Runs everything and returns the calls.
pub async fn told() -> Record {
    let record = Record::default();
    let trials = record.clone();
    let trials = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let observer = |function| trials.observer(function);
        TRIALS.iter().for_each(|seed| drop(observed_trial(*seed, Some(&observer))));
    });
    let trials = trials.unwrap();
    starts(&record).await;
    the_api_is_used(&record).await;
    a_quarter_ends(&record).await;
    affiliate_is_parked(&record).await;
    refused_sign_up_binds_late(&record).await;
    work_is_lost(&record).await;
    reports_are_large(&record).await;
    what_is_set_aside_is_taken_up(&record).await;
    parts_are_stopped(&record).await;
    sign_up_is_held(&record).await;
    deferred_activity_voids_a_binding(&record).await;
    trials.join().unwrap();
    record
}

async fn watched(record: &Record, now: &str) -> TestApp {
    let mut app = TestApp::at(now).await;
    let table = |function| {
        let engine = app.engine.clone().observed_by(record.observer(function));
        (function, Table::new(engine.config(), engine.table_name()))
    };
    app.tables = FUNCTIONS.into_iter().map(table).collect();
    app
}

/// The first call of each function, before its first request.
async fn starts(record: &Record) {
    let app = watched(record, tour::MORNING).await;
    for function in FUNCTIONS {
        let function = app.context_of(function);
        function.table.warm_up(function.clock.now()).await.unwrap();
    }
}

/// Every route in every format; sign-ups, trades, late facts, nightly runs and a payment.
async fn the_api_is_used(record: &Record) {
    let (app, api) = tour::begin_in(watched(record, tour::MORNING).await).await;
    let code = tour::links(&api).await;
    tour::invitations(&app, &api, &code).await;
    tour::bindings(&app, &api, &code).await;
    refused::idempotency_keys(&api, &code).await;
    tour::refused_binds(&app, &api, &code).await;
    tour::three_days(&app, &api).await;
    tour::dashboard(&api, "?from=2026-11-20&to=2026-11-22").await;
    tour::pages(&api).await;
    tour::filters(&api, &code).await;
    let unreadable = app.send_raw("{ not json").await;
    assert_eq!(unreadable.len(), 1);
}

/// An affiliate's item is unreadable for two nights.
async fn affiliate_is_parked(record: &Record) {
    let app = watched(record, "2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now("2026-11-20T10:00:01Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    corrupt(
        &app,
        "A#affiliate",
        &format!("REF#{:015}#dormant", at("2026-11-20T09:00:00Z").millis()),
    );
    app.night("2026-11-20").await;
    app.now("2026-11-21T10:00:01Z");
    app.charged(fee("t2", "dormant", "2026-11-21T10:00:00Z")).await;
    app.night("2026-11-21").await;
    assert_eq!(app.context.table.parked().await.unwrap().len(), 2);
}

/// Every function reads the switches again, those that keep them after a minute.
async fn parts_are_stopped(record: &Record) {
    let app = watched(record, "2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    let mut stream = Stream::of(&app);
    app.night("2026-11-20").await;
    Told::new().since(&app, &mut stream).await;
    assert_eq!(app.post("affiliate", "/v1/links", json!({})).await.status, 201);
    assert_eq!(app.get("affiliate", "/v1/dashboard").await.status, 200);
    nightly::handle(&app.context_of("daily-commission"), &json!({ "step": "check" }))
        .await
        .unwrap();
}

/// A sign-up arrives while binds are stopped.
async fn sign_up_is_held(record: &Record) {
    let app = watched(record, "2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    stopped_for_a_minute(&app, Switch::Binds).await;
    let signed_up = json!({
        "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
    });
    app.taken("account.registered", signed_up).await;
}

/// Work of a run cannot be read between its commit and its publishing.
async fn work_is_lost(record: &Record) {
    let app = watched(record, "2026-11-20T09:00:00Z").await;
    lose_and_publish(&app).await;
}

/// A sign-up is refused, and bound by a fact that arrives late.
async fn refused_sign_up_binds_late(record: &Record) {
    let app = watched(record, "2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    let membership = |affiliate: bool, from: &str| {
        let change = json!({ "uid": "affiliate", "affiliate": affiliate, "at": from });
        app.taken("account.changed", change)
    };
    membership(false, "2026-11-01T00:00:00Z").await;
    let signed_up = json!({
        "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
    });
    app.taken("account.registered", signed_up).await;
    membership(true, "2026-11-10T00:00:00Z").await;
}

/// The night applies activity for the first time since a user was bound.
async fn deferred_activity_voids_a_binding(record: &Record) {
    let app = watched(record, "2026-05-01T16:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    for user in ["recalled", "active"] {
        app.registered(user, "2024-01-01T00:00:00Z").await;
        for time in ["2026-05-01T10:00:00Z", "2026-05-01T15:00:00Z"] {
            let active = json!({ "uid": user, "product": "earn", "at": time });
            app.taken("activity", active).await;
        }
    }
    app.now("2026-07-30T12:00:00Z");
    assert_eq!(app.bind("recalled", &code).await.status, 201);
    app.night("2026-07-30").await;
    assert_eq!(app.context.table.voided_bindings().await.unwrap().known.len(), 1);
}

/// A nightly run at a quarter's end, by the state machine's steps.
async fn a_quarter_ends(record: &Record) {
    let app = watched(record, "2026-09-30T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    three_newcomers_trade(&app, &code).await;
    let night = app.night("2026-09-30").await;
    assert_eq!(night.evaluated.map(|e| e.promoted), Some(1));
    app.book(&day("2026-09-30").to_string()).await;
}

/// A nightly run whose reports are stored in parts.
async fn reports_are_large(record: &Record) {
    let app = watched(record, "2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    night_of_large_reports(&app, &code).await;
}

/// A correction before its fee, and a binding that is voided after its payment.
async fn what_is_set_aside_is_taken_up(record: &Record) {
    let app = watched(record, "2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now("2026-11-20T23:00:00Z");
    let correction = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0.0005",
        "amountUsd": "50", "volumeUsd": "50000", "at": "2026-11-20T22:00:00Z", "why": "typed wrong",
    });
    app.taken("fee.corrected", correction).await;
    app.night("2026-11-20").await;
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.night("2026-11-21").await;
    let active = json!({ "uid": "dormant", "product": "earn", "at": "2026-11-01T00:00:00Z" });
    app.taken("activity", active).await;
    for day in ["2026-11-22", "2026-11-23", "2026-11-24"] {
        app.night(day).await;
    }
}
