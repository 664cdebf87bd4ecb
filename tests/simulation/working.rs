//! The concurrent work: ingest with its batches, users at the window, the nightly state machine.

use std::collections::BTreeSet;
use std::rc::Rc;

use lambda::Deadline;
use nightly::StepError;
use serde_json::{Value, json};
use storage::{ActivityPart, BUCKETS, SHARDS, Shard, bucket};
use types::{Day, Timestamp};

use super::facts::{Known, MessageId, Messages};
use super::oracle::{Check, Checks, checks_of_unknown, recall_checks};
use super::personas::AFFILIATES;
use super::queue::{Message, batch};
use super::scheduler::{Task, killed_after};
use super::trial_state::{Invocation, Planned, Press, TrialState};
use crate::test_app::{Answer, uid};

/// Attempts of a step of the state machine, and of a user's press.
const MAX_ATTEMPTS: usize = 5;
/// The earliest time after its end at which a day is booked, in milliseconds.
const SETTLES: i64 = 20 * 60_000;
/// Lambda's time limit for an invocation of the nightly function, in milliseconds.
const TIME_LIMIT: i64 = 900_000;

/// Passes a batch to ingest. It may crash, and the queue delivers the batch again.
pub fn ingest_gets_a_batch(state: &Rc<TrialState>, at_most: usize) {
    let messages = state.queue.borrow_mut().deliver(&state.rng, at_most);
    if messages.is_empty() {
        return;
    }
    note_redelivery(state, &messages);
    let number = state.number();
    let dies_after = state.rng.chance(15).then(|| state.rng.below(25));
    let names: Vec<String> = messages.iter().map(Message::name).collect();
    state.trace.write(format!("ingest {number} gets {}", names.join(", ")));
    let s = state.clone();
    let work = async move {
        let invocation = s.invocation();
        let context = invocation.app.context_of("ingest");
        let Ok(answer) = ingestion::handle(&context, batch(&messages)).await else {
            s.trace.reach("a batch fails as a whole");
            return;
        };
        let again: Vec<String> =
            answer.batch_item_failures.into_iter().map(|it| it.item_identifier).collect();
        for message in messages.iter().filter(|message| !again.contains(&message.name())) {
            s.queue.borrow_mut().acknowledge(message.number, s.now(), s.rng.chance(30));
            s.ingested.borrow_mut().extend(message.fees.iter().cloned());
        }
        s.trace.write(format!("ingest {number} has ingested all but {again:?}"));
    };
    state.scheduler.enter(Task::new(format!("ingest {number}"), work).dying_after(dies_after));
}

fn note_redelivery(state: &TrialState, messages: &[Message]) {
    let queue = state.queue.borrow();
    for message in messages.iter().filter(|message| queue.ingested.contains(&message.number)) {
        let days = state.now().day().days_since(message.sent_at.day());
        let when = if days > 0 { "a day or more later" } else { "on the same day" };
        state.trace.reach(format!("redelivered {when}"));
    }
}

/// A user opens a link and, if eligible, presses [Bind Now], perhaps twice.
pub fn user_opens_a_link(state: &Rc<TrialState>) {
    let (rng, personas) = (&state.rng, &state.personas);
    let guest = rng.pick(&personas.guests()).clone();
    let good = rng.chance(80);
    let codes = if good { &personas.codes[..personas.good_codes] } else { &personas.codes[..] };
    let code = if rng.chance(3) { "NQSUCHCQ".to_owned() } else { rng.pick(codes).clone() };
    let name = format!("{guest} at {code}");
    state.trace.write(format!("{} {name}", state.now()));
    let dies_after = rng.chance(10).then(|| rng.below(12));
    let s = state.clone();
    let work = async move { bind(&s, &guest, &code).await };
    state.scheduler.enter(Task::new(name, work).user_waits().dying_after(dies_after));
}

