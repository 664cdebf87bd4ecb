//! The evaluation of a quarter, however late its last day is closed.

use nightly::{Plan, StepError, handle};
use serde_json::{Value, json};
use storage::Shard;
use types::Day;

use crate::story::three_newcomers_trade;
use crate::test_app::{TestApp, day, fee, uid};

const NEWCOMERS: [&str; 3] = ["newcomer-0", "newcomer-1", "newcomer-2"];

async fn step(app: &TestApp, input: Value) -> Result<Value, StepError> {
    handle(&app.context, &input).await
}

/// A quarter in which an affiliate reaches tier 1 on the last day, whose nightly run is missed.
async fn last_day_missed() -> TestApp {
    let app = TestApp::at("2026-09-29T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.night("2026-09-29").await;
    app.now("2026-09-30T09:00:00Z");
    three_newcomers_trade(&app, &code).await;
    app.now("2026-10-01T10:00:01Z");
    app.charged(fee("later", "newcomer-0", "2026-10-01T10:00:00Z")).await;
    app
}

async fn rate(app: &TestApp, of: &str) -> String {
    app.lines("affiliate", of, of).await[0]["rate"].as_str().unwrap().to_owned()
}

/// Runs a night by the state machine's steps, only in the shards of the newcomers, and returns its
/// plans.
async fn night(app: &TestApp, after: &str) -> Vec<Plan> {
    app.clock.stop_at(day(after).end().plus_millis(30 * 60_000));
    let mut shards: Vec<u8> = NEWCOMERS.iter().map(|it| Shard::of(&uid(it)).number()).collect();
    shards.sort_unstable();
    shards.dedup();
    let (mut plans, mut more) = (Vec::<Plan>::new(), Value::Null);
    loop {
        let input = json!({ "step": "plan", "day": after, "more": more });
        let output = step(app, input).await.unwrap();
        let plan: Plan = serde_json::from_value(output.clone()).unwrap();
        for day in &plan.days {
            book(app, &json!(day), &shards).await;
        }
        if plan.quarter.is_some() {
            let (quarter, visible) = (&output["quarter"], &output["visible"]);
            for shard in 0..storage::SHARDS {
                let input = json!({ "step": "evaluate", "quarter": quarter, "shard": shard });
                step(app, input).await.unwrap();
            }
            let close = json!({ "step": "close-quarter", "quarter": quarter, "visible": visible });
            step(app, close).await.unwrap();
        }
        more = output["more"].clone();
        plans.push(plan);
        if more.is_null() {
            return plans;
        }
    }
}

async fn book(app: &TestApp, plan: &Value, shards: &[u8]) {
    let (day, run) = (&plan["day"], &plan["run"]);
    for shard in shards {
        let fold = json!({ "step": "fold", "day": day, "run": run, "shard": shard });
        step(app, fold).await.unwrap();
    }
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
    let committed = step(app, commit).await.unwrap();
    let seq = &committed["seq"];
    for range in committed["ranges"].as_array().unwrap() {
        let publish = json!({ "step": "publish", "seq": seq, "range": range });
        step(app, publish).await.unwrap();
    }
    if !seq.is_null() {
        step(app, json!({ "step": "finish", "seq": seq })).await.unwrap();
    }
}

#[tokio::test]
async fn missed_last_day_is_evaluated_first() {
    let app = last_day_missed().await;
    let night = app.night("2026-10-01").await;
    assert_eq!(night.evaluated.map(|it| (it.affiliates, it.promoted)), Some((1, 1)));
    assert_eq!(rate(&app, "2026-09-30").await, "0.2");
    assert_eq!(rate(&app, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn steps_evaluate_a_missed_quarter_too() {
    let app = last_day_missed().await;
    let plans = night(&app, "2026-10-01").await;
    let of_plans: Vec<_> = plans.iter().map(|plan| (plan.days.len(), plan.quarter)).collect();
    assert_eq!(of_plans, [(1, "2026-Q3".parse().ok()), (1, None)]);
    assert_eq!(rate(&app, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn two_missed_quarters_are_evaluated() {
    let app = last_day_missed().await;
    app.now("2027-01-01T10:00:01Z");
    for (number, newcomer) in NEWCOMERS.iter().enumerate() {
        let at = "2026-12-31T10:00:00Z";
        app.charged(fee(&format!("q4-{number}"), newcomer, at)).await;
    }
    app.charged(fee("q1", "newcomer-0", "2027-01-01T10:00:00Z")).await;
    let plans = night(&app, "2027-01-02").await;
    let quarters: Vec<_> = plans.iter().filter_map(|plan| plan.quarter).collect();
    assert_eq!(quarters, ["2026-Q3", "2026-Q4"].map(|quarter| quarter.parse().unwrap()));
    for plan in &plans {
        let first = plan.days[0].day.quarter();
        assert!(plan.days.iter().all(|planned| planned.day.quarter() == first));
    }
    assert_eq!(rate(&app, "2026-09-30").await, "0.2");
    assert_eq!(rate(&app, "2026-10-01").await, "0.3");
    assert_eq!(rate(&app, "2026-12-31").await, "0.3");
    // 2026-Q4 has the volume of tier 1, but no new trader.
    assert_eq!(rate(&app, "2027-01-01").await, "0.2");
    let head = app.context.table.head().await.unwrap().value;
    assert_eq!(head.evaluated_through, "2026-Q4".parse().ok());
    assert_eq!(head.closed_through, Some(day("2027-01-02")));
}

#[tokio::test]
async fn plan_has_at_most_31_days() {
    let app = last_day_missed().await;
    for late in day("2026-06-01").through(day("2026-09-28")) {
        app.context.table.touch(late, Shard::of(&uid("newcomer-0")), "late").await.unwrap();
    }
    let plans = night(&app, "2026-12-31").await;
    let mut days: Vec<_> = plans.iter().flat_map(|plan| &plan.days).map(|it| it.day).collect();
    assert!(plans.iter().all(|plan| plan.days.len() <= 31), "{plans:?}");
    for plan in &plans {
        assert!(serde_json::to_vec(plan).unwrap().len() < 256 * 1024);
    }
    days.sort_unstable();
    let expected = day("2026-06-01").through(day("2026-12-31"));
    assert!(days.into_iter().eq(expected.filter(|it| *it != day("2026-09-29"))));
}

#[tokio::test]
async fn interrupted_evaluation_is_repeated() {
    let app = last_day_missed().await;
    app.book("2026-09-30").await;
    let plans = night(&app, "2026-10-01").await;
    assert_eq!((plans[0].days.len(), plans[0].quarter), (0, "2026-Q3".parse().ok()));
    assert_eq!(rate(&app, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn unrecorded_evaluation_is_repeated() {
    let app = last_day_missed().await;
    app.book("2026-09-30").await;
    let shard = Shard::of(&uid("affiliate")).number();
    let evaluate = json!({ "step": "evaluate", "quarter": "2026-Q3", "shard": shard });
    step(&app, evaluate).await.unwrap();
    let plans = night(&app, "2026-10-01").await;
    assert_eq!(plans[0].quarter, "2026-Q3".parse().ok());
    assert_eq!(rate(&app, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn manual_run_before_evaluation_is_refused() {
    let app = last_day_missed().await;
    app.now("2026-10-02T00:30:00Z");
    let refused = step(&app, json!({ "day": "2026-10-01" })).await.unwrap_err();
    assert_eq!(refused.name(), "QuarterNotEvaluated");
    app.book("2026-09-30").await;
    step(&app, json!({ "step": "evaluate", "quarter": "2026-Q3" })).await.unwrap();
    app.book("2026-10-01").await;
    assert_eq!(rate(&app, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn quarter_with_open_day_is_not_recorded() {
    let app = last_day_missed().await;
    for input in [
        json!({ "step": "close-quarter", "quarter": "2026-Q3", "visible": 1 }),
        json!({ "step": "evaluate", "quarter": "2026-Q3" }),
    ] {
        step(&app, input).await.unwrap();
        let head = app.context.table.head().await.unwrap().value;
        assert_eq!(head.evaluated_through, "2026-Q2".parse().ok());
    }
}

#[tokio::test]
async fn head_of_0_1_at_quarter_end_is_evaluated() {
    let app = last_day_missed().await;
    app.book("2026-09-30").await;
    let mut head = app.context.table.head().await.unwrap();
    head.value.evaluated_through = None;
    assert!(app.context.table.save_head(&head).await.unwrap().is_done());
    app.night("2026-10-01").await;
    assert_eq!(rate(&app, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn closed_quarter_keeps_newer_requests() {
    let app = last_day_missed().await;
    night(&app, "2026-10-01").await;
    let [closed, other] = ["2026-Q3", "2026-Q2"].map(|quarter| quarter.parse().unwrap());
    let requested = |app: &TestApp| {
        let table = app.context.table.clone();
        async move { table.head().await.unwrap().value.reevaluate }
    };
    let mut head = app.context.table.head().await.unwrap();
    let visible = head.value.visible;
    head.value.reevaluate = [(other, visible), (closed, visible + 1)].into();
    assert!(app.context.table.save_head(&head).await.unwrap().is_done());

    let close = |through| json!({ "step": "close-quarter", "quarter": closed, "visible": through });
    step(&app, close(visible)).await.unwrap();
    // The quarter's evaluation was asked for again after it had begun.
    assert_eq!(requested(&app).await.into_keys().collect::<Vec<_>>(), [other, closed]);
    step(&app, close(visible + 1)).await.unwrap();
    assert_eq!(requested(&app).await.into_keys().collect::<Vec<_>>(), [other]);
}

#[tokio::test]
async fn plan_continues_after_cursor() {
    let app = last_day_missed().await;
    app.clock.stop_at(day("2026-10-01").end().plus_millis(30 * 60_000));
    for late in ["2026-06-01", "2026-06-02"] {
        app.context.table.touch(day(late), Shard::of(&uid("newcomer-0")), "late").await.unwrap();
    }
    let more = json!({ "after": "2026-06-01", "before": "2026-09-30" });
    let plan = json!({ "step": "plan", "day": "2026-10-01", "more": more });
    let plan: Plan = serde_json::from_value(step(&app, plan).await.unwrap()).unwrap();
    let planned: Vec<_> = plan.days.iter().map(|it| it.day.to_string()).collect();
    assert_eq!(planned, ["2026-09-30", "2026-06-02"]);
}

#[tokio::test]
async fn next_quarter_waits_for_a_repeated_evaluation() {
    let app = last_day_missed().await;
    night(&app, "2026-10-01").await;
    let mut head = app.context.table.head().await.unwrap();
    head.value.reevaluate = [("2026-Q3".parse().unwrap(), head.value.visible)].into();
    assert!(app.context.table.save_head(&head).await.unwrap().is_done());
    let plans = night(&app, "2026-10-02").await;
    let of_plans: Vec<_> = plans.iter().map(|plan| (plan.days.len(), plan.quarter)).collect();
    assert_eq!(of_plans, [(0, "2026-Q3".parse().ok()), (1, None)]);
}

#[tokio::test]
async fn day_without_new_lines_is_closed_once() {
    let mut app = last_day_missed().await;
    let (metrics, measured) = lambda::Metrics::kept();
    app.context.metrics = metrics;
    let mut head = app.context.table.head().await.unwrap();
    head.value.closed_through = Some(day("2026-09-28"));
    assert!(app.context.table.save_head(&head).await.unwrap().is_done());

    app.clock.stop_at(day("2026-09-29").end().plus_millis(30 * 60_000));
    for _ in 0..2 {
        let plan = json!({ "step": "plan", "day": "2026-09-29" });
        let plan = step(&app, plan).await.unwrap();
        book(&app, &plan["days"][0], &[0]).await;
        let head = app.context.table.head().await.unwrap().value;
        assert_eq!(head.closed_through, Some(day("2026-09-29")));
    }
    let closed = measured.lines().iter().filter(|line| line.contains("\"DaysClosed\":1")).count();
    assert_eq!(closed, 1);
}

#[tokio::test]
async fn repeated_plan_evaluates_again() {
    let app = TestApp::at("2026-09-30T09:00:00Z").await;
    app.affiliate("affiliate").await;
    app.night("2026-09-30").await;
    let plan = step(&app, json!({ "step": "plan", "day": "2026-09-30" })).await.unwrap();
    assert_eq!(plan["quarter"], "2026-Q3");
}

#[tokio::test]
async fn plan_of_late_days_is_limited() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    app.night("2026-11-20").await;
    app.now("2026-11-22T00:30:00Z");
    let touch = async |of: Day| {
        app.context.table.touch(of, Shard::new(3).unwrap(), "late").await.unwrap();
        let plan = step(&app, json!({ "step": "plan", "day": "2026-11-21" })).await.unwrap();
        (plan["days"].as_array().unwrap().len(), plan["more"].is_null())
    };
    // One late day of an evaluated quarter, beside the night's day.
    assert_eq!(touch(day("2026-08-20")).await, (2, true));
    let mut last = (0, true);
    for of in day("2026-08-21").through(day("2026-09-25")) {
        last = touch(of).await;
    }
    assert_eq!(last, (31, false));
}
