//! The end of a trial: everything is delivered, missed nights are made up for, and the books are
//! compared with the oracle's and with those of an undisturbed programme.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use commission::TierInForce;
use eligibility::{MAX_AFFILIATE_CHANGES, MAX_LOCATIONS};
use lambda::Deadline;
use nightly::{DayPlan, Driver};
use serde_json::{Value, json};
use storage::{ActivityPart, MAX_VIP_CHANGES, keys};
use types::{Day, Origin, Quarter, Timeline};

use super::facts::{Known, Messages, Registration};
use super::invariant_checker::InvariantChecker;
use super::oracle::{
    Key, Sheet, Sums, Tiers, due, evaluate, is_void, must_be_eligible, real_trades, sign_up_checks,
};
use super::personas::{AFFILIATES, SHARDS};
use super::poison;
use super::queue::{Message, batch};
use super::reading::{affiliates_read_the_same_everywhere, lines, sheet};
use super::trial::{DAYS, play};
use super::trial_state::{Draft, TrialState, opening};
use super::working::{ingest_gets_a_batch, night};
use crate::test_app::{TestApp, uid};

/// Longer than event identities and the work of runs are kept.
const LATE: i64 = 31;

/// Completes a trial's programme, and compares it.
pub async fn quiesce(state: &Rc<TrialState>, checker: &mut InvariantChecker) {
    everybody_finishes(state).await;
    everything_arrives(state).await;
    state.trace.write("all is sent; the last night");
    let before = BooksBefore::of(state).await;
    a_fair_night(state).await;
    checker.check(state).await;
    affiliates_read_the_same_everywhere(state, checker).await;
    bindings_are_those_that_were_asked_for(state, checker).await;
    the_first_books_are_right(state, checker, &before).await;
    every_fee_is_booked(state, checker).await;
    every_binding_is_listed(state, checker).await;
    the_quarantine_is_complete(state).await;

    late_facts_are_booked(state, checker, &state.reliable).await;
    checker.check(state).await;
    tiers_are_due(state, checker).await;
    let booked = since_binding(sheet(state, &state.reliable).await, checker);
    compare("oracle", &booked, &expected(state, checker).await);
    invitees_are_as_they_trade(state, checker).await;
    compare_with_undisturbed(state, checker, &booked).await;
    redelivery_changes_nothing(state).await;
    reruns_book_nothing(state, checker).await;
}

/// Returns the quarter that ends within the trial, if one does.
fn quarter(state: &TrialState) -> Option<Quarter> {
    let mut days = state.first_day.through(state.first_day.plus(DAYS - 1));
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
    async fn of(state: &TrialState) -> Self {
        let table = &state.reliable.context.table;
        let mut booked = BTreeSet::new();
        for day in state.first_day.through(state.first_day.plus(DAYS - 1)) {
            if !table.day(day).await.unwrap().value.runs.is_empty() {
                booked.insert(day);
            }
        }
        let closed = table.head().await.unwrap().value.closed_through;
        let quarter_closed = quarter(state).is_none_or(|it| closed >= Some(it.last_day()));
        Self { booked, quarter_closed }
    }
}

/// A user who registers by a link is bound if the facts in force then allow it, however late they
/// arrive.
fn sign_ups_are_those_that_were_due(state: &TrialState, checker: &InvariantChecker) {
    let facts = state.facts.borrow();
    for registration in facts.registrations.values() {
        let code = registration.code.as_deref().filter(|code| facts.links.contains_key(*code));
        let Some(code) = code else { continue };
        let checks = sign_up_checks(Known::everything(&facts), registration, code);
        let before = state.queue.borrow().before.get(&registration.message).cloned();
        let before = before.unwrap_or_default();
        let known = Known { certain: Messages::Of(&before), ..Known::everything(&facts) };
        let was_certain = must_be_eligible(&sign_up_checks(known, registration, code));
        let binding = checker.bindings.get(&registration.uid);
        let by_sign_up = binding.is_some_and(|it| it.origin == Origin::Signup);
        let due = must_be_eligible(&checks);
        assert!(by_sign_up || !due, "{} is not bound: {checks:?}", registration.uid);
        if by_sign_up && !was_certain {
            state.trace.reach("a sign-up is bound whose facts came late, or may have");
        }
    }
}