async fn bind(state: &TrialState, guest: &str, code: &str) {
    let target = format!("/v1/bind?ref={code}");
    let asked = Asked::now(state, guest, code);
    let window = asked.invocation.app.get(guest, &target).await;
    note_reason(state, window.status, &window.json());
    asked.checks_are_right(state, &window);
    let confirmation = window.json()["confirmation"].clone();
    if confirmation.is_null() {
        return;
    }
    let expires_at: Timestamp = window.json()["expiresAt"].as_str().unwrap().parse().unwrap();
    let mut bound: Option<Value> = None;
    for _ in 0..MAX_ATTEMPTS {
        let asked = Asked::now(state, guest, code);
        let press = asked.press(state);
        let body = json!({ "confirmation": confirmation });
        let answer = asked.invocation.app.post(guest, "/v1/bind", body).await;
        let bound_at = answer.json()["boundAt"].clone();
        state.presses.borrow_mut()[press].answer = Some((answer.status, bound_at));
        note_reason(state, answer.status, &answer.json());
        asked.checks_are_right(state, &answer);
        the_instant_is_the_clocks(&answer, asked.invocation.now_at_start(), expires_at);
        state.trace.write(format!("{guest} presses at {code}: {}", answer.status));
        if let (200 | 201, Some(first)) = (answer.status, &bound) {
            assert_eq!(answer.json(), *first, "a repeated bind gets the first answer");
        }
        match answer.status {
            200 | 201 => bound = Some(answer.json()),
            409 if answer.json()["code"] != "conflict" => return,
            422 => return,
            _ => {}
        }
        if bound.is_some() && state.rng.chance(60) {
            return;
        }
    }
}

/// A guest's request about a link, with all that was certain when it was made.
struct Asked {
    invocation: Invocation,
    guest: String,
    code: String,
    certain: BTreeSet<MessageId>,
    bound: bool,
}

impl Asked {
    fn now(state: &TrialState, guest: &str, code: &str) -> Self {
        let is_answered =
            |press: &Press| press.guest == guest && matches!(press.answer, Some((200 | 201, _)));
        Self {
            invocation: state.invocation(),
            guest: guest.to_owned(),
            code: code.to_owned(),
            certain: state.queue.borrow().ingested.clone(),
            bound: state.bound.borrow().contains(guest)
                || state.presses.borrow().iter().any(is_answered),
        }
    }

    /// Records a press of [Bind Now]; returns its index among the presses.
    fn press(&self, state: &TrialState) -> usize {
        let mut presses = state.presses.borrow_mut();
        presses.push(Press {
            guest: self.guest.clone(),
            code: self.code.clone(),
            began: self.invocation.now_at_start(),
            certain: self.certain.clone(),
            bound: self.bound,
            answer: None,
        });
        presses.len() - 1
    }

    /// Every check in the answer is possible by the facts that the programme may have known, and a
    /// bind is made only if it was possible.
    fn checks_are_right(&self, state: &TrialState, answer: &Answer) {
        let (status, json) = (answer.status, answer.json());
        let Some(checks) = json["checks"].as_array() else {
            let unknown_link = !state.facts.borrow().links.contains_key(&self.code);
            let is_fault = matches!(status, 429 | 500 | 503);
            assert!(is_fault || (status == 404) == unknown_link, "{json}");
            return;
        };
        let expected = eligibility_of(state, self);
        let shown = |checks: &Checks| checks_differ(checks, json["checks"].as_array().unwrap());
        let differing: Vec<_> = expected.iter().map(shown).collect();
        let right = differing.iter().any(Vec::is_empty);
        assert!(right, "{} at {}: {differing:?} by {checks:?}", self.guest, self.code);
    }
}

