//! The end of a trial: everything arrives, the nights are made up for, and the books are compared
//! with the oracle's and with those of a world in which nothing ever went wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use commission::TierInForce;
use eligibility::{MAX_AFFILIATE_CHANGES, MAX_LOCATIONS};
use serde_json::{Value, json};
use storage::{MAX_VIP_CHANGES, keys};
use types::{Day, Origin, Quarter, Timeline};

use super::facts::{Known, Messages, Registration};
use super::invariant_checker::Watch;
use super::oracle::{
    Key, Sheet, Sums, Tiers, due, evaluate, is_void, must_be_eligible, real_trades, sign_up_checks,
};
use super::personas::{AFFILIATES, SHARDS};
use super::poison;
use super::queue::{Message, batch};
use super::reading::{affiliates_read_the_same_everywhere, lines, sheet};
use super::trial::{DAYS, play};
use super::trial_state::{Draft, Stage, opening};
use super::working::{ingest_gets_a_batch, night};
use crate::test_app::{TestApp, uid};

/// Longer than the identity of an event, and the work of a run, is kept.
const LATE: i64 = 31;

/// Settles a trial's world, and compares.
pub async fn everything_settles(stage: &Rc<Stage>, watch: &mut Watch) {
    everybody_finishes(stage).await;
    everything_arrives(stage).await;
    stage.diary.write("all is sent; the last night");
    let before = BooksBefore::of(stage).await;
    a_fair_night(stage).await;
    watch.looks(stage).await;
    affiliates_read_the_same_everywhere(stage, watch).await;
    bindings_are_those_that_were_asked_for(stage, watch).await;
    the_first_books_are_right(stage, watch, &before).await;
    every_fee_is_booked(stage, watch).await;
    every_binding_is_listed(stage, watch).await;
    the_quarantine_is_complete(stage).await;

    late_facts_are_booked(stage, watch, &stage.fair).await;
    watch.looks(stage).await;
    tiers_are_due(stage, watch).await;
    let booked = since_binding(sheet(stage, &stage.fair).await, watch);
    compare("oracle", &booked, &expected(stage, watch).await);
    invitees_are_as_they_trade(stage, watch).await;
    compare_with_undisturbed(stage, watch, &booked).await;
    redelivery_changes_nothing(stage).await;
    reruns_book_nothing(stage).await;
}

/// The quarter that ends within the trial, if one does.
fn quarter(stage: &Stage) -> Option<Quarter> {
    let mut days = stage.first_day.through(stage.first_day.plus(DAYS - 1));
    days.find_map(|day| (day.quarter().last_day() == day).then(|| day.quarter()))
}

/// The ledger before the last night.
struct BooksBefore {
    /// The days that a run has booked.
    booked: BTreeSet<Day>,
    /// Whether the quarter's last day is closed, if a quarter ends.
    quarter_closed: bool,
}

impl BooksBefore {
    async fn of(stage: &Stage) -> Self {
        let table = &stage.fair.app.table;
        let mut booked = BTreeSet::new();
        for day in stage.first_day.through(stage.first_day.plus(DAYS - 1)) {
            if !table.day(day).await.unwrap().value.runs.is_empty() {
                booked.insert(day);
            }
        }
        let closed = table.head().await.unwrap().value.closed_through;
        let quarter_closed = quarter(stage).is_none_or(|it| closed >= Some(it.last_day()));
        Self { booked, quarter_closed }
    }
}

