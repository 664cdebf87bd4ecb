//! What the trials have found, told as short stories of their own: they hold also when the trials
//! tell other stories. Where a worker stops matters, so he is stopped at every place.

use serde_json::{Value, json};

use super::scheduler::{advance, killed_after};
use crate::test_app::{TestApp, fee, uid};

/// More stops than any of the invocations here has.
const STOPS: usize = 40;
const SUNDAY: &str = "2026-11-15";
const MONDAY: &str = "2026-11-16";
const TUESDAY: &str = "2026-11-17";

async fn step(world: &TestApp, input: Value) -> Value {
    nightly::handle(&world.app, &input).await.unwrap()
}

/// The plan of one day's run.
async fn planned(world: &TestApp, of: &str) -> Value {
    let plan = step(world, json!({ "step": "plan", "day": of })).await;
    let days = plan["days"].as_array().unwrap();
    days.iter().find(|planned| planned["day"] == of).unwrap().clone()
}

fn fold(plan: &Value, shard: u8) -> Value {
    json!({ "step": "fold", "day": plan["day"], "run": plan["run"], "shard": shard })
}

/// Folds all shards of a plan and commits the run; answers its number.
async fn committed(world: &TestApp, plan: &Value) -> u64 {
    for shard in plan["shards"].as_array().unwrap() {
        step(world, fold(plan, shard.as_u64().unwrap() as u8)).await;
    }
    let (day, run, shards) = (&plan["day"], &plan["run"], &plan["shards"]);
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
    step(world, commit).await["seq"].as_u64().unwrap()
}

fn publish(seq: u64) -> Value {
    json!({ "step": "publish", "seq": seq, "range": { "part": 0, "of": 1 } })
}

async fn finished(world: &TestApp, seq: u64) {
    step(world, publish(seq)).await;
    step(world, json!({ "step": "finish", "seq": seq })).await;
}

/// An affiliate with an invitee who signed up on Monday morning; answers the link's code.
async fn signed_up(world: &TestApp, invitee: &str) -> String {
    let code = world.affiliate("aurora").await;
    let data = json!({
        "uid": invitee, "registeredAt": "2026-11-16T00:05:00Z", "country": "CH", "ref": code,
    });
    world.taken("account.registered", data).await;
    world.now("2026-11-16T20:00:00Z");
    code
}

async fn monday() -> TestApp {
    TestApp::at("2026-11-16T00:10:00Z").await
}

fn shard_of(invitee: &str) -> u8 {
    storage::Shard::of(&uid(invitee)).number()
}

async fn invitees_of(world: &TestApp, affiliate: &str) -> u64 {
    world.get(affiliate, "/v1/dashboard").await.json()["counts"]["invitees"].as_u64().unwrap()
}

/// Two nights at once had a day's fees booked twice: the second read what was booked after the
/// first had committed, and before it had published. First seen with seed 16.
#[tokio::test]
async fn a_run_waits_until_the_one_before_it_is_published() {
    let world = monday().await;
    signed_up(&world, "nora").await;
    world.charged(fee("t1", "nora", "2026-11-16T10:00:00Z")).await;
    world.now("2026-11-17T00:30:00Z");
    let (first, second) = (planned(&world, MONDAY).await, planned(&world, MONDAY).await);
    let seq = committed(&world, &first).await;
    let early = nightly::handle(&world.app, &fold(&second, shard_of("nora"))).await;
    assert_eq!(early.unwrap_err().name(), "Unfinished");
    finished(&world, seq).await;
    assert_eq!(step(&world, fold(&second, shard_of("nora"))).await["lines"], 0);
}

/// A publisher who was slow wrote what he had counted over what was seen for long: by then the
/// invitee's first trade was known from a later run, and so was no first one any more. Seed 2.
#[tokio::test]
async fn a_publisher_who_comes_late_edits_nothing() {
    for stop in 0..STOPS {
        let world = monday().await;
        signed_up(&world, "nora").await;
        world.charged(fee("t1", "nora", "2026-11-16T10:00:00Z")).await;
        world.now("2026-11-17T00:30:00Z");
        let seq = committed(&world, &planned(&world, MONDAY).await).await;
        let input = publish(seq);
        let mut late = Box::pin(nightly::handle(&world.app, &input));
        let done = advance(&mut late, stop).await;
        finished(&world, seq).await;
        world.now("2026-11-17T20:00:00Z");
        world.charged(fee("t2", "nora", "2026-11-17T10:00:00Z")).await;
        world.night(TUESDAY).await;
        let seen = world.summaries("aurora", MONDAY).await;
        if done.is_none() {
            late.await.unwrap();
        }
        assert_eq!(world.summaries("aurora", MONDAY).await, seen, "stopped after {stop} calls");
    }
}

