//! When a binding is voided, its booked lines are reversed and nothing else changes.

use lambda::Metrics;
use serde_json::{Value, json};
use storage::{DaySummary, Shard};
use tracing::Level;
use types::Day;

use crate::damage::{Damage, item_at, items};
use crate::privacy::Log;
use crate::test_app::{TestApp, day, fee, uid};

const DAYS: [&str; 3] = ["2026-07-10", "2026-08-15", "2026-10-01"];
const LAST: &str = "2026-11-20";

/// An invitee who was bound for four and a half months, with booked lines on three days.
async fn bound_for_long() -> TestApp {
    let app = TestApp::at("2026-07-06T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    for invitee in ["dormant", "other"] {
        app.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(app.bind(invitee, &code).await.status, 201);
    }
    for (number, booked) in DAYS.iter().enumerate() {
        app.now(&format!("{booked}T20:00:00Z"));
        let at = format!("{booked}T10:00:00Z");
        app.charged(fee(&format!("a{number}"), "dormant", &at)).await;
        app.charged(fee(&format!("b{number}"), "other", &at)).await;
        let mut futures = fee(&format!("c{number}"), "dormant", &at);
        futures["product"] = json!("futures");
        app.charged(futures).await;
        app.close_through(day(booked).previous()).await;
        app.clock.stop_at(day(booked).end().plus_millis(1_800_000));
        app.book(booked).await;
    }
    app.close_through(day(LAST).previous()).await;
    app.now("2026-11-20T12:00:00Z");
    app
}

fn activity() -> Value {
    json!({ "uid": "dormant", "product": "earn", "at": "2026-07-01T00:00:00Z" })
}

async fn plan(app: &TestApp, of: &str) -> Vec<Value> {
    app.clock.stop_at(day(of).end().plus_millis(1_800_000));
    let plan = json!({ "step": "plan", "day": of });
    let plan = nightly::handle(&app.context, &plan).await.unwrap();
    plan["days"].as_array().unwrap().clone()
}

async fn summaries(app: &TestApp) -> Vec<DaySummary> {
    let mut all = Vec::new();
    for of in DAYS {
        all.extend(app.summaries("affiliate", of).await);
    }
    all
}

#[tokio::test]
async fn only_days_with_lines_are_reversed() {
    let app = bound_for_long().await;
    app.taken("activity", activity()).await;
    let before = app.context.table.call_stats();
    let days = plan(&app, LAST).await;
    assert!(app.context.table.call_stats().since(before).calls <= 28);
    let shard = Shard::of(&uid("dormant")).number();
    let reversals: Vec<_> = days.iter().filter(|day| day["mode"] == "reversal").collect();
    let planned: Vec<_> = reversals.iter().map(|day| day["day"].as_str().unwrap()).collect();
    assert_eq!((days.len(), planned.as_slice()), (4, &DAYS[..]));
    assert!(reversals.iter().all(|day| day["shards"] == json!([shard])));
    let night = app.night(LAST).await;
    let lines: Vec<_> = night.days.iter().map(|day| day.lines).collect();
    assert_eq!(lines, [0, 2, 2, 2]);
    for of in DAYS {
        let lines = app.lines("affiliate", of, of).await;
        let reversed = lines.iter().filter(|line| line["cause"] == "binding_voided");
        assert!(reversed.clone().all(|line| line["uid"] == "dormant"));
        assert_eq!((lines.len(), reversed.count()), (5, 2), "{of}");
    }
}

