//! Runs that come twice, late, at once, or die in between.

use lambda::Deadline;
use nightly::{StepError, handle, handle_until};
use serde_json::{Value, json};

use crate::test_app::{TestApp, day, fee};

/// A world with two affiliates, two invitees and a day of trades.
async fn traded() -> TestApp {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    for (affiliate, invitee) in [("affiliate-1", "dormant-1"), ("affiliate-2", "dormant-2")] {
        let code = world.affiliate(affiliate).await;
        world.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(world.bind(invitee, &code).await.status, 201);
    }
    world.now("2026-11-20T23:00:00Z");
    for number in 0..10 {
        let invitee = format!("dormant-{}", number % 2 + 1);
        world.charged(fee(&format!("t{number}"), &invitee, "2026-11-20T10:00:00Z")).await;
    }
    world.now("2026-11-21T00:30:00Z");
    world
}

async fn read(world: &TestApp) -> Vec<Value> {
    let mut lines = world.lines("affiliate-1", "2026-11-20", "2026-11-20").await;
    lines.extend(world.lines("affiliate-2", "2026-11-20", "2026-11-20").await);
    lines
}

async fn step(world: &TestApp, input: Value) -> Result<Value, StepError> {
    handle(&world.app, &input).await
}

/// Takes the night's steps up to (not with) the one at `until`; answers how many there are.
async fn steps(world: &TestApp, until: usize) -> usize {
    let mut taken = 0;
    let plan =
        step(world, json!({ "step": "plan", "scheduledTime": "2026-11-21T00:30:00Z" })).await;
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
        step(world, fold).await.unwrap();
    }
    if !next(&mut taken) {
        return taken;
    }
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": plan["shards"] });
    let committed = step(world, commit).await.unwrap();
    for range in committed["ranges"].as_array().unwrap() {
        if !next(&mut taken) {
            return taken;
        }
        let publish = json!({ "step": "publish", "seq": committed["seq"], "range": range });
        step(world, publish).await.unwrap();
    }
    if next(&mut taken) {
        step(world, json!({ "step": "finish", "seq": committed["seq"] })).await.unwrap();
    }
    taken
}

#[tokio::test]
async fn the_steps_of_the_state_machine_book_what_the_whole_day_books() {
    let by_steps = traded().await;
    steps(&by_steps, usize::MAX).await;
    let at_once = traded().await;
    at_once.book("2026-11-20").await;
    assert_eq!(read(&by_steps).await, read(&at_once).await);
    assert_eq!(read(&at_once).await.len(), 2);
}

#[tokio::test]
async fn a_run_that_died_after_any_step_is_unseen_and_the_next_one_books_the_day_once() {
    let expected = {
        let world = traded().await;
        world.book("2026-11-20").await;
        read(&world).await
    };
    let all = steps(&traded().await, usize::MAX).await;
    for died_after in [0, 1, 63, 64, 65, 66, all] {
        let world = traded().await;
        steps(&world, died_after).await;
        if died_after < all {
            assert_eq!(read(&world).await, Vec::<Value>::new(), "seen half done, {died_after}");
        }
        world.night("2026-11-20").await;
        assert_eq!(read(&world).await, expected, "died after {died_after}");
    }
}

#[tokio::test]
async fn a_second_run_of_a_day_books_nothing() {
    let world = traded().await;
    let first = world.book("2026-11-20").await;
    let lines = read(&world).await;
    let second = world.book("2026-11-20").await;
    assert!(first.seq.is_some());
    assert_eq!((second.seq, second.lines), (None, 0));
    assert_eq!(read(&world).await, lines);
}

#[tokio::test]
async fn of_two_runs_of_one_day_at_once_one_is_booked() {
    let world = traded().await;
    let plan = |world: TestApp| async move {
        let input = json!({ "step": "plan", "day": "2026-11-20" });
        step(&world, input).await.unwrap()["days"][0].clone()
    };
    let plans = [plan(world.clone()).await, plan(world.clone()).await];
    for plan in &plans {
        for shard in plan["shards"].as_array().unwrap() {
            let fold =
                json!({ "step": "fold", "day": plan["day"], "run": plan["run"], "shard": shard });
            step(&world, fold).await.unwrap();
        }
    }
    let commit = |plan: &Value| json!({ "step": "commit", "day": plan["day"], "run": plan["run"], "shards": plan["shards"] });
    let first = step(&world, commit(&plans[0])).await.unwrap();
    let second = step(&world, commit(&plans[1])).await.unwrap_err();
    assert_eq!(second.name(), "Superseded");
    let again = step(&world, commit(&plans[0])).await.unwrap();
    assert_eq!(first, again, "a repeated commit answers what the first one did");
    for range in first["ranges"].as_array().unwrap() {
        let publish = json!({ "step": "publish", "seq": first["seq"], "range": range });
        step(&world, publish.clone()).await.unwrap();
        step(&world, publish).await.unwrap();
    }
    let finish = json!({ "step": "finish", "seq": first["seq"] });
    step(&world, finish.clone()).await.unwrap();
    step(&world, finish).await.unwrap();
    assert_eq!(read(&world).await.len(), 2);
}