/// Who registers by a link is bound where the facts in force then allow it, however late they came.
fn sign_ups_are_those_that_were_due(stage: &Stage, watch: &Watch) {
    let facts = stage.facts.borrow();
    for registration in facts.registrations.values() {
        let code = registration.code.as_deref().filter(|code| facts.links.contains_key(*code));
        let Some(code) = code else { continue };
        let checks = sign_up_checks(Known::everything(&facts), registration, code);
        let before = stage.queue.borrow().before.get(&registration.message).cloned();
        let before = before.unwrap_or_default();
        let known = Known { certain: Messages::Of(&before), ..Known::everything(&facts) };
        let was_certain = must_be_eligible(&sign_up_checks(known, registration, code));
        let binding = watch.bindings.get(&registration.uid);
        let by_sign_up = binding.is_some_and(|it| it.origin == Origin::Signup);
        let due = must_be_eligible(&checks);
        assert!(by_sign_up || !due, "{} is not bound: {checks:?}", registration.uid);
        if by_sign_up && !was_certain {
            stage.diary.reach("a sign-up is bound whose facts came late, or may have");
        }
    }
}

/// Every press that was answered so, and every registration that was certainly eligible, has made
/// its binding; the invitee reads it so; and there is no other.
async fn bindings_are_those_that_were_asked_for(stage: &Stage, watch: &Watch) {
    for press in stage.presses.borrow().iter() {
        let Some((200 | 201, bound_at)) = &press.answer else { continue };
        let binding = watch.bindings.get(&press.guest);
        let made =
            binding.is_some_and(|it| it.code == press.code && json!(it.bound_at) == *bound_at);
        assert!(made, "{} was told to be bound: {binding:?}", press.guest);
    }
    sign_ups_are_those_that_were_due(stage, watch);
    for binding in watch.bindings.values() {
        let answer = stage.fair.get(&binding.invitee, "/v1/binding").await.json();
        assert_eq!(answer["code"], binding.code.as_str());
        assert_eq!(answer["boundAt"], json!(binding.bound_at));
        let undue = is_void(binding, &stage.facts.borrow());
        assert!(answer["voidedAt"].is_null() || undue, "{answer}");
    }
}

/// Days that no run had booked before the last night are booked by all that is known; and so is the
/// quarter evaluated, if it was not closed.
async fn the_first_books_are_right(stage: &Stage, watch: &Watch, before: &BooksBefore) {
    if !before.quarter_closed {
        tiers_are_due(stage, watch).await;
        stage.diary.reach("a quarter is evaluated late, by all that is known");
    }
    if before.quarter_closed && quarter(stage).is_some() {
        return;
    }
    let first_day = stage.first_day.to_string();
    let first = |(_, _, day, ..): &Key| {
        *day >= first_day && !before.booked.iter().any(|booked| booked.to_string() == *day)
    };
    let mut booked = since_binding(sheet(stage, &stage.fair).await, watch);
    let mut due = expected(stage, watch).await;
    booked.retain(|key, _| first(key));
    due.retain(|key, _| first(key));
    compare("oracle, of days that are booked late", &booked, &due);
    if !due.is_empty() {
        stage.diary.reach("a day is booked late, by all that is known");
    }
}

/// Everything that cannot be used is in the quarantine, and nothing else.
async fn the_quarantine_is_complete(stage: &Stage) {
    let mut entries = Vec::new();
    for day in stage.first_day.plus(-8).through(stage.now().day()) {
        entries.extend(stage.fair.app.table.quarantined(day).await.unwrap());
    }
    let facts = stage.facts.borrow();
    for expected in facts.unusable.iter().filter(|expected| expected.certain) {
        let found = entries.iter().any(|entry| entry.body.contains(&expected.marker));
        assert!(found, "{} is not in the quarantine", expected.marker);
    }
    for entry in &entries {
        let expected = facts.unusable.iter().any(|it| entry.body.contains(&it.marker));
        assert!(expected, "{} is quarantined: {} {}", entry.reason, entry.detail, entry.body);
        stage.diary.reach(format!("quarantined: {}", entry.reason));
    }
}

