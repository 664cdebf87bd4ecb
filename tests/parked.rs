//! Affiliates whose part of a run cannot be published: they are parked, and everybody else goes on.

use nightly::{handle, repair, verify_day, withdraw};
use serde_json::{Value, json};
use storage::Shard;

use crate::poison::{corrupt, earned, items, put};
use crate::story::three_newcomers_trade;
use crate::test_app::{TestApp, day, fee, uid};

const DAYS: [&str; 4] = ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"];
/// The commission of one trade, in the smallest unit.
const EACH: i64 = 20_000;
const PARKED: &str = "affiliate-1";
const OTHER: &str = "affiliate-2";

/// Two affiliates with an invitee each, of whom the night of the first day knows.
async fn two_affiliates() -> TestApp {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    for (affiliate, invitee) in [(PARKED, "dormant-1"), (OTHER, "dormant-2")] {
        let code = world.affiliate(affiliate).await;
        world.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(world.bind(invitee, &code).await.status, 201);
    }
    trades(&world, DAYS[0]).await;
    world.night(DAYS[0]).await;
    world
}

async fn trades(world: &TestApp, on: &str) {
    for invitee in ["dormant-1", "dormant-2"] {
        trade(world, invitee, on).await;
    }
}

async fn trade(world: &TestApp, invitee: &str, on: &str) {
    world.now(&format!("{on}T20:00:00Z"));
    let fee = fee(&format!("{on}-{invitee}"), invitee, &format!("{on}T10:00:00Z"));
    world.charged(fee).await;
}

/// The days after the first one, with a late fee of the second day in the third night.
async fn later_days(world: &TestApp) {
    for day in &DAYS[1..] {
        trades(world, day).await;
        if *day == DAYS[2] {
            for invitee in ["dormant-1", "dormant-2"] {
                let late = fee(&format!("late-{invitee}"), invitee, "2026-11-21T12:00:00Z");
                world.charged(late).await;
            }
        }
        world.night(day).await;
    }
}

/// What an affiliate and the invitee read, all of it.
async fn read(world: &TestApp, affiliate: &str, invitee: &str) -> Vec<Value> {
    let range = format!("from={}&to={}", DAYS[0], DAYS[3]);
    let mut read = world.lines(affiliate, DAYS[0], DAYS[3]).await;
    read.push(world.get(affiliate, &format!("/v1/dashboard?{range}")).await.json());
    read.push(world.get(affiliate, "/v1/dashboard/referrals").await.json());
    read.push(world.get(invitee, "/v1/binding").await.json());
    read
}

/// The invitee's item, as the inviter reads it.
fn referral(world: &TestApp, affiliate: &str) -> Value {
    let mut items = items(world, &format!("A#{affiliate}"));
    items.retain(|item| item["sk"]["S"].as_str().unwrap().starts_with("REF#"));
    items.remove(0)
}

fn corrupt_item(world: &TestApp, item: &Value) {
    corrupt(world, item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap());
}

async fn parked(world: &TestApp) -> Vec<(String, u64)> {
    let runs = world.app.table.parked().await.unwrap().into_iter();
    runs.map(|run| (run.uid.to_string(), run.seq)).collect()
}

async fn undisturbed() -> TestApp {
    let world = two_affiliates().await;
    later_days(&world).await;
    world
}

/// A world in which the first affiliate's invitee cannot be read from the second night on; answers
/// the invitee's item as well.
async fn disturbed() -> (TestApp, Value) {
    let world = two_affiliates().await;
    let item = referral(&world, PARKED);
    corrupt_item(&world, &item);
    later_days(&world).await;
    (world, item)
}

#[tokio::test]
async fn unreadable_affiliate_is_parked_and_others_go_on() {
    let (world, _) = disturbed().await;
    let expected = undisturbed().await;
    let head = world.app.table.head().await.unwrap().value;
    assert_eq!((head.visible, head.parked), (5, 1));
    assert_eq!(head.closed_through, Some(day(DAYS[3])));
    assert_eq!(read(&world, OTHER, "dormant-2").await, read(&expected, OTHER, "dormant-2").await);
    let queued: Vec<_> = [2, 3, 4, 5].map(|seq| (PARKED.to_owned(), seq)).into();
    assert_eq!(parked(&world).await, queued);
}