/// Every press with a successful answer, and every registration that was certainly eligible, has
/// its binding; the invitee can read it; and there is no other.
async fn bindings_are_those_that_were_asked_for(state: &TrialState, checker: &InvariantChecker) {
    for press in state.presses.borrow().iter() {
        let Some((200 | 201, bound_at)) = &press.answer else { continue };
        let binding = checker.bindings.get(&press.guest);
        let made =
            binding.is_some_and(|it| it.code == press.code && json!(it.bound_at) == *bound_at);
        assert!(made, "{} was told to be bound: {binding:?}", press.guest);
    }
    sign_ups_are_those_that_were_due(state, checker);
    for binding in checker.bindings.values() {
        let answer = state.reliable.get(&binding.invitee, "/v1/binding").await.json();
        assert_eq!(answer["code"], binding.code.as_str());
        assert_eq!(answer["boundAt"], json!(binding.bound_at));
        let undue = is_void(binding, &state.facts.borrow());
        assert!(answer["voidedAt"].is_null() || undue, "{answer}");
    }
}

/// Days that no run had booked before the last night are booked with all facts; and the quarter is
/// evaluated with all facts if it was not closed.
async fn the_first_books_are_right(
    state: &TrialState,
    checker: &InvariantChecker,
    before: &BooksBefore,
) {
    if !before.quarter_closed {
        tiers_are_due(state, checker).await;
        state.trace.reach("a quarter is evaluated late, by all that is known");
    }
    if before.quarter_closed && quarter(state).is_some() {
        return;
    }
    let first_day = state.first_day.to_string();
    let first = |(_, _, day, ..): &Key| {
        *day >= first_day && !before.booked.iter().any(|booked| booked.to_string() == *day)
    };
    let mut booked = since_binding(sheet(state, &state.reliable).await, checker);
    let mut due = expected(state, checker).await;
    booked.retain(|key, _| first(key));
    due.retain(|key, _| first(key));
    compare("oracle, of days that are booked late", &booked, &due);
    if !due.is_empty() {
        state.trace.reach("a day is booked late, by all that is known");
    }
}

/// The quarantine holds all invalid events, and no others.
async fn the_quarantine_is_complete(state: &TrialState) {
    let mut entries = Vec::new();
    for day in state.first_day.plus(-8).through(state.now().day()) {
        entries.extend(state.reliable.context.table.quarantined(day).await.unwrap());
    }
    let facts = state.facts.borrow();
    for expected in facts.unusable.iter().filter(|expected| expected.certain) {
        let found = entries.iter().any(|entry| entry.body.contains(&expected.marker));
        assert!(found, "{} is not in the quarantine", expected.marker);
    }
    for entry in &entries {
        let expected = facts.unusable.iter().any(|it| entry.body.contains(&it.marker));
        assert!(expected, "{} is quarantined: {} {}", entry.reason, entry.detail, entry.body);
        state.trace.reach(format!("quarantined: {}", entry.reason));
    }
}

/// The tiers of the next quarter are the oracle's.
async fn tiers_are_due(state: &TrialState, checker: &InvariantChecker) {
    let Some(quarter) = quarter(state) else { return };
    let start = quarter.next().first_day().start();
    let today = state.now().day();
    let due = evaluate(&state.facts.borrow(), &checker.bindings, quarter, today);
    for affiliate in AFFILIATES {
        let tier = due.at(affiliate, start);
        if tier != (0, 0) {
            state.trace.reach("a tier is reached");
        }
        let account = state.reliable.context.table.account(&uid(affiliate)).await.unwrap().unwrap();
        let set = account.value.tiers.at(start).copied().unwrap_or_default();
        assert_eq!((set.spot, set.futures), tier, "the tiers of {affiliate}");
    }
}

/// Affiliates see the times of each invitee's first and last real trade.
async fn invitees_are_as_they_trade(state: &TrialState, checker: &InvariantChecker) {
    let today = state.now().day();
    for affiliate in AFFILIATES {
        let page = state.reliable.get(affiliate, "/v1/dashboard/referrals?limit=100").await.json();
        let listed = page["referrals"].as_array().unwrap();
        let bindings = checker.bindings.values();
        let theirs = bindings.filter(|it| it.inviter == affiliate && it.bound_at.day() < today);
        for binding in theirs {
            let row = listed.iter().find(|row| row["uid"] == binding.invitee.as_str());
            let row = row.unwrap_or_else(|| panic!("{} is not listed", binding.invitee));
            assert_eq!(row["code"], binding.code.as_str());
            assert_eq!(row["boundAt"], json!(binding.bound_at));
            let void = is_void(binding, &state.facts.borrow());
            assert!(row["status"] != "voided" || void, "{row}");
            if void {
                continue;
            }
            let trades = real_trades(&state.facts.borrow(), binding, today);
            let [first, last] = [trades.first(), trades.last()].map(|it| it.map(|it| it.at));
            assert_eq!(row["firstTradeTime"], json!(first), "{row}");
            assert_eq!(row["lastTradeTime"], json!(last), "{row}");
            let status = if first.is_some() { "active" } else { "no_trades_yet" };
            assert_eq!(row["status"], status, "{row}");
        }
    }
}

