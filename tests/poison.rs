//! Days and shards that cannot be processed: they are set aside, and everything else goes on.

use nightly::{StepError, handle};
use serde_json::{Value, json};
use storage::{SetAside, Shard};

use crate::story::three_newcomers_trade;
use crate::test_app::{TestApp, day, fee, uid};

/// Puts an item without content in the place of the one under a key, if there is one.
pub fn corrupt(world: &TestApp, pk: &str, sk: &str) {
    let broken = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "v": { "N": "1" } });
    world.engine.put("recall", [broken]).unwrap();
}

/// All items of a partition.
pub fn items(world: &TestApp, pk: &str) -> Vec<Value> {
    let mut items = world.engine.items("recall").unwrap();
    items.retain(|item| item["pk"]["S"] == pk);
    items
}

pub fn put(world: &TestApp, item: Value) {
    world.engine.put("recall", [item]).unwrap();
}

pub fn remove(world: &TestApp, pk: &str, sk: &str) {
    let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
    let body = json!({ "TableName": "recall", "Key": key }).to_string();
    let (status, answer) = world.engine.run("DeleteItem", body.as_bytes());
    assert_eq!(status, 200, "{answer}");
}

fn shard_of(invitee: &str) -> u8 {
    Shard::of(&uid(invitee)).number()
}

/// The partition of a day's list of new bindings, in the shard of an invitee.
fn bindings(of: &str, invitee: &str) -> String {
    format!("B#{of}#{:02}", shard_of(invitee))
}

async fn head(world: &TestApp) -> storage::Head {
    world.app.table.head().await.unwrap().value
}

async fn set_aside(world: &TestApp) -> Vec<(String, Vec<u8>)> {
    let days = head(world).await.set_aside.into_iter();
    days.map(|(day, aside)| (day.to_string(), aside.shards.into_iter().collect())).collect()
}

async fn data_as_of(world: &TestApp, affiliate: &str) -> String {
    let dashboard = world.get(affiliate, "/v1/dashboard").await.json();
    dashboard["dataAsOf"].as_str().unwrap()[..10].to_owned()
}

/// What an affiliate earned by its lines of some days, in the smallest unit.
pub async fn earned(world: &TestApp, affiliate: &str, from: &str, to: &str) -> i64 {
    let lines = world.lines(affiliate, from, to).await;
    let minor = |line: &Value| {
        let text = line["commission"].as_str().unwrap().replace('.', "");
        text.parse::<i64>().unwrap()
    };
    lines.iter().map(minor).sum()
}

/// Two affiliates with an invitee each, in different shards, who trade on three days.
async fn two_affiliates() -> TestApp {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    for (affiliate, invitee) in [("affiliate-1", "dormant-1"), ("affiliate-2", "dormant-2")] {
        let code = world.affiliate(affiliate).await;
        world.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(world.bind(invitee, &code).await.status, 201);
    }
    assert_ne!(shard_of("dormant-1"), shard_of("dormant-2"));
    world.night("2026-11-19").await;
    world
}

/// A trade of 100,000 USD of each invitee.
async fn traded(world: &TestApp, on: &str) {
    world.now(&format!("{on}T20:00:00Z"));
    for invitee in ["dormant-1", "dormant-2"] {
        let fee = fee(&format!("{on}-{invitee}"), invitee, &format!("{on}T10:00:00Z"));
        world.charged(fee).await;
    }
}

const DAYS: [&str; 3] = ["2026-11-20", "2026-11-21", "2026-11-22"];
/// The commission of one trade, in the smallest unit.
const EACH: i64 = 20_000;

#[tokio::test]
async fn unreadable_shard_is_set_aside_alone() {
    let world = two_affiliates().await;
    corrupt(&world, &bindings(DAYS[0], "dormant-1"), "broken");
    for day in DAYS {
        traded(&world, day).await;
        let night = world.night(day).await;
        assert!(night.days.iter().any(|it| it.day.to_string() == day && it.seq.is_some()));
    }
    let aside = vec![(DAYS[0].to_owned(), vec![shard_of("dormant-1")])];
    assert_eq!(set_aside(&world).await, aside);
    assert_eq!(earned(&world, "affiliate-2", DAYS[0], DAYS[2]).await, 3 * EACH);
    assert_eq!(earned(&world, "affiliate-1", DAYS[0], DAYS[2]).await, 2 * EACH);
    assert_eq!(head(&world).await.closed_through, Some(day(DAYS[2])));
    assert_eq!(data_as_of(&world, "affiliate-2").await, DAYS[0]);
    remove(&world, &bindings(DAYS[0], "dormant-1"), "broken");
    world.night("2026-11-23").await;
    assert_eq!(set_aside(&world).await, []);
    assert_eq!(earned(&world, "affiliate-1", DAYS[0], DAYS[2]).await, 3 * EACH);
    assert_eq!(data_as_of(&world, "affiliate-1").await, "2026-11-24");
    assert_eq!(world.app.table.touched_through(day("2026-11-23")).await.unwrap(), []);
}