#[tokio::test]
async fn plan_has_at_most_31_days_with_reversals() {
    let app = TestApp::at("2026-10-01T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    let mut booked = day("2026-10-02");
    app.close_through(booked.previous()).await;
    for number in 0..32 {
        app.clock.stop_at(booked.end().plus_millis(1_800_000));
        app.charged(fee(&format!("t{number}"), "dormant", &format!("{booked}T10:00:00Z"))).await;
        app.book(&booked.to_string()).await;
        booked = booked.next();
    }
    let late = json!({ "uid": "dormant", "product": "earn", "at": "2026-09-20T00:00:00Z" });
    app.taken("activity", late).await;
    let days = plan(&app, &booked.to_string()).await;
    assert_eq!((days.len(), days[0]["day"].clone()), (31, json!(booked)));
    assert_eq!(days.iter().filter(|day| day["mode"] == "reversal").count(), 30);
}

#[tokio::test]
async fn reversal_equals_full_fold() {
    let [reversed, folded] = [bound_for_long().await, bound_for_long().await];
    for app in [&reversed, &folded] {
        app.taken("activity", activity()).await;
    }
    assert_eq!(waiting(&reversed, DAYS[0]).await, 1);
    reversed.night(LAST).await;
    folded.night_without_reversals(LAST).await;
    let both = (summaries(&reversed).await, summaries(&folded).await);
    assert_eq!(both.0.len(), 6);
    let sums = |all: &[DaySummary]| {
        all.iter().map(|run| (run.day, run.summary.clone())).collect::<Vec<(Day, _)>>()
    };
    assert_eq!(sums(&both.0), sums(&both.1));
    for of in DAYS {
        let text = |mut line: Value| {
            line.as_object_mut().unwrap().remove("runId");
            line
        };
        let of_app = async |app: &TestApp| -> Vec<Value> {
            app.lines("affiliate", of, of).await.into_iter().map(text).collect()
        };
        assert_eq!(of_app(&reversed).await, of_app(&folded).await);
        assert_eq!(verified(&reversed, of).await, 0);
    }
}

/// Returns the number of a day's shards that the next nightly run processes.
async fn waiting(app: &TestApp, of: &str) -> usize {
    nightly::verify_day(&app.context, &nightly::NoArchive, day(of), || {})
        .await
        .unwrap()
        .waiting
        .len()
}

async fn verified(app: &TestApp, of: &str) -> usize {
    let verified =
        nightly::verify_day(&app.context, &nightly::NoArchive, day(of), || {}).await.unwrap();
    verified.differences.len()
}

impl TestApp {
    /// Closes days without fees.
    async fn close_through(&self, last: Day) {
        let mut head = self.context.table.head().await.unwrap();
        head.value.closed_through = Some(last);
        head.value.evaluated_through = Some(last.next().quarter().previous());
        assert!(self.context.table.save_head(&head).await.unwrap().is_done());
    }

    /// Books the three days again as a whole, in the order in which a nightly run reverses them.
    async fn night_without_reversals(&self, of: &str) {
        self.clock.stop_at(day(of).end().plus_millis(1_800_000));
        self.book(of).await;
        for of in DAYS {
            self.book(of).await;
        }
    }
}

#[tokio::test]
async fn redelivered_activity_writes_nothing() {
    let app = bound_for_long().await;
    app.taken("activity", activity()).await;
    app.night(LAST).await;
    app.now("2026-11-21T12:00:00Z");
    let before = items(&app);
    app.taken("activity", activity()).await;
    assert_eq!(items(&app), before);
    assert_eq!(plan(&app, "2026-11-21").await.len(), 1, "the day that ended");
}

#[tokio::test]
async fn void_marker_expires_after_two_days() {
    let app = bound_for_long().await;
    app.taken("activity", activity()).await;
    let markers = async || app.context.table.voided_bindings().await.unwrap().known.len();
    for (of, left) in [(LAST, 1), ("2026-11-21", 1), ("2026-11-22", 0)] {
        app.night(of).await;
        assert_eq!(markers().await, left, "{of}");
    }
}

#[tokio::test]
async fn run_before_void_is_reversed() {
    let app = bound_for_long().await;
    app.charged(fee("late", "dormant", "2026-11-20T10:00:00Z")).await;
    let step = async |input: Value| nightly::handle(&app.context, &input).await.unwrap();
    let planned = plan(&app, LAST).await.remove(0);
    let (run, shards) = (&planned["run"], &planned["shards"]);
    for shard in shards.as_array().unwrap() {
        step(json!({ "step": "fold", "day": LAST, "run": run, "shard": shard })).await;
    }
    app.taken("activity", activity()).await;
    assert_eq!(plan(&app, LAST).await.len(), 4);
    step(json!({ "step": "commit", "day": LAST, "run": run, "shards": shards })).await;
    step(json!({ "step": "publish", "seq": 4, "range": { "part": 0, "of": 1 } })).await;
    step(json!({ "step": "finish", "seq": 4 })).await;
    let planned = plan(&app, "2026-11-21").await;
    let reversals = planned.iter().filter(|day| day["mode"] == "reversal");
    assert_eq!(reversals.count(), 4);
    app.night("2026-11-21").await;
    let lines = app.lines("affiliate", LAST, LAST).await;
    assert_eq!((lines.len(), &lines[1]["cause"]), (2, &json!("binding_voided")));
}

#[tokio::test]
async fn markers_of_0_1_still_reverse() {
    let app = bound_for_long().await;
    let table = &app.context.table;
    let mut account = table.account(&uid("dormant")).await.unwrap().unwrap();
    account.value.relation.as_mut().unwrap().voided_at = Some(app.clock.clock().now());
    assert!(table.save_account(&account).await.unwrap().is_done());
    for of in DAYS {
        table.touch(day(of), Shard::of(&uid("dormant")), "void").await.unwrap();
    }
    app.night(LAST).await;
    for of in DAYS {
        let lines = app.lines("affiliate", of, of).await;
        assert_eq!(lines.iter().filter(|l| l["cause"] == "binding_voided").count(), 2, "{of}");
    }
}

#[tokio::test]
async fn unreadable_marker_blocks_no_night() {
    let app = bound_for_long().await;
    app.taken("activity", activity()).await;
    let marker = Damage::of(&app, |item| item_at(item).0 == "VOIDED");
    marker.make_unreadable();
    assert_eq!(app.context.table.voided_bindings().await.unwrap().unreadable, 1);
    assert_eq!(app.night(LAST).await.days.len(), 1);
    marker.repair();
    assert_eq!(app.night("2026-11-21").await.days.len(), 4);
}

#[tokio::test]
async fn next_plan_reverses_later_days_only() {
    let app = bound_for_long().await;
    app.taken("activity", activity()).await;
    app.clock.stop_at(day(LAST).end().plus_millis(1_800_000));
    let cursor = json!({ "after": null, "before": LAST, "reversed": DAYS[0] });
    let step = json!({ "step": "plan", "day": LAST, "more": cursor });
    let plan = nightly::handle(&app.context, &step).await.unwrap();
    let days = plan["days"].as_array().unwrap().iter();
    let reversals = days.filter(|day| day["mode"] == "reversal").map(|day| &day["day"]);
    assert_eq!(reversals.collect::<Vec<_>>(), [DAYS[1], DAYS[2]]);
}

#[tokio::test]
async fn marker_of_unreadable_lines_stays() {
    let app = bound_for_long().await;
    app.taken("activity", activity()).await;
    let booked = format!("K#{}#{:02}", DAYS[0], Shard::of(&uid("dormant")).number());
    let chunk = Damage::of(&app, |item| item_at(item) == (&booked, "000000000001#000000"));
    chunk.make_unreadable();
    for of in [LAST, "2026-11-21", "2026-11-22"] {
        app.night(of).await;
    }
    chunk.repair();
    app.night("2026-11-23").await;
    assert_eq!(app.lines("affiliate", DAYS[0], DAYS[0]).await.len(), 5);
}

#[tokio::test]
async fn unreadable_marker_is_logged_and_counted() {
    let mut app = bound_for_long().await;
    let (metrics, measured) = Metrics::kept();
    app.context.metrics = metrics;
    app.taken("activity", activity()).await;
    let log = Log::default();
    let listening = log.listen(Level::ERROR);
    let marker = Damage::of(&app, |item| item_at(item).0 == "VOIDED");
    plan(&app, LAST).await;
    assert_eq!(log.text(), "");
    marker.make_unreadable();
    plan(&app, LAST).await;
    drop(listening);
    let text = log.text();
    assert!(text.contains("records of void bindings cannot be read records=1"), "{text}");
    let counted = |line: &String| line.contains("\"RecordsUnreadable\":1");
    assert_eq!(measured.lines().iter().filter(|line| counted(line)).count(), 1);
}
