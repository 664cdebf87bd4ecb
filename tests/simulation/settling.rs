//! The end of a trial: everything arrives, the nights are made up for, and the books are compared
//! with the oracle's and with those of a world in which nothing ever went wrong.

use std::collections::BTreeMap;
use std::rc::Rc;

use commission::TierInForce;
use serde_json::{Value, json};
use terms::{Day, Origin, Timeline, Timestamp};

use super::cast::{AFFILIATES, SHARDS};
use super::oracle::{Decided, Key, Sheet, Sums, due};
use super::queue::{Letter, batch};
use super::reading::{affiliates_read_the_same_everywhere, lines, sheet};
use super::stage::{Stage, opening};
use super::trial::{DAYS, play};
use super::watch::Watch;
use super::working::{ingest_takes_a_batch, night};
use crate::world::{World, uid};

/// Settles a trial's world, and compares.
pub async fn everything_settles(stage: &Rc<Stage>, watch: &mut Watch) {
    everybody_finishes(stage).await;
    everything_arrives(stage).await;
    stage.diary.write("all is told; the last night");
    a_fair_night(stage).await;
    watch.looks(stage).await;
    affiliates_read_the_same_everywhere(stage, watch).await;
    every_fee_is_booked(stage, watch).await;
    every_binding_is_listed(stage, watch).await;

    late_facts_are_booked(stage, watch, &stage.fair).await;
    watch.looks(stage).await;
    let booked = since_binding(sheet(stage, &stage.fair).await, watch);
    compare("oracle", &booked, &expected(stage, watch).await);
    reruns_book_nothing(stage).await;
    let other = undisturbed(stage, watch).await;
    assert_eq!(tiers(&other).await, tiers(&stage.fair).await, "the tiers, the other world's first");
    let undisturbed = since_binding(sheet(stage, &other).await, watch);
    compare("undisturbed world", &booked, &undisturbed);
}

/// The tiers of all affiliates.
async fn tiers(world: &World) -> Vec<Timeline<TierInForce>> {
    let mut tiers = Vec::new();
    for affiliate in AFFILIATES {
        let account = world.app.table.account(&uid(affiliate)).await.unwrap().unwrap();
        tiers.push(account.value.tiers);
    }
    tiers
}

/// The weather clears up. Most come to an end; some are killed, or were dead all the time; and
/// requests that are late arrive.
async fn everybody_finishes(stage: &Rc<Stage>) {
    play(stage, stage.dice.below(2000)).await;
    stage.troupe.is_dismissed();
    stage.weather.clears_up();
    stage.clocks.are_set_right();
    stage.late_requests_arrive().await;
}

/// The queue brings everything until it is taken in.
async fn everything_arrives(stage: &Rc<Stage>) {
    for name in &stage.cast.newcomers {
        let known = stage.facts.borrow().country.contains_key(name);
        if !known {
            let at = stage.ago(0);
            stage.facts.borrow_mut().country.entry(name.clone()).or_default().insert(at, "CH");
            let data = json!({ "uid": name, "registeredAt": at, "country": "CH" });
            stage.sends(vec![("account.registered", data)], Vec::new());
        }
    }
    for _ in 0..500 {
        if stage.queue.borrow().is_empty() {
            return;
        }
        ingest_takes_a_batch(stage, 10);
        play(stage, 5_000).await;
    }
    panic!("the queue does not become empty");
}

/// One night without ghosts and limits, after the story's last day.
async fn a_fair_night(stage: &Rc<Stage>) {
    let last = stage.first_day.plus(DAYS - 1);
    stage.clocks.go_on_to(stage.now().max(last.end().plus_millis(30 * 60_000)));
    let number = stage.number();
    night(stage, number, last).await.unwrap();
    play(stage, 50_000).await;
    let left = stage.fair.app.table.touched_through(last).await.unwrap();
    assert_eq!(left, [], "a night takes up every mark");
}

