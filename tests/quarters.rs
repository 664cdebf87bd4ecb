//! The evaluation of a quarter, however late the quarter's last day is closed.

use nightly::{Plan, StepError, handle};
use serde_json::{Value, json};
use storage::Shard;

use crate::story::three_newcomers_trade;
use crate::test_app::{TestApp, day, fee, uid};

const NEWCOMERS: [&str; 3] = ["newcomer-0", "newcomer-1", "newcomer-2"];

async fn step(world: &TestApp, input: Value) -> Result<Value, StepError> {
    handle(&world.app, &input).await
}

/// A quarter that earns its affiliate tier 1 on its last day; the night after that day is missed.
async fn last_day_missed() -> TestApp {
    let world = TestApp::at("2026-09-29T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.night("2026-09-29").await;
    world.now("2026-09-30T09:00:00Z");
    three_newcomers_trade(&world, &code).await;
    world.now("2026-10-01T10:00:01Z");
    world.charged(fee("later", "newcomer-0", "2026-10-01T10:00:00Z")).await;
    world
}

async fn rate(world: &TestApp, of: &str) -> String {
    world.lines("affiliate", of, of).await[0]["rate"].as_str().unwrap().to_owned()
}

/// A night by the state machine's steps, in the shards of the newcomers alone; answers its plans.
async fn night(world: &TestApp, after: &str) -> Vec<Plan> {
    world.clock.stand_at(day(after).end().plus_millis(30 * 60_000));
    let mut shards: Vec<u8> = NEWCOMERS.iter().map(|it| Shard::of(&uid(it)).number()).collect();
    shards.sort_unstable();
    shards.dedup();
    let (mut plans, mut more) = (Vec::<Plan>::new(), Value::Null);
    loop {
        let input = json!({ "step": "plan", "day": after, "more": more });
        let output = step(world, input).await.unwrap();
        let plan: Plan = serde_json::from_value(output.clone()).unwrap();
        for day in &plan.days {
            book(world, &json!(day), &shards).await;
        }
        if plan.quarter.is_some() {
            let (quarter, visible) = (&output["quarter"], &output["visible"]);
            for shard in 0..storage::SHARDS {
                let input = json!({ "step": "evaluate", "quarter": quarter, "shard": shard });
                step(world, input).await.unwrap();
            }
            let close = json!({ "step": "close-quarter", "quarter": quarter, "visible": visible });
            step(world, close).await.unwrap();
        }
        more = output["more"].clone();
        plans.push(plan);
        if more.is_null() {
            return plans;
        }
    }
}

async fn book(world: &TestApp, plan: &Value, shards: &[u8]) {
    let (day, run) = (&plan["day"], &plan["run"]);
    for shard in shards {
        let fold = json!({ "step": "fold", "day": day, "run": run, "shard": shard });
        step(world, fold).await.unwrap();
    }
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
    let committed = step(world, commit).await.unwrap();
    let seq = &committed["seq"];
    for range in committed["ranges"].as_array().unwrap() {
        let publish = json!({ "step": "publish", "seq": seq, "range": range });
        step(world, publish).await.unwrap();
    }
    if !seq.is_null() {
        step(world, json!({ "step": "finish", "seq": seq })).await.unwrap();
    }
}

#[tokio::test]
async fn missed_last_day_is_evaluated_before_next_day() {
    let world = last_day_missed().await;
    let night = world.night("2026-10-01").await;
    assert_eq!(night.evaluated.map(|it| (it.affiliates, it.promoted)), Some((1, 1)));
    assert_eq!(rate(&world, "2026-09-30").await, "0.2");
    assert_eq!(rate(&world, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn steps_evaluate_a_missed_quarter_too() {
    let world = last_day_missed().await;
    let plans = night(&world, "2026-10-01").await;
    let of_plans: Vec<_> = plans.iter().map(|plan| (plan.days.len(), plan.quarter)).collect();
    assert_eq!(of_plans, [(1, "2026-Q3".parse().ok()), (1, None)]);
    assert_eq!(rate(&world, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn nights_missed_over_two_quarters_evaluate_both() {
    let world = last_day_missed().await;
    world.now("2027-01-01T10:00:01Z");
    for (number, newcomer) in NEWCOMERS.iter().enumerate() {
        let at = "2026-12-31T10:00:00Z";
        world.charged(fee(&format!("q4-{number}"), newcomer, at)).await;
    }
    world.charged(fee("q1", "newcomer-0", "2027-01-01T10:00:00Z")).await;
    let plans = night(&world, "2027-01-02").await;
    let quarters: Vec<_> = plans.iter().filter_map(|plan| plan.quarter).collect();
    assert_eq!(quarters, ["2026-Q3", "2026-Q4"].map(|quarter| quarter.parse().unwrap()));
    for plan in &plans {
        let first = plan.days[0].day.quarter();
        assert!(plan.days.iter().all(|planned| planned.day.quarter() == first));
    }
    assert_eq!(rate(&world, "2026-09-30").await, "0.2");
    assert_eq!(rate(&world, "2026-10-01").await, "0.3");
    assert_eq!(rate(&world, "2026-12-31").await, "0.3");
    // 2026-Q4 has the volume of tier 1, and no new trader.
    assert_eq!(rate(&world, "2027-01-01").await, "0.2");
    let head = world.app.table.head().await.unwrap().value;
    assert_eq!(head.evaluated_through, "2026-Q4".parse().ok());
    assert_eq!(head.closed_through, Some(day("2027-01-02")));
}

#[tokio::test]
async fn plan_has_at_most_31_days_and_fits_the_state() {
    let world = last_day_missed().await;
    for late in day("2026-06-01").through(day("2026-09-28")) {
        world.app.table.touch(late, Shard::of(&uid("newcomer-0")), "late").await.unwrap();
    }
    let plans = night(&world, "2026-12-31").await;
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
async fn night_that_died_before_evaluating_is_made_up() {
    let world = last_day_missed().await;
    world.book("2026-09-30").await;
    let plans = night(&world, "2026-10-01").await;
    assert_eq!((plans[0].days.len(), plans[0].quarter), (0, "2026-Q3".parse().ok()));
    assert_eq!(rate(&world, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn evaluation_that_was_not_noted_is_repeated() {
    let world = last_day_missed().await;
    world.book("2026-09-30").await;
    let shard = Shard::of(&uid("affiliate")).number();
    let evaluate = json!({ "step": "evaluate", "quarter": "2026-Q3", "shard": shard });
    step(&world, evaluate).await.unwrap();
    let plans = night(&world, "2026-10-01").await;
    assert_eq!(plans[0].quarter, "2026-Q3".parse().ok());
    assert_eq!(rate(&world, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn day_of_unevaluated_quarter_is_refused_by_hand() {
    let world = last_day_missed().await;
    world.now("2026-10-02T00:30:00Z");
    let refused = step(&world, json!({ "day": "2026-10-01" })).await.unwrap_err();
    assert_eq!(refused.name(), "QuarterNotEvaluated");
    world.book("2026-09-30").await;
    step(&world, json!({ "step": "evaluate", "quarter": "2026-Q3" })).await.unwrap();
    world.book("2026-10-01").await;
    assert_eq!(rate(&world, "2026-10-01").await, "0.3");
}

#[tokio::test]
async fn quarter_with_an_open_day_is_not_noted() {
    let world = last_day_missed().await;
    for input in [
        json!({ "step": "close-quarter", "quarter": "2026-Q3", "visible": 1 }),
        json!({ "step": "evaluate", "quarter": "2026-Q3" }),
    ] {
        step(&world, input).await.unwrap();
        let head = world.app.table.head().await.unwrap().value;
        assert_eq!(head.evaluated_through, "2026-Q2".parse().ok());
    }
}

#[tokio::test]
async fn head_of_0_1_at_a_quarter_end_is_evaluated() {
    let world = last_day_missed().await;
    world.book("2026-09-30").await;
    let mut head = world.app.table.head().await.unwrap();
    head.value.evaluated_through = None;
    assert!(world.app.table.save_head(&head).await.unwrap());
    world.night("2026-10-01").await;
    assert_eq!(rate(&world, "2026-10-01").await, "0.3");
}