#[tokio::test]
async fn parked_affiliate_reads_a_consistent_older_state() {
    let (world, _) = disturbed().await;
    let dashboard = world.get(PARKED, "/v1/dashboard?from=2026-11-20&to=2026-11-23").await.json();
    assert_eq!(dashboard["dataAsOf"], "2026-11-21T00:00:00.000Z");
    assert_eq!(dashboard["finalThrough"], DAYS[0]);
    assert_eq!(dashboard["counts"]["invitees"], 1);
    assert_eq!(earned(&world, PARKED, DAYS[0], DAYS[3]).await, EACH);
    let summaries = world.app.table.summaries(&uid(PARKED), day(DAYS[0]), day(DAYS[3]), 1).await;
    let cells = summaries.unwrap().into_iter().flat_map(|it| it.summary.cells.into_values());
    assert_eq!(cells.map(|money| money.commission.minor()).sum::<i128>(), i128::from(EACH));
    let links = world.get(PARKED, "/v1/links").await.json();
    assert_eq!(links["dataAsOf"], dashboard["dataAsOf"]);
}

#[tokio::test]
async fn repaired_affiliate_reads_what_was_undisturbed() {
    let (world, item) = disturbed().await;
    put(&world, item);
    let repaired = repair(&world.app, &uid(PARKED)).await.unwrap();
    assert_eq!(repaired.runs.iter().map(|(run, _)| run.seq).collect::<Vec<_>>(), [2, 3, 4, 5]);
    let expected = undisturbed().await;
    for (affiliate, invitee) in [(PARKED, "dormant-1"), (OTHER, "dormant-2")] {
        let seen = read(&world, affiliate, invitee).await;
        assert_eq!(seen, read(&expected, affiliate, invitee).await, "{affiliate}");
    }
    assert_eq!(world.app.table.head().await.unwrap().value.parked, 0);
    assert_eq!(parked(&world).await, []);
    trades(&world, "2026-11-24").await;
    world.night("2026-11-24").await;
    assert_eq!(earned(&world, PARKED, DAYS[0], "2026-11-24").await, 6 * EACH);
    for of in DAYS {
        let verified = verify_day(&world.app, day(of), || ()).await.unwrap();
        assert_eq!(verified.differences, [], "{of}");
    }
}

#[tokio::test]
async fn invitee_of_a_parked_affiliate_reads_the_same_state() {
    let (world, item) = disturbed().await;
    let before = two_affiliates().await;
    let expected = before.get("dormant-1", "/v1/binding").await.json();
    // The item is readable again, and still not what the affiliate reads.
    put(&world, item);
    assert_eq!(world.get("dormant-1", "/v1/binding").await.json(), expected);
}

#[tokio::test]
async fn repair_that_fails_continues_where_it_stopped() {
    let (world, item) = disturbed().await;
    let error = repair(&world.app, &uid(PARKED)).await.unwrap_err();
    assert_eq!((error.name(), parked(&world).await.len()), ("Corrupt", 4));
    put(&world, item);
    let shard = Shard::of(&uid("dormant-1")).number();
    let booked = items(&world, &format!("K#{}#{shard:02}", DAYS[2])).remove(0);
    corrupt_item(&world, &booked);
    let error = repair(&world.app, &uid(PARKED)).await.unwrap_err();
    assert_eq!((error.name(), parked(&world).await.len()), ("Corrupt", 3));
    assert_eq!(earned(&world, PARKED, DAYS[0], DAYS[3]).await, 2 * EACH);
    put(&world, booked);
    repair(&world.app, &uid(PARKED)).await.unwrap();
    assert_eq!(earned(&world, PARKED, DAYS[0], DAYS[3]).await, 5 * EACH);
    let error = repair(&world.app, &uid(PARKED)).await.unwrap_err();
    assert_eq!(error.to_string(), "no run waits for this affiliate");
}