/// Returns the checks whose shown state is impossible.
fn checks_differ(expected: &Checks, shown: &[Value]) -> Vec<String> {
    let mut differing = Vec::new();
    for check in shown {
        let (reason, met) = (check["reason"].as_str().unwrap(), check["met"].as_bool().unwrap());
        let may_be = expected.get(reason).is_some_and(|expected| expected.may_be(met));
        if !may_be {
            differing.push(format!("{reason} is {met}"));
        }
    }
    // A missing check is a check that was not met.
    let missing = expected.keys().filter(|reason| {
        **reason != "recently_active" && !shown.iter().any(|check| check["reason"] == **reason)
    });
    differing.extend(missing.map(|reason| format!("{reason} is missing")));
    differing
}

/// Returns the checks of a request by the facts that were certain when it was made, and by those
/// that are possible now. A guest whose registration is in progress may be known or unknown.
fn eligibility_of(state: &TrialState, asked: &Asked) -> Vec<Checks> {
    let (facts, queue) = (state.facts.borrow(), state.queue.borrow());
    let known = Known {
        facts: &facts,
        certain: Messages::Of(&asked.certain),
        possible: Messages::Of(&queue.delivered),
    };
    let at = asked.invocation.now_at_start();
    let registration = facts.registrations.get(&asked.guest);
    let possible = registration.filter(|it| known.possible.contain(it.message));
    let pressed = state.presses.borrow().iter().any(|press| press.guest == asked.guest);
    let by_sign_up = possible.is_some_and(|it| it.code.is_some());
    let seen = state.bound.borrow().contains(&asked.guest);
    let bound = Check { met: !asked.bound, unmet: asked.bound || pressed || by_sign_up || seen };
    let of_known = possible.map(|it| recall_checks(known, it, &asked.code, at, bound));
    let of_unknown = registration.is_none_or(|it| !known.certain.contain(it.message));
    let of_unknown = of_unknown.then(|| checks_of_unknown(known, &asked.code, at));
    of_known.into_iter().chain(of_unknown).collect()
}

/// A bind uses the clock of its function at the start of the request. Whether a confirmation has
/// expired depends on that clock, and not on the clock that created it. The bind takes effect at
/// that time.
fn the_instant_is_the_clocks(answer: &Answer, began: Timestamp, expires_at: Timestamp) {
    let has_expired = answer.json()["code"] == "confirmation_expired";
    assert_eq!(has_expired, began >= expires_at, "at {began}: {}", answer.body);
    if answer.status == 201 {
        assert_eq!(answer.json()["boundAt"], json!(began));
    }
}

/// Records why a bind is refused; any answer that no caller should get is a failure.
fn note_reason(state: &TrialState, status: u16, answer: &Value) {
    let unmet = answer["checks"].as_array().into_iter().flatten().find(|c| c["met"] == false);
    let reason = unmet.map_or(&answer["code"], |check| &check["reason"]);
    match status {
        200 | 201 if unmet.is_none() => state.trace.reach(format!("window or bind: {status}")),
        200 | 404 | 409 | 422 => {
            state.trace.reach(format!("refused: {}", reason.as_str().unwrap()))
        }
        429 | 500 | 503 => state.trace.reach(format!("window or bind: {status}")),
        _ => panic!("a bind is answered {status}: {answer}"),
    }
}

/// The schedule fires for the past day; sometimes twice.
pub fn night_falls(state: &Rc<TrialState>, after: Day) {
    for _ in 0..=usize::from(state.rng.chance(30)) {
        let number = state.number();
        state.trace.write(format!("{} night {number} after {after}", state.now()));
        let dies_after = state.rng.chance(25).then(|| state.rng.below(300));
        let s = state.clone();
        let work = async move {
            let done = night(&s, number, after).await;
            s.trace.write(format!("night {number} ends: {done:?}"));
        };
        state.scheduler.enter(Task::new(format!("night {number}"), work).dying_after(dies_after));
    }
}