/// Promise 3: each fee of each invitee is in the books of its day, whatever it came to.
async fn every_fee_is_booked(stage: &Stage, watch: &Watch) {
    let booked = of_any_outcome(since_binding(sheet(stage, &stage.fair).await, watch));
    let due = of_any_outcome(expected(stage, watch).await);
    compare("fees told", &booked, &due);
}

/// Fees, their value, and volume, of all outcomes together: what facts do not change.
fn of_any_outcome(sheet: Sheet) -> Sheet {
    let mut any = Sheet::new();
    for ((inviter, invitee, day, product, asset, _), sums) in sheet {
        let key = (inviter, invitee, day, product, asset, "any".to_owned());
        let of_any = any.entry(key).or_default();
        of_any.iter_mut().zip(sums).take(4).for_each(|(sum, part)| *sum += part);
    }
    any.retain(|_, sums| *sums != Sums::default());
    any
}

/// Everybody who is bound is counted with his inviter, and once; who was bound after the last
/// midnight, or by a clock that was beyond it, when that day is over.
async fn every_binding_is_listed(stage: &Stage, watch: &Watch) {
    let mut bound: BTreeMap<&str, u64> = BTreeMap::new();
    let today = stage.now().day();
    for relation in watch.relations.values().filter(|it| it.bound_at.day() < today) {
        *bound.entry(relation.inviter.as_str()).or_default() += 1;
    }
    for affiliate in AFFILIATES {
        let dashboard = stage.fair.get(affiliate, "/v1/dashboard").await.json();
        let counted = dashboard["counts"]["invitees"].as_u64();
        assert_eq!(counted, Some(bound.get(affiliate).copied().unwrap_or(0)), "{affiliate}");
    }
}

/// What the oracle finds due, by the bindings and tiers that the table has.
async fn expected(stage: &Stage, watch: &Watch) -> Sheet {
    let uids = AFFILIATES.map(uid);
    let accounts = stage.fair.app.table.accounts(&uids).await.unwrap();
    let tiers = |inviter: &str, at: Timestamp| {
        let tier = accounts[&uid(inviter)].value.tiers.at(at).copied().unwrap_or_default();
        (tier.spot, tier.futures)
    };
    let decided = Decided { relations: &watch.relations, tiers: &tiers };
    let mut due = due(&stage.facts.borrow(), &decided);
    due.retain(|(.., day, _, _, _), _| day.parse::<Day>().unwrap() < stage.now().day());
    since_binding(due, watch)
}

/// Without the days before a recall. What was traded then earns nothing; it is told of where it
/// came after the bind, and was activity and no more where it came before.
fn since_binding(mut sheet: Sheet, watch: &Watch) -> Sheet {
    sheet.retain(|(_, invitee, day, ..), _| !is_before_recall(watch, invitee, day));
    sheet
}

fn is_before_recall(watch: &Watch, invitee: &str, day: &str) -> bool {
    let relation = &watch.relations[invitee];
    let day: Day = day.parse().unwrap();
    relation.origin == Origin::Recall && day < relation.bound_at.day()
}

/// Facts that came late move fees between outcomes when their days are run again, and do nothing
/// else.
async fn late_facts_are_booked(stage: &Stage, watch: &Watch, world: &World) {
    let days = days_with_fees(stage);
    if let Some(quarter) = stage.first_day.through(stage.first_day.plus(DAYS - 1)).find_map(|day| {
        let quarter = day.quarter();
        (quarter.last_day() == day).then_some(quarter)
    }) {
        step(world, json!({ "step": "evaluate", "quarter": quarter })).await;
    }
    let before = world.app.table.head().await.unwrap().value.visible;
    for day in days {
        run_again(world, day).await;
    }
    for affiliate in AFFILIATES {
        for line in lines(stage, world, affiliate).await {
            let (_, seq) = line["runId"].as_str().unwrap().split_once('.').unwrap();
            let text = |name: &str| line[name].as_str().unwrap();
            let counts = !is_before_recall(watch, text("uid"), text("day"));
            if seq.parse::<u64>().unwrap() > before && counts {
                assert_eq!(line["cause"], "facts_changed", "a mark was lost: {line}");
            }
        }
    }
}