/// All messages again, when no event's identity is remembered any longer: applied events change
/// nothing.
async fn redelivery_changes_nothing(state: &Rc<TrialState>) {
    // What arrived after the last day's end is applied by the next night, before it expires.
    let (app, today) = (&state.reliable.context, state.now().day());
    for part in ActivityPart::all() {
        ingestion::apply_deferred(app, today, part, Deadline::NONE).await.unwrap();
    }
    state.clocks.go_on_to(state.now().plus_days(LATE));
    expire(&state.reliable);
    activities_write_nothing(state).await;
    let before = accounts(state).await;
    let mut messages = state.queue.borrow().sent.clone();
    messages.extend(state.personas.setup.iter().cloned());
    state.rng.shuffle(&mut messages);
    for messages in messages.chunks(20) {
        let answer = ingestion::handle(&state.reliable.context, batch(messages)).await.unwrap();
        let again = answer.batch_item_failures;
        assert!(again.is_empty() || state.poisoned, "everybody is known");
    }
    for (name, account) in accounts(state).await {
        assert_eq!(Some(&account), before.get(&name), "{name} after a redelivery");
    }
}

/// Deletes all expired items, as DynamoDB eventually does.
fn expire(app: &TestApp) {
    let table = app.engine.table_name();
    let seconds = app.clock.now().millis() / 1000;
    for item in app.engine.items(table).unwrap() {
        let expires_at = item[keys::EXPIRES_AT]["N"].as_str();
        if expires_at.is_some_and(|at| at.parse::<i64>().unwrap() < seconds) {
            let key = json!({ keys::PK: item[keys::PK], keys::SK: item[keys::SK] });
            let request = json!({ "TableName": table, "Key": key }).to_string();
            let (status, answer) = app.engine.run("DeleteItem", request.as_bytes());
            assert_eq!(status, 200, "{answer}");
        }
    }
}

/// A redelivered activity leaves no marker, even if it voided a binding.
async fn activities_write_nothing(state: &TrialState) {
    let table = &state.reliable.context.table;
    let today = state.now().day();
    let before = table.touched_through(today).await.unwrap();
    let activity = |event: &Value| event["type"] == "exchange.activity.v1";
    let mut events = Vec::new();
    for message in &state.queue.borrow().sent {
        if let Ok(Value::Array(sent)) = serde_json::from_str(&message.body) {
            events.extend(sent.into_iter().filter(activity));
        }
    }
    let message = Message::new(state.number(), state.now(), events);
    ingestion::handle(&state.reliable.context, batch(&[message])).await.unwrap();
    assert_eq!(table.touched_through(today).await.unwrap(), before, "an activity left marks");
}

/// All accounts of the trial.
async fn accounts(state: &TrialState) -> BTreeMap<String, storage::Account> {
    let uids: Vec<_> = state.personas.invitees().iter().map(|name| uid(name)).collect();
    let accounts = state.reliable.context.table.accounts(&uids).await.unwrap();
    accounts
        .into_iter()
        .map(|(uid, account)| (uid.to_string(), comparable(account.value)))
        .collect()
}

/// Returns an account without the middle of its full histories, whose entries depend on the order
/// of arrival (docs/reference/limits.md).
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

/// The books equal those of an undisturbed programme.
async fn compare_with_undisturbed(state: &TrialState, checker: &InvariantChecker, booked: &Sheet) {
    let other = undisturbed(state, checker).await;
    let [ours, theirs] = [tiers(&state.reliable).await, tiers(&other).await];
    assert_eq!(ours, theirs, "the tiers, and those of the other app");
    let undisturbed = since_binding(sheet(state, &other).await, checker);
    compare("undisturbed app", booked, &undisturbed);
}

/// The tiers of all affiliates.
async fn tiers(app: &TestApp) -> Vec<Timeline<TierInForce>> {
    let mut tiers = Vec::new();
    for affiliate in AFFILIATES {
        let account = app.context.table.account(&uid(affiliate)).await.unwrap().unwrap();
        tiers.push(account.value.tiers);
    }
    tiers
}

