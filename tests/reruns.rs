//! Runs that are repeated, late, concurrent or interrupted.

use lambda::Deadline;
use nightly::{StepError, handle, handle_until};
use serde_json::{Value, json};

use crate::test_app::{TestApp, day, fee, uid};

/// A programme with two affiliates, two invitees and a day of trades.
pub async fn traded() -> TestApp {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    for (affiliate, invitee) in [("affiliate-1", "dormant-1"), ("affiliate-2", "dormant-2")] {
        let code = app.affiliate(affiliate).await;
        app.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(app.bind(invitee, &code).await.status, 201);
    }
    app.now("2026-11-20T23:00:00Z");
    for number in 0..10 {
        let invitee = format!("dormant-{}", number % 2 + 1);
        app.charged(fee(&format!("t{number}"), &invitee, "2026-11-20T10:00:00Z")).await;
    }
    app.now("2026-11-21T00:30:00Z");
    app
}

async fn read(app: &TestApp) -> Vec<Value> {
    let mut lines = app.lines("affiliate-1", "2026-11-20", "2026-11-20").await;
    lines.extend(app.lines("affiliate-2", "2026-11-20", "2026-11-20").await);
    lines
}

async fn step(app: &TestApp, input: Value) -> Result<Value, StepError> {
    handle(&app.context, &input).await
}

/// Runs the nightly steps before the one at `until`, and returns the number of all steps.
pub async fn steps(app: &TestApp, until: usize) -> usize {
    let mut taken = 0;
    let plan = step(app, json!({ "step": "plan", "scheduledTime": "2026-11-21T00:30:00Z" })).await;
    let plan = plan.unwrap()["days"][0].clone();
    let (day, run) = (plan["day"].clone(), plan["run"].clone());
    let next = |taken: &mut usize| {
        *taken += 1;
        *taken <= until
    };
    for shard in plan["shards"].as_array().unwrap() {
        if !next(&mut taken) {
            return taken;
        }
        let fold = json!({ "step": "fold", "day": day, "run": run, "shard": shard });
        step(app, fold).await.unwrap();
    }
    if !next(&mut taken) {
        return taken;
    }
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": plan["shards"] });
    let committed = step(app, commit).await.unwrap();
    for range in committed["ranges"].as_array().unwrap() {
        if !next(&mut taken) {
            return taken;
        }
        let publish = json!({ "step": "publish", "seq": committed["seq"], "range": range });
        step(app, publish).await.unwrap();
    }
    if next(&mut taken) {
        step(app, json!({ "step": "finish", "seq": committed["seq"] })).await.unwrap();
    }
    taken
}

#[tokio::test]
async fn steps_equal_whole_day() {
    let by_steps = traded().await;
    steps(&by_steps, usize::MAX).await;
    let at_once = traded().await;
    at_once.book("2026-11-20").await;
    assert_eq!(read(&by_steps).await, read(&at_once).await);
    assert_eq!(read(&at_once).await.len(), 2);
}

#[tokio::test]
async fn interrupted_run_is_booked_once() {
    let expected = {
        let app = traded().await;
        app.book("2026-11-20").await;
        read(&app).await
    };
    let all = steps(&traded().await, usize::MAX).await;
    for died_after in [0, 1, 63, 64, 65, 66, all] {
        let app = traded().await;
        steps(&app, died_after).await;
        if died_after < all {
            assert_eq!(read(&app).await, Vec::<Value>::new(), "seen half done, {died_after}");
        }
        app.night("2026-11-20").await;
        assert_eq!(read(&app).await, expected, "died after {died_after}");
    }
}

#[tokio::test]
async fn second_run_books_nothing() {
    let app = traded().await;
    let first = app.book("2026-11-20").await;
    let lines = read(&app).await;
    let second = app.book("2026-11-20").await;
    assert!(first.seq().is_some());
    assert_eq!((second.seq(), second.lines), (None, 0));
    assert_eq!(read(&app).await, lines);
}

#[tokio::test]
async fn concurrent_runs_book_once() {
    let app = traded().await;
    let plan = |app: TestApp| async move {
        let input = json!({ "step": "plan", "day": "2026-11-20" });
        step(&app, input).await.unwrap()["days"][0].clone()
    };
    let plans = [plan(app.clone()).await, plan(app.clone()).await];
    for plan in &plans {
        for shard in plan["shards"].as_array().unwrap() {
            let fold =
                json!({ "step": "fold", "day": plan["day"], "run": plan["run"], "shard": shard });
            step(&app, fold).await.unwrap();
        }
    }
    let commit = |plan: &Value| json!({ "step": "commit", "day": plan["day"], "run": plan["run"], "shards": plan["shards"] });
    let first = step(&app, commit(&plans[0])).await.unwrap();
    let second = step(&app, commit(&plans[1])).await.unwrap_err();
    assert_eq!(second.name(), "Superseded");
    let again = step(&app, commit(&plans[0])).await.unwrap();
    assert_eq!(first, again, "a repeated commit answers what the first one did");
    for range in first["ranges"].as_array().unwrap() {
        let publish = json!({ "step": "publish", "seq": first["seq"], "range": range });
        step(&app, publish.clone()).await.unwrap();
        step(&app, publish).await.unwrap();
    }
    let finish = json!({ "step": "finish", "seq": first["seq"] });
    step(&app, finish.clone()).await.unwrap();
    step(&app, finish).await.unwrap();
    assert_eq!(read(&app).await.len(), 2);
}

#[tokio::test]
async fn unfinished_day_is_not_booked() {
    let app = traded().await;
    app.now("2026-11-21T00:19:59.999Z");
    let refused = step(&app, json!({ "day": "2026-11-20" })).await.unwrap_err();
    assert_eq!(refused.name(), "DayNotOver");
    app.now("2026-11-21T00:20:00Z");
    step(&app, json!({ "day": "2026-11-20" })).await.unwrap();
}