#[tokio::test]
async fn unreadable_booked_chunk_sets_its_shard_aside() {
    let world = two_affiliates().await;
    traded(&world, DAYS[0]).await;
    world.night(DAYS[0]).await;
    let booked = items(&world, &format!("K#{}#{:02}", DAYS[0], shard_of("dormant-1"))).remove(0);
    let (pk, sk) = (booked["pk"]["S"].as_str().unwrap(), booked["sk"]["S"].as_str().unwrap());
    corrupt(&world, pk, sk);
    world.now("2026-11-21T12:00:00Z");
    for invitee in ["dormant-1", "dormant-2"] {
        world.charged(fee(&format!("late-{invitee}"), invitee, "2026-11-20T12:00:00Z")).await;
    }
    for day in &DAYS[1..] {
        world.night(day).await;
    }
    assert_eq!(earned(&world, "affiliate-1", DAYS[0], DAYS[0]).await, EACH);
    assert_eq!(earned(&world, "affiliate-2", DAYS[0], DAYS[0]).await, 2 * EACH);
    put(&world, booked.clone());
    world.night("2026-11-23").await;
    assert_eq!(earned(&world, "affiliate-1", DAYS[0], DAYS[0]).await, 2 * EACH);
    assert_eq!(set_aside(&world).await, []);
}

#[tokio::test]
async fn unreadable_mark_keeps_no_other_shard_waiting() {
    let world = two_affiliates().await;
    traded(&world, DAYS[0]).await;
    world.night(DAYS[0]).await;
    traded(&world, DAYS[1]).await;
    world.charged(fee("late", "dormant-2", "2026-11-20T12:00:00Z")).await;
    let shard = shard_of("dormant-1");
    corrupt(&world, &format!("TOUCHED#{:02}", shard % 16), &format!("{}#{shard:02}", DAYS[0]));
    world.night(DAYS[1]).await;
    assert_eq!(earned(&world, "affiliate-2", DAYS[0], DAYS[1]).await, 3 * EACH);
    let aside = vec![(DAYS[0].to_owned(), vec![shard_of("dormant-1")])];
    assert_eq!(set_aside(&world).await, aside);
}

#[tokio::test]
async fn unreadable_day_is_set_aside_and_later_days_go_on() {
    let world = two_affiliates().await;
    let pk = format!("DAY#{}", DAYS[0]);
    corrupt(&world, &pk, "DAY");
    for day in DAYS {
        traded(&world, day).await;
        world.night(day).await;
    }
    let aside = set_aside(&world).await;
    assert_eq!((aside.len(), aside[0].1.len()), (1, usize::from(storage::SHARDS)));
    assert_eq!(head(&world).await.closed_through, Some(day(DAYS[2])));
    assert_eq!(data_as_of(&world, "affiliate-1").await, DAYS[0]);
    for affiliate in ["affiliate-1", "affiliate-2"] {
        assert_eq!(earned(&world, affiliate, DAYS[0], DAYS[2]).await, 2 * EACH);
    }
    remove(&world, &pk, "DAY");
    world.night("2026-11-23").await;
    assert_eq!(set_aside(&world).await, []);
    for affiliate in ["affiliate-1", "affiliate-2"] {
        assert_eq!(earned(&world, affiliate, DAYS[0], DAYS[2]).await, 3 * EACH);
    }
}

#[tokio::test]
async fn refused_proof_sets_the_day_aside() {
    let world = two_affiliates().await;
    traded(&world, DAYS[0]).await;
    world.now("2026-11-21T00:30:00Z");
    let step = async |input: Value| handle(&world.app, &input).await;
    let plan = step(json!({ "step": "plan", "day": DAYS[0] })).await.unwrap()["days"][0].clone();
    let (run, shards) = (plan["run"].clone(), plan["shards"].clone());
    for shard in shards.as_array().unwrap() {
        let fold = json!({ "step": "fold", "day": DAYS[0], "run": run, "shard": shard });
        step(fold).await.unwrap();
    }
    corrupt(&world, &format!("R#{}", run.as_str().unwrap()), "S#07");
    let commit = json!({ "step": "commit", "day": DAYS[0], "run": run, "shards": shards });
    let committed = step(commit).await.unwrap();
    assert_eq!(
        (&committed["seq"], committed["ranges"].as_array().unwrap().len()),
        (&json!(null), 0)
    );
    assert!(committed["setAside"].as_str().unwrap().contains("cannot be read"), "{committed}");
    assert_eq!(head(&world).await.closed_through, Some(day(DAYS[0])));
    world.night(DAYS[1]).await;
    assert_eq!(set_aside(&world).await, []);
    assert_eq!(earned(&world, "affiliate-1", DAYS[0], DAYS[0]).await, EACH);
}