/// Stops the faults. Most tasks finish, some are killed or had crashed before, and late requests
/// arrive.
async fn everybody_finishes(state: &Rc<TrialState>) {
    play(state, state.rng.below(2000)).await;
    state.scheduler.kill_all();
    state.faults.stop();
    state.clocks.are_set_right();
    state.late_requests_arrive().await;
}

/// The queue delivers every message until it is ingested.
async fn everything_arrives(state: &Rc<TrialState>) {
    for name in &state.personas.newcomers {
        if state.facts.borrow().is_registered(name) {
            continue;
        }
        let mut draft = Draft::new(state);
        let registration = Registration {
            message: draft.number,
            uid: name.clone(),
            at: state.ago(0),
            country: "CH",
            region: None,
            main: None,
            person: None,
            code: None,
        };
        draft.add(state, "account.registered", registration.event());
        state.facts.borrow_mut().register(registration);
        state.sends(draft);
    }
    for _ in 0..500 {
        if state.queue.borrow().is_empty() {
            return;
        }
        ingest_gets_a_batch(state, 10);
        play(state, 5_000).await;
    }
    panic!("the queue does not become empty");
}

/// One nightly run without duplicates and time limits, after the story's last day.
async fn a_fair_night(state: &Rc<TrialState>) {
    let last = state.first_day.plus(DAYS - 1);
    state.clocks.go_on_to(state.now().max(last.end().plus_millis(30 * 60_000)));
    let number = state.number();
    night(state, number, last).await.unwrap();
    play(state, 50_000).await;
    let mut left = state.reliable.context.table.touched_through(last).await.unwrap();
    let (facts, now) = (state.facts.borrow(), state.now());
    // Unreadable records keep their marker too.
    left.retain(|mark| mark.shard < SHARDS && !facts.correction_waits(*mark, now));
    assert_eq!(left, [], "a night takes up every mark");
}

/// Invariant 3: each fee of each invitee is in the books of its day, with any outcome.
async fn every_fee_is_booked(state: &TrialState, checker: &InvariantChecker) {
    let booked = of_any_outcome(since_binding(sheet(state, &state.reliable).await, checker));
    let due = of_any_outcome(expected(state, checker).await);
    compare("fees told", &booked, &due);
}

/// Returns fees, their value, and volume over all outcomes: facts do not change these.
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

/// Every bound user is counted once with the inviter: at the latest when the day of the binding is
/// over by the true time.
async fn every_binding_is_listed(state: &TrialState, checker: &InvariantChecker) {
    let mut bound: BTreeMap<&str, u64> = BTreeMap::new();
    let today = state.now().day();
    for relation in checker.relations.values().filter(|it| it.bound_at.day() < today) {
        *bound.entry(relation.inviter.as_str()).or_default() += 1;
    }
    for affiliate in AFFILIATES {
        let dashboard = state.reliable.get(affiliate, "/v1/dashboard").await.json();
        let counted = dashboard["counts"]["invitees"].as_u64();
        assert_eq!(counted, Some(bound.get(affiliate).copied().unwrap_or(0)), "{affiliate}");
    }
}

/// Returns the oracle's lines.
async fn expected(state: &TrialState, checker: &InvariantChecker) -> Sheet {
    let today = state.now().day();
    let mut due = due(&state.facts.borrow(), &checker.bindings, &tiers_in_force(state, checker));
    due.retain(|(.., day, _, _, _), _| day.parse::<Day>().unwrap() < today);
    since_binding(due, checker)
}

/// Returns the oracle's tiers.
fn tiers_in_force(state: &TrialState, checker: &InvariantChecker) -> Tiers {
    let Some(quarter) = quarter(state) else { return Tiers::default() };
    evaluate(&state.facts.borrow(), &checker.bindings, quarter, state.now().day())
}

/// Removes the days before a recall. Trades before the bind earn nothing; they are listed if they
/// arrived after the bind, and are only activity if they arrived before it.
fn since_binding(mut sheet: Sheet, checker: &InvariantChecker) -> Sheet {
    sheet.retain(|(_, invitee, day, ..), _| !is_before_recall(checker, invitee, day));
    sheet
}

fn is_before_recall(checker: &InvariantChecker, invitee: &str, day: &str) -> bool {
    let binding = &checker.bindings[invitee];
    let day: Day = day.parse().unwrap();
    binding.origin == Origin::Recall && day < binding.bound_at.day()
}