/// The tiers of the next quarter are those that the oracle finds.
async fn tiers_are_due(stage: &Stage, watch: &Watch) {
    let Some(quarter) = quarter(stage) else { return };
    let start = quarter.next().first_day().start();
    let today = stage.now().day();
    let due = evaluate(&stage.facts.borrow(), &watch.bindings, quarter, today);
    for affiliate in AFFILIATES {
        let tier = due.at(affiliate, start);
        if tier != (0, 0) {
            stage.diary.reach("a tier is reached");
        }
        let account = stage.fair.app.table.account(&uid(affiliate)).await.unwrap().unwrap();
        let set = account.value.tiers.at(start).copied().unwrap_or_default();
        assert_eq!((set.spot, set.futures), tier, "the tiers of {affiliate}");
    }
}

/// Affiliates read of each invitee when the first and the last real trade was made.
async fn invitees_are_as_they_trade(stage: &Stage, watch: &Watch) {
    let today = stage.now().day();
    for affiliate in AFFILIATES {
        let page = stage.fair.get(affiliate, "/v1/dashboard/referrals?limit=100").await.json();
        let listed = page["referrals"].as_array().unwrap();
        let bindings = watch.bindings.values();
        let theirs = bindings.filter(|it| it.inviter == affiliate && it.bound_at.day() < today);
        for binding in theirs {
            let row = listed.iter().find(|row| row["uid"] == binding.invitee.as_str());
            let row = row.unwrap_or_else(|| panic!("{} is not listed", binding.invitee));
            assert_eq!(row["code"], binding.code.as_str());
            assert_eq!(row["boundAt"], json!(binding.bound_at));
            let void = is_void(binding, &stage.facts.borrow());
            assert!(row["status"] != "voided" || void, "{row}");
            if void {
                continue;
            }
            let trades = real_trades(&stage.facts.borrow(), binding, today);
            let [first, last] = [trades.first(), trades.last()].map(|it| it.map(|it| it.at));
            assert_eq!(row["firstTradeTime"], json!(first), "{row}");
            assert_eq!(row["lastTradeTime"], json!(last), "{row}");
            let status = if first.is_some() { "active" } else { "no_trades_yet" };
            assert_eq!(row["status"], status, "{row}");
        }
    }
}

/// All messages once more, when no event's identity is remembered any longer: an event that was
/// applied changes nothing.
async fn redelivery_changes_nothing(stage: &Rc<Stage>) {
    stage.clocks.go_on_to(stage.now().plus_days(LATE));
    expire(&stage.fair);
    activities_write_nothing(stage).await;
    let before = accounts(stage).await;
    let mut messages = stage.queue.borrow().sent.clone();
    messages.extend(stage.cast.setup.iter().cloned());
    stage.dice.shuffle(&mut messages);
    for messages in messages.chunks(20) {
        let answer = ingestion::handle(&stage.fair.app, batch(messages)).await.unwrap();
        let again = answer.batch_item_failures;
        assert!(again.is_empty() || stage.poisoned, "everybody is known");
    }
    for (name, account) in accounts(stage).await {
        assert_eq!(Some(&account), before.get(&name), "{name} after a redelivery");
    }
}

/// Deletes all items whose time to live is over, as DynamoDB does in the end.
fn expire(world: &TestApp) {
    let table = world.engine.table_name();
    let seconds = world.clock.now().millis() / 1000;
    for item in world.engine.items(table).unwrap() {
        let expires_at = item[keys::EXPIRES_AT]["N"].as_str();
        if expires_at.is_some_and(|at| at.parse::<i64>().unwrap() < seconds) {
            let key = json!({ keys::PK: item[keys::PK], keys::SK: item[keys::SK] });
            let request = json!({ "TableName": table, "Key": key }).to_string();
            let (status, answer) = world.engine.run("DeleteItem", request.as_bytes());
            assert_eq!(status, 200, "{answer}");
        }
    }
}