#[tokio::test]
async fn unreadable_totals_park_their_affiliate() {
    let world = two_affiliates().await;
    let totals = items(&world, &format!("A#{PARKED}"));
    let totals = totals.into_iter().find(|item| item["sk"]["S"] == "TOTALS").unwrap();
    let mut broken = totals.clone();
    broken["b"] = json!({ "B": "//8=" });
    put(&world, broken);
    later_days(&world).await;
    assert_eq!(earned(&world, OTHER, DAYS[0], DAYS[3]).await, 5 * EACH);
    let mark = |name: &str| {
        let items = items(&world, &format!("A#{PARKED}"));
        items.into_iter().find(|item| item["sk"]["S"] == "TOTALS").unwrap()[name].clone()
    };
    let mut mended = totals;
    for name in ["parkedFrom", "parkedDay", "rev"] {
        mended[name] = mark(name);
    }
    assert_eq!(mended["parkedFrom"], json!({ "N": "2" }));
    put(&world, mended);
    assert_eq!(earned(&world, PARKED, DAYS[0], DAYS[3]).await, EACH);
    repair(&world.app, &uid(PARKED)).await.unwrap();
    let expected = undisturbed().await;
    assert_eq!(read(&world, PARKED, "dormant-1").await, read(&expected, PARKED, "dormant-1").await);
}

#[tokio::test]
async fn first_run_of_an_affiliate_can_be_parked() {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = world.affiliate(PARKED).await;
    world.registered("dormant-1", "2024-01-01T00:00:00Z").await;
    assert_eq!(world.bind("dormant-1", &code).await.status, 201);
    trade(&world, "dormant-1", DAYS[0]).await;
    let bound_at = "2026-11-20T09:00:00Z".parse::<types::Timestamp>().unwrap().millis();
    let (pk, sk) = (format!("A#{PARKED}"), format!("REF#{bound_at:015}#dormant-1"));
    corrupt(&world, &pk, &sk);
    world.night(DAYS[0]).await;
    assert_eq!(parked(&world).await, [(PARKED.to_owned(), 1)]);
    assert_eq!(earned(&world, PARKED, DAYS[0], DAYS[0]).await, 0);
    let dashboard = world.get(PARKED, "/v1/dashboard").await;
    assert_eq!((dashboard.status, &dashboard.json()["counts"]["invitees"]), (200, &json!(0)));
    crate::poison::remove(&world, &pk, &sk);
    repair(&world.app, &uid(PARKED)).await.unwrap();
    assert_eq!(earned(&world, PARKED, DAYS[0], DAYS[0]).await, EACH);
}

#[tokio::test]
async fn withdrawn_lines_are_never_seen_and_booked_anew() {
    let (world, item) = disturbed().await;
    put(&world, item);
    let withdrawn = withdraw(&world.app, &uid(PARKED), "a test").await.unwrap();
    assert_eq!((withdrawn.run.seq, withdrawn.lines, withdrawn.waiting), (2, 1, 3));
    repair(&world.app, &uid(PARKED)).await.unwrap();
    assert_eq!(earned(&world, PARKED, DAYS[0], DAYS[3]).await, 4 * EACH);
    world.night("2026-11-24").await;
    assert_eq!(earned(&world, PARKED, DAYS[0], DAYS[3]).await, 5 * EACH);
    let runs: Vec<_> = world.lines(PARKED, DAYS[1], DAYS[1]).await.into_iter().collect();
    assert!(runs.iter().all(|line| line["runId"] != "2026-11-21.2"), "{runs:?}");
    for of in DAYS {
        let verified = verify_day(&world.app, day(of), || ()).await.unwrap();
        let lines_differ = verified.differences.iter().any(|difference| {
            use nightly::Difference::{Line, Statement};
            matches!(difference, Line { .. } | Statement { .. })
        });
        assert!(!lines_differ, "{of}: {:?}", verified.differences);
    }
    let expected = undisturbed().await;
    let invitees = async |world: &TestApp| {
        world.get(PARKED, "/v1/dashboard/referrals").await.json()["referrals"].clone()
    };
    assert_eq!(invitees(&world).await, invitees(&expected).await);
    let binding = async |world: &TestApp| {
        world.get("dormant-1", "/v1/binding").await.json()["shared"].clone()
    };
    assert_eq!(binding(&world).await, binding(&expected).await);
}