/// Late facts move fees between outcomes when their days are run again, and do nothing else.
async fn late_facts_are_booked(state: &TrialState, checker: &InvariantChecker, app: &TestApp) {
    let days = days_with_fees(state);
    if let Some(quarter) = quarter(state) {
        step(app, json!({ "step": "evaluate", "quarter": quarter })).await;
    }
    let before = app.context.table.head().await.unwrap().value.visible;
    for day in days {
        run_again(app, day).await;
    }
    for affiliate in AFFILIATES {
        for line in lines(state, app, affiliate).await {
            let (_, seq) = line["runId"].as_str().unwrap().split_once('.').unwrap();
            let text = |name: &str| line[name].as_str().unwrap();
            let counts = !is_before_recall(checker, text("uid"), text("day"));
            if seq.parse::<u64>().unwrap() > before && counts {
                assert_eq!(line["cause"], "facts_changed", "a mark was lost: {line}");
            }
        }
    }
}

/// Returns every past day for which the exchange sent events.
fn days_with_fees(state: &TrialState) -> Vec<Day> {
    let facts = state.facts.borrow();
    let mut days: Vec<Day> = facts.trades.iter().map(|trade| trade.day()).collect();
    let last = state.first_day.plus(DAYS - 1);
    days.extend(state.first_day.through(last));
    days.retain(|day| *day <= last);
    days.sort_unstable();
    days.dedup();
    days
}

/// Reruns after a redelivery book nothing that counts. The fees of users without an inviter are not
/// kept; delivered again after the bind they are, and their days before the bind may then have
/// other lines, which earn nothing.
async fn reruns_book_nothing(state: &TrialState, checker: &InvariantChecker) {
    let app = &state.reliable;
    let before = app.context.table.head().await.unwrap().value;
    let mut booked = 0;
    for day in days_with_fees(state) {
        booked += run_again(app, day).await;
    }
    let mut listed = 0;
    for affiliate in AFFILIATES {
        for line in lines(state, app, affiliate).await {
            let text = |name: &str| line[name].as_str().unwrap();
            let (_, seq) = text("runId").split_once('.').unwrap();
            if seq.parse::<u64>().unwrap() > before.visible {
                assert!(is_before_recall(checker, text("uid"), text("day")), "{line}");
                assert_eq!(text("commission").trim_matches(['0', '.']), "", "{line}");
                listed += 1;
            }
        }
    }
    assert_eq!(booked, listed);
    if booked == 0 {
        assert_eq!(app.context.table.head().await.unwrap().value, before);
    }
}

/// Runs a day again in all shards with accounts: the empty ones would take half of a trial's time.
/// Returns the number of new lines.
async fn run_again(app: &TestApp, day: Day) -> u64 {
    let mut driver = Driver::new(&app.context);
    let plan = driver.plan_day(day).await.unwrap();
    let shards = (0..SHARDS).collect();
    driver.book(&DayPlan { shards, ..plan }).await.unwrap().lines
}

async fn step(app: &TestApp, input: Value) -> Value {
    nightly::handle(&app.context, &input).await.unwrap()
}

/// Creates a programme with the same events one by one in order, the same bindings, and each night
/// in time.
async fn undisturbed(state: &TrialState, checker: &InvariantChecker) -> TestApp {
    let (app, ..) = opening(state.first_day, state.seed).await;
    app.clock.stop_at(state.now());
    for name in &state.personas.newcomers {
        let mut data = state.facts.borrow().registrations[name].event();
        data.as_object_mut().unwrap().remove("ref");
        app.taken("account.registered", data).await;
    }
    for relation in checker.relations.values() {
        let account = app.context.table.account(&relation.invitee).await.unwrap();
        let Some(account) = account.filter(|account| account.value.relation.is_none()) else {
            continue;
        };
        let mut binding =
            state.reliable.context.table.binding(&relation.invitee).await.unwrap().unwrap();
        binding.relation.voided_at = None;
        app.context.table.bind(&account, &binding).await.unwrap();
    }
    let mut day = state.first_day;
    for message in events_but_registrations(state) {
        while message.sent_at.day() > day {
            app.night(&day.to_string()).await;
            day = day.next();
        }
        app.clock.stop_at(message.sent_at);
        let answer =
            ingestion::handle(&app.context, batch(std::slice::from_ref(&message))).await.unwrap();
        assert!(answer.batch_item_failures.is_empty(), "everybody is known: {message:?}");
    }
    app.clock.stop_at(state.now());
    app.night(&state.first_day.plus(DAYS - 1).to_string()).await;
    late_facts_are_booked(state, checker, &app).await;
    app
}

/// Returns all messages in order, without registrations, which were made with the bindings.
fn events_but_registrations(state: &TrialState) -> Vec<Message> {
    let mut messages = state.queue.borrow().sent.clone();
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