#[tokio::test]
async fn a_day_that_is_not_over_is_not_booked() {
    let world = traded().await;
    world.now("2026-11-21T00:19:59.999Z");
    let refused = step(&world, json!({ "day": "2026-11-20" })).await.unwrap_err();
    assert_eq!(refused.name(), "DayNotOver");
    world.now("2026-11-21T00:20:00Z");
    step(&world, json!({ "day": "2026-11-20" })).await.unwrap();
}

#[tokio::test]
async fn input_that_is_no_step_is_refused_with_what_would_be_right() {
    let world = traded().await;
    for (input, part) in [
        (json!({}), "expected {\"day\":\"2026-11-21\"}, or a step"),
        (json!({ "day": "2026-02-30" }), "expected a calendar day"),
        (json!({ "day": "2026-11-20", "force": true }), "unknown field `force`"),
        (json!({ "step": "plan" }), "expected either day or scheduledTime"),
        (json!({ "step": "dance" }), "step: expected one of `plan`"),
        (json!({ "step": "fold", "day": "2026-11-20", "run": "r", "shard": 64 }), "below 64"),
        (json!({ "step": "publish", "seq": 1, "range": { "part": 1, "of": 1 } }), "below `of`"),
        (json!({ "step": "finish", "seq": 7 }), "run 7 is not committed"),
        (json!([1]), "expected"),
    ] {
        let refused = step(&world, input.clone()).await.unwrap_err();
        assert_eq!(refused.name(), "BadRequest", "{input}");
        assert!(refused.to_string().contains(part), "{input}: {refused}");
    }
}

#[tokio::test]
async fn a_night_takes_up_the_days_that_were_missed() {
    let world = traded().await;
    world.night("2026-11-20").await;
    let night = world.night("2026-11-23").await;
    let days: Vec<_> = night.days.iter().map(|day| day.day.to_string()).collect();
    assert_eq!(days, ["2026-11-21", "2026-11-22", "2026-11-23"]);
    let head = world.app.table.head().await.unwrap().value;
    assert_eq!(head.closed_through, Some(day("2026-11-23")));
}

#[tokio::test]
async fn a_day_that_takes_too_long_is_handed_over_and_gone_on_with() {
    let undisturbed = traded().await;
    undisturbed.book("2026-11-20").await;
    let world = traded().await;
    let out_of_time = Deadline::before(world.app.clock.now());
    let whole_day = json!({ "day": "2026-11-20" });
    let error = handle_until(&world.app, &whole_day, out_of_time).await.unwrap_err();
    assert_eq!(error.name(), "HandedOver");
    assert_eq!(read(&world).await, Vec::<Value>::new());
    let sentence = error.to_string();
    let input = sentence.split_once("go on with ").unwrap().1;
    let report = step(&world, serde_json::from_str(input).unwrap()).await.unwrap();
    assert_eq!(report["seq"], 1);
    assert_eq!(read(&world).await, read(&undisturbed).await);
}

#[tokio::test]
async fn a_publishing_that_takes_too_long_is_handed_over_and_gone_on_with() {
    let undisturbed = traded().await;
    undisturbed.book("2026-11-20").await;
    let world = traded().await;
    let committed = steps(&world, 65).await;
    assert_eq!(committed, 66, "64 folds, and the commit is the last step");
    let publish = json!({ "step": "publish", "seq": 1, "range": { "part": 0, "of": 1 } });
    let out_of_time = Deadline::before(world.app.clock.now());
    let error = handle_until(&world.app, &publish, out_of_time).await.unwrap_err();
    assert_eq!(error.name(), "HandedOver");
    step(&world, publish).await.unwrap();
    step(&world, json!({ "step": "finish", "seq": 1 })).await.unwrap();
    assert_eq!(read(&world).await, read(&undisturbed).await);
}

#[tokio::test]
async fn a_run_of_another_day_is_not_gone_on_with() {
    let world = traded().await;
    let input = json!({ "day": "2026-11-20", "run": "2026-11-19-0123456789abcdef" });
    let error = step(&world, input).await.unwrap_err();
    assert_eq!(
        (error.name(), error.to_string().as_str()),
        ("BadRequest", "run: expected a run of 2026-11-20")
    );
}