/// The run is written in part: the invitee, and not the totals, which cannot be read.
#[tokio::test]
async fn withdrawal_takes_back_what_was_written_in_part() {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = world.affiliate(PARKED).await;
    world.registered("dormant-1", "2024-01-01T00:00:00Z").await;
    assert_eq!(world.bind("dormant-1", &code).await.status, 201);
    trade(&world, "dormant-1", DAYS[0]).await;
    put(
        &world,
        json!({
            "pk": { "S": format!("A#{PARKED}") }, "sk": { "S": "TOTALS" }, "v": { "N": "1" },
            "b": { "B": "//8=" },
        }),
    );
    world.night(DAYS[0]).await;
    assert_eq!(items(&world, &format!("A#{PARKED}")).len(), 3, "links, totals, the invitee");
    withdraw(&world.app, &uid(PARKED), "a test").await.unwrap();
    assert_eq!(items(&world, &format!("A#{PARKED}")).len(), 2, "links, totals");
    assert_eq!(parked(&world).await, []);
    crate::poison::remove(&world, &format!("A#{PARKED}"), "TOTALS");
    trade(&world, "dormant-1", DAYS[1]).await;
    world.night(DAYS[1]).await;
    assert_eq!(earned(&world, PARKED, DAYS[0], DAYS[1]).await, 2 * EACH);
    let dashboard = world.get(PARKED, "/v1/dashboard").await.json();
    assert_eq!(dashboard["counts"]["invitees"], 1);
    let referrals = world.get(PARKED, "/v1/dashboard/referrals").await.json();
    assert_eq!(referrals["referrals"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn parked_affiliate_is_evaluated_when_repaired() {
    let world = TestApp::at("2026-09-29T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.night("2026-09-29").await;
    world.now("2026-09-30T09:00:00Z");
    three_newcomers_trade(&world, &code).await;
    let totals = (format!("A#{}", "affiliate"), "TOTALS");
    put(
        &world,
        json!({
            "pk": { "S": totals.0 }, "sk": { "S": totals.1 }, "v": { "N": "1" }, "b": { "B": "//8=" },
        }),
    );
    let night = world.night("2026-09-30").await;
    assert_eq!(night.evaluated.map(|it| (it.affiliates, it.not_evaluated)), Some((0, 1)));
    let mut mended = items(&world, &totals.0);
    mended.retain(|item| item["sk"]["S"] == totals.1);
    mended[0].as_object_mut().unwrap().remove("b");
    put(&world, mended.remove(0));
    let repaired = repair(&world.app, &uid("affiliate")).await.unwrap();
    assert_eq!(repaired.evaluated, ["2026-Q3".parse().unwrap()]);
    let account = world.app.table.account(&uid("affiliate")).await.unwrap().unwrap().value;
    let tier = account.tiers.at("2026-10-01T00:00:00Z".parse().unwrap());
    assert_eq!(tier.map(|tier| tier.spot), Some(1));
}

#[tokio::test]
async fn unreadable_affiliate_is_left_out_of_an_evaluation() {
    let world = TestApp::at("2026-09-29T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.affiliate("other").await;
    world.night("2026-09-29").await;
    world.now("2026-09-30T09:00:00Z");
    three_newcomers_trade(&world, &code).await;
    corrupt(&world, "A#other", "DAY#2026-08-01#000000000001");
    let night = world.night("2026-09-30").await.evaluated.unwrap();
    assert_eq!((night.affiliates, night.promoted, night.not_evaluated), (1, 1, 1));
    let left_out = nightly::not_evaluated(&world.app, "2026-Q3".parse().unwrap()).await;
    assert_eq!(left_out.unwrap()[0].uid, uid("other"));
}

#[tokio::test]
async fn check_measures_the_parked_affiliates() {
    let (mut world, _) = disturbed().await;
    let (metrics, measured) = lambda::Metrics::kept();
    world.app.metrics = metrics;
    handle(&world.app, &json!({ "step": "check" })).await.unwrap();
    let line: Value = serde_json::from_str(measured.lines().last().unwrap()).unwrap();
    assert_eq!(line["AffiliatesParked"], 1);
}

#[tokio::test]
async fn withdrawal_names_only_the_shards_of_its_lines() {
    let (world, _) = disturbed().await;
    let withdrawn = withdraw(&world.app, &uid(PARKED), "a test").await.unwrap();
    assert_eq!(withdrawn.shards, [Shard::of(&uid("dormant-1")).number()]);
}