/// Who found a binding void and died before he had marked its days left the commission where it
/// was: the message came again, but the binding was void already. Seed 1.
#[tokio::test]
async fn a_void_binding_is_marked_whoever_died() {
    for stop in 0..STOPS {
        let world = monday().await;
        let code = world.affiliate("aurora").await;
        world.registered("dora", "2024-01-01T00:00:00Z").await;
        assert_eq!(world.bind("dora", &code).await.status, 201);
        let undue = json!({ "uid": "dora", "product": "earn", "at": "2026-11-01T00:00:00Z" });
        killed_after(Some(stop), world.send("activity", undue.clone())).await;
        world.taken("activity", undue).await;
        let markers = world.app.table.voided_bindings().await.unwrap().known;
        assert_eq!(markers.len(), 1, "killed after {stop} calls");
        assert_eq!(markers[0].invitee, uid("dora"));
    }
}

/// Who bound a newcomer at sign-up and died before he had marked the day left him off his inviter's
/// list, where the day was booked before. Seed 18.
#[tokio::test]
async fn a_sign_up_that_is_told_of_late_is_listed_whoever_died() {
    for stop in 0..STOPS {
        let world = monday().await;
        let code = world.affiliate("aurora").await;
        world.night(MONDAY).await;
        let late = json!({
            "uid": "nora", "registeredAt": "2026-11-16T00:20:00Z", "country": "CH", "ref": code,
        });
        killed_after(Some(stop), world.send("account.registered", late.clone())).await;
        world.taken("account.registered", late).await;
        world.night(TUESDAY).await;
        assert_eq!(invitees_of(&world, "aurora").await, 1, "killed after {stop} calls");
    }
}

/// Fees were left for ever where a mark was taken back that had been made again for them: under the
/// same token, because two batches shared a correction; or under a newer one, which an older
/// message that came twice had put out of sight. Seed 247.
#[tokio::test]
async fn a_late_fee_keeps_its_mark_whatever_comes_twice() {
    let correction = json!({
        "tradeId": "t1", "uid": "nora", "day": MONDAY, "amount": "0.002", "amountUsd": "200",
        "volumeUsd": "200000", "at": "2026-11-16T12:00:00Z", "why": "wrong fee tier",
    });
    let first =
        crate::test_app::event("e1", "fee.charged", fee("t1", "nora", "2026-11-16T10:00:00Z"));
    let corrected = crate::test_app::event("e2", "fee.corrected", correction);
    let late =
        crate::test_app::event("e3", "fee.charged", fee("t2", "nora", "2026-11-16T11:00:00Z"));
    let [first, corrected, late] = [first, corrected, late].map(|event| vec![event]);
    let ways = [
        vec![[late.clone(), corrected.clone()].concat()],
        vec![late, [first.clone(), corrected.clone()].concat()],
    ];
    for way in ways {
        let world = monday().await;
        signed_up(&world, "nora").await;
        let told = [first.clone(), corrected.clone()].concat();
        world.send_raw(&Value::Array(told).to_string()).await;
        world.now("2026-11-17T00:30:00Z");
        let plan = planned(&world, MONDAY).await;
        step(&world, fold(&plan, shard_of("nora"))).await;
        for message in way {
            world.send_raw(&Value::Array(message).to_string()).await;
        }
        let seq = committed(&world, &plan).await;
        finished(&world, seq).await;
        world.night(TUESDAY).await;
        let fees: i64 =
            world.summaries("aurora", MONDAY).await.iter().map(|day| day.summary.fee_count).sum();
        assert_eq!(fees, 2);
    }
}

/// A first night that died was never made up for, and its bindings were never listed: nothing was
/// closed yet, so nothing seemed to be missed. Seed 212.
#[tokio::test]
async fn a_first_night_that_died_is_made_up_for() {
    let world = monday().await;
    let code = world.affiliate("aurora").await;
    world.registered("dora", "2024-01-01T00:00:00Z").await;
    assert_eq!(world.bind("dora", &code).await.status, 201);
    world.now("2026-11-17T00:30:00Z");
    planned(&world, MONDAY).await;
    world.night(TUESDAY).await;
    assert_eq!(invitees_of(&world, "aurora").await, 1);
}

/// A day that was booked by hand as soon as one clock said that it was over was shown as final before
/// it was; and who was bound on it after that, by a clock that was right or behind, was on no list
/// unless the night of that very day came to its end. Seed 23.
#[tokio::test]
async fn a_day_by_hand_waits_for_those_who_are_bound_on_it() {
    let world = monday().await;
    let code = world.affiliate("aurora").await;
    world.registered("dora", "2024-01-01T00:00:00Z").await;
    world.night(SUNDAY).await;
    world.now("2026-11-17T00:05:00Z");
    let by_hand = nightly::handle(&world.app, &json!({ "day": MONDAY })).await;
    assert_eq!(by_hand.unwrap_err().name(), "DayNotOver");
    world.now("2026-11-16T23:56:00Z");
    assert_eq!(world.bind("dora", &code).await.status, 201);
    world.night(TUESDAY).await;
    assert_eq!(invitees_of(&world, "aurora").await, 1);
}