#[tokio::test]
async fn shard_that_ends_its_workers_is_set_aside() {
    let world = two_affiliates().await;
    traded(&world, DAYS[0]).await;
    world.now("2026-11-21T00:30:00Z");
    let step = async |input: Value| handle(&world.app, &input).await.unwrap();
    let plan = step(json!({ "step": "plan", "day": DAYS[0] })).await["days"][0].clone();
    let (run, shards) = (plan["run"].clone(), plan["shards"].clone());
    for shard in shards.as_array().unwrap() {
        let ends_workers = shard == shard_of("dormant-1");
        let mut input = json!({ "step": "fold", "day": DAYS[0], "run": run, "shard": shard });
        if ends_workers {
            input["step"] = json!("set-aside");
            input["error"] = json!("Runtime.ExitError");
        }
        step(input).await;
    }
    let commit = json!({ "step": "commit", "day": DAYS[0], "run": run, "shards": shards });
    let committed = step(commit).await;
    let publish =
        json!({ "step": "publish", "seq": committed["seq"], "range": committed["ranges"][0] });
    step(publish).await;
    step(json!({ "step": "finish", "seq": committed["seq"] })).await;
    assert_eq!(earned(&world, "affiliate-1", DAYS[0], DAYS[0]).await, 0);
    assert_eq!(earned(&world, "affiliate-2", DAYS[0], DAYS[0]).await, EACH);
    world.night(DAYS[1]).await;
    assert_eq!(earned(&world, "affiliate-1", DAYS[0], DAYS[0]).await, EACH);
    assert_eq!(set_aside(&world).await, []);
}

/// The last day of a quarter has a shard with two of the three traders whom tier 1 asks for.
#[tokio::test]
async fn repaired_day_has_its_quarter_evaluated_again() {
    let world = TestApp::at("2026-09-29T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.night("2026-09-29").await;
    world.now("2026-09-30T09:00:00Z");
    three_newcomers_trade(&world, &code).await;
    let pk = bindings("2026-09-30", "newcomer-0");
    corrupt(&world, &pk, "broken");
    let night = world.night("2026-09-30").await;
    assert_eq!(night.evaluated.map(|it| it.promoted), Some(0));
    for (number, day) in ["2026-10-01", "2026-10-02"].iter().enumerate() {
        world.now(&format!("{day}T12:00:00Z"));
        let at = format!("{day}T10:00:00Z");
        world.charged(fee(&format!("q4-{number}"), "newcomer-1", &at)).await;
        world.night(day).await;
    }
    assert_eq!(set_aside(&world).await.len(), 1);
    remove(&world, &pk, "broken");
    world.now("2026-10-03T12:00:00Z");
    let night = world.night("2026-10-03").await;
    assert_eq!(night.evaluated.map(|it| it.promoted), Some(1));
    let head = head(&world).await;
    assert_eq!((head.set_aside.len(), head.reevaluate.len()), (0, 0));
    assert_eq!(head.evaluated_through, "2026-Q3".parse().ok());
    world.charged(fee("q4-late", "newcomer-1", "2026-10-04T00:10:00Z")).await;
    world.night("2026-10-04").await;
    let rate = world.lines("affiliate", "2026-10-04", "2026-10-04").await[0]["rate"].clone();
    assert_eq!(rate, "0.3");
}

#[tokio::test]
async fn head_takes_31_days_that_are_set_aside() {
    let world = two_affiliates().await;
    let mut full = world.app.table.head().await.unwrap();
    for number in 0..31 {
        let shards = [0].into();
        let aside = SetAside { reason: "x".repeat(160), shards };
        full.value.set_aside.insert(day("2026-09-01").plus(number), aside);
    }
    assert!(world.app.table.save_head(&full).await.unwrap());
    for number in 0..31 {
        let pk = format!("B#{}#00", day("2026-09-01").plus(number));
        corrupt(&world, &pk, "broken");
    }
    corrupt(&world, &bindings(DAYS[0], "dormant-1"), "broken");
    traded(&world, DAYS[0]).await;
    world.now("2026-11-21T00:30:00Z");
    let refused = nightly::run_night(&world.app, day(DAYS[0])).await.unwrap_err();
    assert!(matches!(refused, StepError::TooManySetAside(31)), "{refused}");
    assert_eq!(set_aside(&world).await.len(), 31);
    let head = head(&world).await;
    assert_eq!((head.pending, head.closed_through), (None, Some(day("2026-11-19"))));
    for number in 0..31 {
        remove(&world, &format!("B#{}#00", day("2026-09-01").plus(number)), "broken");
    }
    world.book("2026-09-01").await;
    world.night(DAYS[0]).await;
    assert_eq!(set_aside(&world).await.len(), 1);
    assert_eq!(earned(&world, "affiliate-2", DAYS[0], DAYS[0]).await, EACH);
}

#[tokio::test]
async fn check_measures_the_days_that_are_set_aside() {
    let mut world = two_affiliates().await;
    let (metrics, measured) = lambda::Metrics::kept();
    world.app.metrics = metrics;
    let check = async || {
        handle(&world.app, &json!({ "step": "check" })).await.unwrap();
        let line: Value = serde_json::from_str(measured.lines().last().unwrap()).unwrap();
        line["DaysSetAside"].clone()
    };
    assert_eq!(check().await, 0);
    corrupt(&world, &bindings(DAYS[0], "dormant-1"), "broken");
    world.night(DAYS[0]).await;
    assert_eq!(check().await, 1);
}