/// An activity that is delivered again, also one that proved a binding void, leaves no mark.
async fn activities_write_nothing(stage: &Stage) {
    let table = &stage.fair.app.table;
    let today = stage.now().day();
    let before = table.touched_through(today).await.unwrap();
    let activity = |event: &Value| event["type"] == "exchange.activity.v1";
    let mut events = Vec::new();
    for message in &stage.queue.borrow().sent {
        if let Ok(Value::Array(sent)) = serde_json::from_str(&message.body) {
            events.extend(sent.into_iter().filter(activity));
        }
    }
    let message = Message::new(stage.number(), stage.now(), events);
    ingestion::handle(&stage.fair.app, batch(&[message])).await.unwrap();
    assert_eq!(table.touched_through(today).await.unwrap(), before, "an activity left marks");
}

/// All accounts of the trial.
async fn accounts(stage: &Stage) -> BTreeMap<String, storage::Account> {
    let uids: Vec<_> = stage.cast.invitees().iter().map(|name| uid(name)).collect();
    let accounts = stage.fair.app.table.accounts(&uids).await.unwrap();
    accounts
        .into_iter()
        .map(|(uid, account)| (uid.to_string(), comparable(account.value)))
        .collect()
}

/// An account without the middle of its full histories: which entries stay there depends on the
/// order of arrival (docs/reference/limits.md).
fn comparable(mut account: storage::Account) -> storage::Account {
    ends_if_full(&mut account.facts.location, MAX_LOCATIONS);
    ends_if_full(&mut account.facts.affiliate, MAX_AFFILIATE_CHANGES);
    ends_if_full(&mut account.vip, MAX_VIP_CHANGES);
    account
}

fn ends_if_full<T: Clone + Ord>(history: &mut Timeline<T>, limit: usize) {
    let entries: Vec<_> = history.iter().map(|(at, value)| (at, value.clone())).collect();
    if let ([(first, value), .., (newest, last)], true) = (&entries[..], entries.len() >= limit) {
        *history = Timeline::starting(*first, value.clone());
        history.set(*newest, last.clone());
    }
}

/// The books are those of a world in which nothing went wrong.
async fn compare_with_undisturbed(stage: &Stage, watch: &Watch, booked: &Sheet) {
    let other = undisturbed(stage, watch).await;
    let [ours, theirs] = [tiers(&stage.fair).await, tiers(&other).await];
    assert_eq!(ours, theirs, "the tiers, and those of the other world");
    let undisturbed = since_binding(sheet(stage, &other).await, watch);
    compare("undisturbed world", booked, &undisturbed);
}