/// Every day of which the exchange told something, and which is over.
fn days_with_fees(stage: &Stage) -> Vec<Day> {
    let facts = stage.facts.borrow();
    let mut days: Vec<Day> = facts.trades.iter().map(|trade| trade.day()).collect();
    days.extend(stage.first_day.through(stage.first_day.plus(DAYS - 1)));
    days.retain(|day| *day < stage.now().day());
    days.sort_unstable();
    days.dedup();
    days
}

async fn reruns_book_nothing(stage: &Stage) {
    let before = stage.fair.app.table.head().await.unwrap().value;
    for day in days_with_fees(stage) {
        assert_eq!(run_again(&stage.fair, day).await, 0, "{day}");
    }
    assert_eq!(stage.fair.app.table.head().await.unwrap().value, before);
}

/// Runs a day again, in all shards in which anybody lives: to go through the others as well, where
/// there is nothing, would take half of a trial's time. Answers how many lines there were to book.
async fn run_again(world: &World, day: Day) -> u64 {
    let run = daily_commission::plan_day(&world.app, day).await.unwrap().run;
    let shards: Vec<u8> = (0..SHARDS).collect();
    let mut lines = 0;
    for shard in &shards {
        let fold = json!({ "step": "fold", "day": day, "run": run, "shard": shard });
        lines += step(world, fold).await["lines"].as_u64().unwrap();
    }
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
    let committed = step(world, commit).await;
    let seq = &committed["seq"];
    for range in committed["ranges"].as_array().unwrap() {
        step(world, json!({ "step": "publish", "seq": seq, "range": range })).await;
    }
    if !seq.is_null() {
        step(world, json!({ "step": "finish", "seq": seq })).await;
    }
    lines
}

async fn step(world: &World, input: Value) -> Value {
    daily_commission::handle(&world.app, &input).await.unwrap()
}

/// The same events told one by one in order, the same bindings, each night in time.
async fn undisturbed(stage: &Stage, watch: &Watch) -> World {
    let (world, ..) = opening(stage.first_day, stage.seed).await;
    world.clock.stand_at(stage.now());
    for name in &stage.cast.newcomers {
        let registered_at = *stage.facts.borrow().country[name].keys().next().unwrap();
        world.registered(name, &registered_at.to_string()).await;
    }
    for relation in watch.relations.values() {
        let account = world.app.table.account(&relation.invitee).await.unwrap();
        let Some(account) = account.filter(|account| account.value.relation.is_none()) else {
            continue;
        };
        let binding = stage.fair.app.table.binding(&relation.invitee).await.unwrap().unwrap();
        world.app.table.bind(&account, &binding).await.unwrap();
    }
    let mut day = stage.first_day;
    let mut refused: Vec<Letter> = Vec::new();
    let sent = stage.queue.borrow().sent.clone();
    for letter in sent {
        while letter.sent_at.day() > day {
            world.night(&day.to_string()).await;
            day = day.next();
        }
        world.clock.stand_at(letter.sent_at);
        refused.push(letter);
        // What tells of a newcomer before he is known is brought again until he is.
        let answer = ingest::handle(&world.app, batch(&refused)).await.unwrap();
        let again = answer.batch_item_failures;
        refused.retain(|letter| again.iter().any(|it| it.item_identifier == letter.id));
    }
    assert!(refused.is_empty(), "everybody is known in the end");
    world.clock.stand_at(stage.now());
    world.night(&stage.first_day.plus(DAYS - 1).to_string()).await;
    late_facts_are_booked(stage, watch, &world).await;
    world
}

fn compare(with: &str, ours: &Sheet, theirs: &Sheet) {
    let keys: std::collections::BTreeSet<&Key> = ours.keys().chain(theirs.keys()).collect();
    let differing: Vec<String> = keys
        .into_iter()
        .filter(|key| ours.get(*key) != theirs.get(*key))
        .map(|key| format!("{key:?}\n  booked {:?}\n  {with} {:?}", ours.get(key), theirs.get(key)))
        .collect();
    assert!(differing.is_empty(), "booked otherwise than by the {with}:\n{}", differing.join("\n"));
}