/// The state machine: plan, then each day, then the evaluation; and again if the plan says that
/// there is more to do.
pub async fn night(state: &Rc<TrialState>, number: usize, after: Day) -> Result<(), StepError> {
    let mut more = Value::Null;
    loop {
        let input = json!({ "step": "plan", "day": after, "more": more });
        let plan = step(state, input).await?;
        let days = plan["days"].as_array().unwrap();
        if days.iter().filter(|day| day["day"] != json!(after)).count() > 1 {
            state.trace.reach("a night makes up for several days");
        }
        for day in days {
            match book(state, number, day).await {
                Err(StepError::Superseded(_)) => state.trace.reach("a run is superseded"),
                booked => booked?,
            }
        }
        let (quarter, visible) = (&plan["quarter"], &plan["visible"]);
        if !quarter.is_null() {
            step(state, json!({ "step": "evaluate", "quarter": quarter })).await?;
            let close = json!({ "step": "close-quarter", "quarter": quarter, "visible": visible });
            step(state, close).await?;
            state.trace.reach("a quarter is evaluated");
        }
        more = plan["more"].clone();
        if more.is_null() {
            reconcile(state, after).await?;
            return apply_activity(state, after).await;
        }
    }
}

/// Reconciles the parts that have affiliates of the trial. Differences are unreadable items only,
/// also while other tasks run.
async fn reconcile(state: &Rc<TrialState>, after: Day) -> Result<(), StepError> {
    for shard in parts_of_affiliates() {
        let input = json!({ "step": "reconcile", "day": after, "shard": shard });
        let found = step(state, input).await?;
        assert!(found["differences"] == 0 || state.poisoned, "part {shard}: {found}");
        if found["affiliates"] != 0 {
            state.trace.reach("affiliates are reconciled");
        }
    }
    Ok(())
}

/// Applies the deferred activity of all accounts.
async fn apply_activity(state: &Rc<TrialState>, after: Day) -> Result<(), StepError> {
    for part in ActivityPart::all() {
        let input = json!({ "step": "apply-activity", "day": after, "part": part.number() });
        let applied = step(state, input).await?;
        assert!(applied["unreadable"] == 0 || state.poisoned, "{applied}");
        if applied["accounts"] != 0 {
            state.trace.reach("deferred activity is applied");
        }
    }
    Ok(())
}

/// Returns the parts of a reconciliation that compare affiliates of the trial: by their buckets
/// those with new lines, and by their shards those of the rotation.
fn parts_of_affiliates() -> BTreeSet<u16> {
    let buckets_of_part = BUCKETS / u16::from(SHARDS);
    let uids = AFFILIATES.map(uid);
    let by_bucket = uids.iter().map(|uid| bucket(uid) / buckets_of_part);
    by_bucket.chain(uids.iter().map(|uid| Shard::of(uid).number().into())).collect()
}

/// One day's run: every shard with accounts, commit, publish, finish.
async fn book(state: &Rc<TrialState>, number: usize, plan: &Value) -> Result<(), StepError> {
    let (day, run) = (&plan["day"], plan["run"].as_str().unwrap());
    let shards = plan["shards"].as_array().unwrap().iter().filter_map(Value::as_u64);
    let shards: Vec<u8> = shards.map(|s| s as u8).filter(|shard| *shard < state.shards()).collect();
    state.trace.write(format!("night {number} books {day} in shards {shards:?} as {run}"));
    let planned = Planned {
        shards: shards.clone(),
        ingested: state.ingested.borrow().clone(),
        bound: state.bound.borrow().clone(),
    };
    state.planned.borrow_mut().insert(run.to_owned(), planned);
    for shard in &shards {
        let mode = &plan["mode"];
        let fold = json!({ "step": "fold", "day": day, "run": run, "shard": shard, "mode": mode });
        step(state, fold).await?;
    }
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
    let committed = step(state, commit).await?;
    state.trace.write(format!("night {number} has committed {day}: {committed}"));
    if committed["seq"].is_null() {
        return Ok(());
    }
    for range in committed["ranges"].as_array().unwrap() {
        step(state, json!({ "step": "publish", "seq": committed["seq"], "range": range })).await?;
    }
    step(state, json!({ "step": "finish", "seq": committed["seq"] })).await?;
    Ok(())
}