/// The tiers of all affiliates.
async fn tiers(world: &TestApp) -> Vec<Timeline<TierInForce>> {
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
        if stage.facts.borrow().is_registered(name) {
            continue;
        }
        let mut draft = Draft::new(stage);
        let registration = Registration {
            message: draft.number,
            uid: name.clone(),
            at: stage.ago(0),
            country: "CH",
            region: None,
            main: None,
            person: None,
            code: None,
        };
        draft.add(stage, "account.registered", registration.event());
        stage.facts.borrow_mut().register(registration);
        stage.sends(draft);
    }
    for _ in 0..500 {
        if stage.queue.borrow().is_empty() {
            return;
        }
        ingest_gets_a_batch(stage, 10);
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
    let mut left = stage.fair.app.table.touched_through(last).await.unwrap();
    // What cannot be read keeps its mark.
    left.retain(|mark| mark.shard < SHARDS);
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

/// What the oracle finds due.
async fn expected(stage: &Stage, watch: &Watch) -> Sheet {
    let today = stage.now().day();
    let mut due = due(&stage.facts.borrow(), &watch.bindings, &tiers_in_force(stage, watch));
    due.retain(|(.., day, _, _, _), _| day.parse::<Day>().unwrap() < today);
    since_binding(due, watch)
}

/// The tiers that the oracle finds.
fn tiers_in_force(stage: &Stage, watch: &Watch) -> Tiers {
    let Some(quarter) = quarter(stage) else { return Tiers::default() };
    evaluate(&stage.facts.borrow(), &watch.bindings, quarter, stage.now().day())
}

/// Without the days before a recall. What was traded then earns nothing; it is told of where it
/// came after the bind, and was activity and no more where it came before.
fn since_binding(mut sheet: Sheet, watch: &Watch) -> Sheet {
    sheet.retain(|(_, invitee, day, ..), _| !is_before_recall(watch, invitee, day));
    sheet
}

fn is_before_recall(watch: &Watch, invitee: &str, day: &str) -> bool {
    let binding = &watch.bindings[invitee];
    let day: Day = day.parse().unwrap();
    binding.origin == Origin::Recall && day < binding.bound_at.day()
}

/// Facts that came late move fees between outcomes when their days are run again, and do nothing
/// else.
async fn late_facts_are_booked(stage: &Stage, watch: &Watch, world: &TestApp) {
    let days = days_with_fees(stage);
    if let Some(quarter) = quarter(stage) {
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
    let last = stage.first_day.plus(DAYS - 1);
    days.extend(stage.first_day.through(last));
    days.retain(|day| *day <= last);
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
async fn run_again(world: &TestApp, day: Day) -> u64 {
    let run = nightly::plan_day(&world.app, day).await.unwrap().run;
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

async fn step(world: &TestApp, input: Value) -> Value {
    nightly::handle(&world.app, &input).await.unwrap()
}

/// The same events told one by one in order, the same bindings, each night in time.
async fn undisturbed(stage: &Stage, watch: &Watch) -> TestApp {
    let (world, ..) = opening(stage.first_day, stage.seed).await;
    world.clock.stand_at(stage.now());
    for name in &stage.cast.newcomers {
        let mut data = stage.facts.borrow().registrations[name].event();
        data.as_object_mut().unwrap().remove("ref");
        world.taken("account.registered", data).await;
    }
    for relation in watch.relations.values() {
        let account = world.app.table.account(&relation.invitee).await.unwrap();
        let Some(account) = account.filter(|account| account.value.relation.is_none()) else {
            continue;
        };
        let mut binding = stage.fair.app.table.binding(&relation.invitee).await.unwrap().unwrap();
        binding.relation.voided_at = None;
        world.app.table.bind(&account, &binding).await.unwrap();
    }
    let mut day = stage.first_day;
    for message in events_but_registrations(stage) {
        while message.sent_at.day() > day {
            world.night(&day.to_string()).await;
            day = day.next();
        }
        world.clock.stand_at(message.sent_at);
        let answer =
            ingestion::handle(&world.app, batch(std::slice::from_ref(&message))).await.unwrap();
        assert!(answer.batch_item_failures.is_empty(), "everybody is known: {message:?}");
    }
    world.clock.stand_at(stage.now());
    world.night(&stage.first_day.plus(DAYS - 1).to_string()).await;
    late_facts_are_booked(stage, watch, &world).await;
    world
}

/// Everything that was sent, in order, without registrations: they were made with the bindings.
fn events_but_registrations(stage: &Stage) -> Vec<Message> {
    let mut messages = stage.queue.borrow().sent.clone();
    messages.retain(|message| !poison::is_about(message));
    for message in &mut messages {
        let Ok(Value::Array(mut events)) = serde_json::from_str(&message.body) else { continue };
        events.retain(|event| event["type"] != "exchange.account.registered.v1");
        message.body = Value::Array(events).to_string();
    }
    messages
}

fn compare(with: &str, ours: &Sheet, theirs: &Sheet) {
    let keys: BTreeSet<&Key> = ours.keys().chain(theirs.keys()).collect();
    let differing: Vec<String> = keys
        .into_iter()
        .filter(|key| ours.get(*key) != theirs.get(*key))
        .map(|key| format!("{key:?}\n  booked {:?}\n  {with} {:?}", ours.get(key), theirs.get(key)))
        .collect();
    assert!(differing.is_empty(), "booked otherwise than by the {with}:\n{}", differing.join("\n"));
}