#[tokio::test]
async fn invalid_step_is_refused() {
    let app = traded().await;
    for (input, part) in [
        (json!({}), "expected {\"day\":\"2026-11-21\"}, or a step"),
        (json!({ "day": "2026-02-30" }), "expected a calendar day"),
        (json!({ "day": "2026-11-20", "force": true }), "force: is unknown"),
        (json!({ "step": "plan" }), "expected either day or scheduledTime"),
        (json!({ "step": "dance" }), "step: expected one of `plan`"),
        (json!({ "step": "fold", "day": "2026-11-20", "run": "r", "shard": 64 }), "below 64"),
        (json!({ "step": "publish", "seq": 1, "range": { "part": 1, "of": 1 } }), "below `of`"),
        (json!({ "step": "finish", "seq": 7 }), "run 7 is not committed"),
        (json!([1]), "expected"),
    ] {
        let refused = step(&app, input.clone()).await.unwrap_err();
        assert_eq!(refused.name(), "BadRequest", "{input}");
        assert!(refused.to_string().contains(part), "{input}: {refused}");
    }
}

#[tokio::test]
async fn missed_days_are_booked() {
    let app = traded().await;
    app.night("2026-11-20").await;
    let night = app.night("2026-11-23").await;
    let days: Vec<_> = night.days.iter().map(|day| day.day.to_string()).collect();
    assert_eq!(days, ["2026-11-21", "2026-11-22", "2026-11-23"]);
    let head = app.context.table.head().await.unwrap().value;
    assert_eq!(head.closed_through, Some(day("2026-11-23")));
}

#[tokio::test]
async fn slow_day_is_resumed() {
    let undisturbed = traded().await;
    undisturbed.book("2026-11-20").await;
    let app = traded().await;
    let out_of_time = Deadline::before(app.context.clock.now());
    let whole_day = json!({ "day": "2026-11-20" });
    let error = handle_until(&app.context, &whole_day, out_of_time).await.unwrap_err();
    assert_eq!(error.name(), "HandedOver");
    assert_eq!(read(&app).await, Vec::<Value>::new());
    let sentence = error.to_string();
    let input = sentence.split_once("go on with ").unwrap().1;
    let report = step(&app, serde_json::from_str(input).unwrap()).await.unwrap();
    assert_eq!(report["seq"], 1);
    assert_eq!(read(&app).await, read(&undisturbed).await);
}

#[tokio::test]
async fn slow_publishing_is_resumed() {
    let undisturbed = traded().await;
    undisturbed.book("2026-11-20").await;
    let app = traded().await;
    let committed = steps(&app, 65).await;
    assert_eq!(committed, 66, "64 folds, and the commit is the last step");
    let publish = json!({ "step": "publish", "seq": 1, "range": { "part": 0, "of": 1 } });
    let out_of_time = Deadline::before(app.context.clock.now());
    let error = handle_until(&app.context, &publish, out_of_time).await.unwrap_err();
    assert_eq!(error.name(), "HandedOver");
    step(&app, publish).await.unwrap();
    step(&app, json!({ "step": "finish", "seq": 1 })).await.unwrap();
    assert_eq!(read(&app).await, read(&undisturbed).await);
}

#[tokio::test]
async fn run_of_another_day_is_not_resumed() {
    let app = traded().await;
    let input = json!({ "day": "2026-11-20", "run": "2026-11-19-0123456789abcdef" });
    let error = step(&app, input).await.unwrap_err();
    assert_eq!(
        (error.name(), error.to_string().as_str()),
        ("BadRequest", "run: expected a run of 2026-11-20")
    );
}

#[tokio::test]
async fn day_of_pending_run_is_not_verified() {
    let app = traded().await;
    steps(&app, 65).await;
    let verified = async |of: &str| {
        nightly::verify_day(&app.context, &nightly::NoArchive, day(of), || ()).await
    };
    assert_eq!(verified("2026-11-20").await.unwrap_err().name(), "Unfinished");
    assert!(verified("2026-11-19").await.is_ok());
}

#[tokio::test]
async fn each_worker_has_own_attempt() {
    let app = traded().await;
    let plan = step(&app, json!({ "step": "plan", "day": "2026-11-20" })).await.unwrap();
    let mut attempts = Vec::new();
    for run in ["run-1", "run-2"] {
        let shard = &plan["days"][0]["shards"][0];
        let fold = json!({ "step": "fold", "day": "2026-11-20", "run": run, "shard": shard });
        step(&app, fold).await.unwrap();
        let reports = app.context.table.shard_reports(run).await.unwrap();
        attempts.push(reports[0].attempt.clone());
    }
    assert!(attempts[0] != attempts[1] && !attempts[0].is_empty(), "{attempts:?}");
}

#[tokio::test]
async fn resumed_day_keeps_its_run() {
    let app = traded().await;
    let run = "2026-11-20-begun";
    step(&app, json!({ "day": "2026-11-20", "run": run })).await.unwrap();
    let record = app.context.table.day(day("2026-11-20")).await.unwrap().value;
    assert_eq!(record.runs[0].run, run);
}

#[tokio::test]
async fn invitee_is_counted_on_the_first_day() {
    let app = traded().await;
    app.night("2026-11-20").await;
    app.charged(fee("again", "dormant-1", "2026-11-21T00:10:00Z")).await;
    app.night("2026-11-21").await;
    let totals = app.context.table.totals(&uid("affiliate-1")).await.unwrap();
    assert_eq!(totals.value.slots.unwrap().at(2).unwrap().active, 1);
}