/// One step, with the state machine's retries. It may be killed by its time limit, and it may have
/// a duplicate: the same invocation again, at the same time or much later.
async fn step(state: &Rc<TrialState>, input: Value) -> Result<Value, StepError> {
    let name = input["step"].as_str().unwrap().to_owned();
    let mut failed = StepError::Unfinished("killed by its time limit".to_owned());
    for _ in 0..MAX_ATTEMPTS {
        if state.rng.chance(8) {
            haunt(state, &name, input.clone());
        }
        let limit = state.rng.chance(8).then(|| state.rng.below(12));
        match killed_after(limit, invoked(state, &input)).await {
            None => state.trace.reach(format!("killed: {name}")),
            Some(Ok(output)) => return Ok(output),
            Some(Err(error)) => {
                state.trace.reach(format!("{name} fails: {}", error.name()));
                if matches!(error, StepError::Superseded(_)) {
                    return Err(error);
                }
                failed = error;
            }
        }
    }
    Err(failed)
}

fn haunt(state: &Rc<TrialState>, name: &str, input: Value) {
    state.trace.reach(format!("duplicate: {name}"));
    let (s, asleep) = (state.clone(), *state.rng.pick(&[0, 0, 5, 50, 500]));
    let work = async move {
        let _ = invoked(&s, &input).await;
        s.trace.write(format!("a duplicate has done {input}"));
    };
    state.scheduler.enter(Task::new(format!("duplicate of {name}"), work).asleep(asleep));
}

/// One invocation of the nightly function, which ends by its clock before Lambda's time limit.
async fn invoked(state: &TrialState, input: &Value) -> Result<Value, StepError> {
    let invocation = state.invocation();
    let began = invocation.now();
    let cut_off = state.now().plus_millis(TIME_LIMIT);
    let deadline = Deadline::of_invocation(Some(cut_off), began);
    let context = invocation.app.context_of("daily-commission");
    let done = nightly::handle_until(&context, input, deadline).await;
    check_outcome(state, input, began, &done);
    done
}

/// Faults end steps with retryable errors; the errors here are not caused by faults. The planner's
/// clock decides whether a day is over. It waits until the day is over by every other clock, and
/// until all binds of that day by slower clocks have ended: so the error of its clock does not
/// matter, and nothing is shown as final too early or missed.
fn check_outcome(
    state: &TrialState,
    input: &Value,
    began: Timestamp,
    done: &Result<Value, StepError>,
) {
    if matches!(input["step"].as_str(), None | Some("plan")) {
        let day: Day = input["day"].as_str().unwrap().parse().unwrap();
        let refused = matches!(done, Err(StepError::DayNotOver(_)));
        let settled_at = day.end().plus_millis(SETTLES);
        assert_eq!(refused, began < settled_at, "at {began}: {input}");
    }
    let Err(error) = done else { return };
    let never = matches!(error, StepError::ConservationRefused { .. } | StepError::BadRequest(_));
    let unreadable = error.to_string().contains("cannot be read") && !state.poisoned;
    assert!(!never && !unreadable, "{input}: {error}");
}

/// A user books a day manually, in one invocation, or in several if its time does not suffice.
pub fn day_is_booked_manually(state: &Rc<TrialState>, day: Day) {
    state.trace.write(format!("{} {day} is booked by hand", state.now()));
    let s = state.clone();
    let dies_after = state.rng.chance(30).then(|| state.rng.below(100));
    let work = async move {
        let mut input = json!({ "day": day });
        for _ in 0..MAX_ATTEMPTS {
            let done = invoked(&s, &input).await;
            s.trace.write(format!("by hand: {done:?}"));
            let Err(StepError::DayHandedOver { day, run }) = done else { break };
            s.trace.reach("a day by hand is handed over");
            input = json!({ "day": day, "run": run });
        }
        s.trace.reach("a day is booked by hand");
    };
    state.scheduler.enter(Task::new(format!("{day} by hand"), work).dying_after(dies_after));
}
