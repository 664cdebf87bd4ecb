//! Those who work: ingest on its batches, users at the window, the night's state machine.

use std::collections::BTreeSet;
use std::rc::Rc;

use lambda::Deadline;
use nightly::StepError;
use serde_json::{Value, json};
use types::{Day, Timestamp};

use super::facts::{Known, MessageId, Messages};
use super::oracle::{Check, Checks, checks_of_unknown, recall_checks};
use super::queue::{Message, batch};
use super::scheduler::{Task, killed_after};
use super::trial_state::{Invocation, Planned, Press, Stage};
use crate::test_app::Answer;

/// How often a step of the state machine is tried, and a user presses again.
const MAX_ATTEMPTS: usize = 5;
/// How long after its end a day is booked at the earliest, in milliseconds.
const SETTLES: i64 = 20 * 60_000;
/// How long Lambda lets an invocation of the night's function go on, in milliseconds.
const TIME_LIMIT: i64 = 900_000;

/// Ingest gets a batch. It may die on it, and the queue delivers it again.
pub fn ingest_gets_a_batch(stage: &Rc<Stage>, at_most: usize) {
    let messages = stage.queue.borrow_mut().deliver(&stage.dice, at_most);
    if messages.is_empty() {
        return;
    }
    note_redelivery(stage, &messages);
    let number = stage.number();
    let dies_after = stage.dice.chance(15).then(|| stage.dice.below(25));
    let names: Vec<String> = messages.iter().map(Message::name).collect();
    stage.diary.write(format!("ingest {number} gets {}", names.join(", ")));
    let s = stage.clone();
    let work = async move {
        let invocation = s.invocation();
        let app = invocation.world.app_of("ingest");
        let Ok(answer) = ingestion::handle(&app, batch(&messages)).await else {
            s.diary.reach("a batch fails as a whole");
            return;
        };
        let again: Vec<String> =
            answer.batch_item_failures.into_iter().map(|it| it.item_identifier).collect();
        for message in messages.iter().filter(|message| !again.contains(&message.name())) {
            s.queue.borrow_mut().acknowledge(message.number, s.now(), s.dice.chance(30));
            s.ingested.borrow_mut().extend(message.fees.iter().cloned());
        }
        s.diary.write(format!("ingest {number} has ingested all but {again:?}"));
    };
    stage.troupe.enter(Task::new(format!("ingest {number}"), work).dying_after(dies_after));
}

fn note_redelivery(stage: &Stage, messages: &[Message]) {
    let queue = stage.queue.borrow();
    for message in messages.iter().filter(|message| queue.ingested.contains(&message.number)) {
        let days = stage.now().day().days_since(message.sent_at.day());
        let when = if days > 0 { "a day or more later" } else { "on the same day" };
        stage.diary.reach(format!("redelivered {when}"));
    }
}

/// Somebody opens a link and, where he may, presses [Bind Now]; perhaps twice.
pub fn somebody_opens_a_link(stage: &Rc<Stage>) {
    let (dice, cast) = (&stage.dice, &stage.cast);
    let guest = dice.pick(&cast.guests()).clone();
    let good = dice.chance(80);
    let codes = if good { &cast.codes[..cast.good_codes] } else { &cast.codes[..] };
    let code = if dice.chance(3) { "NQSUCHCQ".to_owned() } else { dice.pick(codes).clone() };
    let name = format!("{guest} at {code}");
    stage.diary.write(format!("{} {name}", stage.now()));
    let dies_after = dice.chance(10).then(|| dice.below(12));
    let s = stage.clone();
    let work = async move { bind(&s, &guest, &code).await };
    stage.troupe.enter(Task::new(name, work).hurried().dying_after(dies_after));
}

async fn bind(stage: &Stage, guest: &str, code: &str) {
    let target = format!("/v1/bind?ref={code}");
    let asked = Asked::now(stage, guest, code);
    let window = asked.invocation.world.get(guest, &target).await;
    note_reason(stage, window.status, &window.json());
    asked.checks_are_right(stage, &window);
    let confirmation = window.json()["confirmation"].clone();
    if confirmation.is_null() {
        return;
    }
    let expires_at: Timestamp = window.json()["expiresAt"].as_str().unwrap().parse().unwrap();
    let mut bound: Option<Value> = None;
    for _ in 0..MAX_ATTEMPTS {
        let asked = Asked::now(stage, guest, code);
        let press = asked.press(stage);
        let body = json!({ "confirmation": confirmation });
        let answer = asked.invocation.world.post(guest, "/v1/bind", body).await;
        let bound_at = answer.json()["boundAt"].clone();
        stage.presses.borrow_mut()[press].answer = Some((answer.status, bound_at));
        note_reason(stage, answer.status, &answer.json());
        asked.checks_are_right(stage, &answer);
        the_instant_is_the_clocks(&answer, asked.invocation.now_at_start(), expires_at);
        stage.diary.write(format!("{guest} presses at {code}: {}", answer.status));
        if let (200 | 201, Some(first)) = (answer.status, &bound) {
            assert_eq!(answer.json(), *first, "a repeated bind gets the first answer");
        }
        match answer.status {
            200 | 201 => bound = Some(answer.json()),
            409 if answer.json()["code"] != "conflict" => return,
            422 => return,
            _ => {}
        }
        if bound.is_some() && stage.dice.chance(60) {
            return;
        }
    }
}

/// A request of a guest about a link, with all that was certain when it was made.
struct Asked {
    invocation: Invocation,
    guest: String,
    code: String,
    certain: BTreeSet<MessageId>,
    bound: bool,
}

impl Asked {
    fn now(stage: &Stage, guest: &str, code: &str) -> Self {
        let is_answered =
            |press: &Press| press.guest == guest && matches!(press.answer, Some((200 | 201, _)));
        Self {
            invocation: stage.invocation(),
            guest: guest.to_owned(),
            code: code.to_owned(),
            certain: stage.queue.borrow().ingested.clone(),
            bound: stage.bound.borrow().contains(guest)
                || stage.presses.borrow().iter().any(is_answered),
        }
    }

    /// Notes a press of [Bind Now]; answers its place among the presses.
    fn press(&self, stage: &Stage) -> usize {
        let mut presses = stage.presses.borrow_mut();
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

    /// Every check that is shown may be as it is by what the programme may have known, and a bind
    /// that is made may be made.
    fn checks_are_right(&self, stage: &Stage, answer: &Answer) {
        let (status, json) = (answer.status, answer.json());
        let Some(checks) = json["checks"].as_array() else {
            let unknown_link = !stage.facts.borrow().links.contains_key(&self.code);
            let is_fault = matches!(status, 429 | 500 | 503);
            assert!(is_fault || (status == 404) == unknown_link, "{json}");
            return;
        };
        let expected = eligibility_of(stage, self);
        let shown = |checks: &Checks| checks_differ(checks, json["checks"].as_array().unwrap());
        let differing: Vec<_> = expected.iter().map(shown).collect();
        let right = differing.iter().any(Vec::is_empty);
        assert!(right, "{} at {}: {differing:?} by {checks:?}", self.guest, self.code);
    }
}

/// The checks that are shown otherwise than they may be.
fn checks_differ(expected: &Checks, shown: &[Value]) -> Vec<String> {
    let mut differing = Vec::new();
    for check in shown {
        let (reason, met) = (check["reason"].as_str().unwrap(), check["met"].as_bool().unwrap());
        let may_be = expected.get(reason).is_some_and(|expected| expected.may_be(met));
        if !may_be {
            differing.push(format!("{reason} is {met}"));
        }
    }
    // A check that is left out is no check that was met.
    let missing = expected.keys().filter(|reason| {
        **reason != "recently_active" && !shown.iter().any(|check| check["reason"] == **reason)
    });
    differing.extend(missing.map(|reason| format!("{reason} is missing")));
    differing
}

/// The checks of a request by what was certain when it was made, and by what is possible now: of a
/// guest whose registration is under way either as one who is known or as one who is not.
fn eligibility_of(stage: &Stage, asked: &Asked) -> Vec<Checks> {
    let (facts, queue) = (stage.facts.borrow(), stage.queue.borrow());
    let known = Known {
        facts: &facts,
        certain: Messages::Of(&asked.certain),
        possible: Messages::Of(&queue.delivered),
    };
    let at = asked.invocation.now_at_start();
    let registration = facts.registrations.get(&asked.guest);
    let possible = registration.filter(|it| known.possible.contain(it.message));
    let pressed = stage.presses.borrow().iter().any(|press| press.guest == asked.guest);
    let by_sign_up = possible.is_some_and(|it| it.code.is_some());
    let seen = stage.bound.borrow().contains(&asked.guest);
    let bound = Check { met: !asked.bound, unmet: asked.bound || pressed || by_sign_up || seen };
    let of_known = possible.map(|it| recall_checks(known, it, &asked.code, at, bound));
    let of_unknown = registration.is_none_or(|it| !known.certain.contain(it.message));
    let of_unknown = of_unknown.then(|| checks_of_unknown(known, &asked.code, at));
    of_known.into_iter().chain(of_unknown).collect()
}

/// Whoever answers a bind goes by his own clock, as it was when he was asked. A confirmation has
/// expired by it or has not, whatever the clock said that it was made by; and a bind comes into
/// force at that instant, by which everything about it is decided from then on.
fn the_instant_is_the_clocks(answer: &Answer, began: Timestamp, expires_at: Timestamp) {
    let has_expired = answer.json()["code"] == "confirmation_expired";
    assert_eq!(has_expired, began >= expires_at, "at {began}: {}", answer.body);
    if answer.status == 201 {
        assert_eq!(answer.json()["boundAt"], json!(began));
    }
}

/// Notes why a bind is refused; any answer that no caller should get is a failure.
fn note_reason(stage: &Stage, status: u16, answer: &Value) {
    let unmet = answer["checks"].as_array().into_iter().flatten().find(|c| c["met"] == false);
    let reason = unmet.map_or(&answer["code"], |check| &check["reason"]);
    match status {
        200 | 201 if unmet.is_none() => stage.diary.reach(format!("window or bind: {status}")),
        200 | 404 | 409 | 422 => {
            stage.diary.reach(format!("refused: {}", reason.as_str().unwrap()))
        }
        429 | 500 | 503 => stage.diary.reach(format!("window or bind: {status}")),
        _ => panic!("a bind is answered {status}: {answer}"),
    }
}

/// The schedule fires for the day that ended; now and then twice.
pub fn night_falls(stage: &Rc<Stage>, after: Day) {
    for _ in 0..=usize::from(stage.dice.chance(30)) {
        let number = stage.number();
        stage.diary.write(format!("{} night {number} after {after}", stage.now()));
        let dies_after = stage.dice.chance(25).then(|| stage.dice.below(300));
        let s = stage.clone();
        let work = async move {
            let done = night(&s, number, after).await;
            s.diary.write(format!("night {number} ends: {done:?}"));
        };
        stage.troupe.enter(Task::new(format!("night {number}"), work).dying_after(dies_after));
    }
}

/// The state machine: plan, then each day by itself, then the evaluation; and again, where the plan
/// says that there is more to do.
pub async fn night(stage: &Rc<Stage>, number: usize, after: Day) -> Result<(), StepError> {
    let mut more = Value::Null;
    loop {
        let input = json!({ "step": "plan", "day": after, "more": more });
        let plan = step(stage, input).await?;
        let days = plan["days"].as_array().unwrap();
        if days.iter().filter(|day| day["day"] != json!(after)).count() > 1 {
            stage.diary.reach("a night makes up for several days");
        }
        for day in days {
            match book(stage, number, day).await {
                Err(StepError::Superseded(_)) => stage.diary.reach("a run is superseded"),
                booked => booked?,
            }
        }
        let (quarter, visible) = (&plan["quarter"], &plan["visible"]);
        if !quarter.is_null() {
            step(stage, json!({ "step": "evaluate", "quarter": quarter })).await?;
            let close = json!({ "step": "close-quarter", "quarter": quarter, "visible": visible });
            step(stage, close).await?;
            stage.diary.reach("a quarter is evaluated");
        }
        more = plan["more"].clone();
        if more.is_null() {
            return Ok(());
        }
    }
}

/// One day's run: every shard in which anybody lives, commit, publish, finish.
async fn book(stage: &Rc<Stage>, number: usize, plan: &Value) -> Result<(), StepError> {
    let (day, run) = (&plan["day"], plan["run"].as_str().unwrap());
    let shards = plan["shards"].as_array().unwrap().iter().filter_map(Value::as_u64);
    let shards: Vec<u8> = shards.map(|s| s as u8).filter(|shard| *shard < stage.shards()).collect();
    stage.diary.write(format!("night {number} books {day} in shards {shards:?} as {run}"));
    let planned = Planned {
        shards: shards.clone(),
        ingested: stage.ingested.borrow().clone(),
        bound: stage.bound.borrow().clone(),
    };
    stage.planned.borrow_mut().insert(run.to_owned(), planned);
    for shard in &shards {
        let mode = &plan["mode"];
        let fold = json!({ "step": "fold", "day": day, "run": run, "shard": shard, "mode": mode });
        step(stage, fold).await?;
    }
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
    let committed = step(stage, commit).await?;
    stage.diary.write(format!("night {number} has committed {day}: {committed}"));
    if committed["seq"].is_null() {
        return Ok(());
    }
    for range in committed["ranges"].as_array().unwrap() {
        step(stage, json!({ "step": "publish", "seq": committed["seq"], "range": range })).await?;
    }
    step(stage, json!({ "step": "finish", "seq": committed["seq"] })).await?;
    Ok(())
}

/// One step, tried as often as the state machine tries it. It may be killed by its time limit; and
/// it may have a ghost: the same invocation once more, at the same time or much later.
async fn step(stage: &Rc<Stage>, input: Value) -> Result<Value, StepError> {
    let name = input["step"].as_str().unwrap().to_owned();
    let mut failed = StepError::Unfinished("killed by its time limit".to_owned());
    for _ in 0..MAX_ATTEMPTS {
        if stage.dice.chance(8) {
            haunt(stage, &name, input.clone());
        }
        let limit = stage.dice.chance(8).then(|| stage.dice.below(12));
        match killed_after(limit, invoked(stage, &input)).await {
            None => stage.diary.reach(format!("killed: {name}")),
            Some(Ok(output)) => return Ok(output),
            Some(Err(error)) => {
                stage.diary.reach(format!("{name} fails: {}", error.name()));
                if matches!(error, StepError::Superseded(_)) {
                    return Err(error);
                }
                failed = error;
            }
        }
    }
    Err(failed)
}

fn haunt(stage: &Rc<Stage>, name: &str, input: Value) {
    stage.diary.reach(format!("ghost: {name}"));
    let (s, asleep) = (stage.clone(), *stage.dice.pick(&[0, 0, 5, 50, 500]));
    let work = async move {
        let _ = invoked(&s, &input).await;
        s.diary.write(format!("a ghost has done {input}"));
    };
    stage.troupe.enter(Task::new(format!("ghost of {name}"), work).asleep(asleep));
}

/// One invocation of the night's function, which ends by its own clock before Lambda cuts it off.
async fn invoked(stage: &Stage, input: &Value) -> Result<Value, StepError> {
    let invocation = stage.invocation();
    let began = invocation.now();
    let cut_off = stage.now().plus_millis(TIME_LIMIT);
    let deadline = Deadline::of_invocation(Some(cut_off), began);
    let app = invocation.world.app_of("daily-commission");
    let done = nightly::handle_until(&app, input, deadline).await;
    check_outcome(stage, input, began, &done);
    done
}

/// Faults end steps with errors that are worth another try; these are none of a fault's. A day is
/// over, for who plans its run, by his own clock. He waits for so long that it is over by any other
/// clock, and that all are answered who were bound on it by one that is behind: so it need not be
/// known here how wrong his clock was, and nothing is shown as final before its time or missed.
fn check_outcome(stage: &Stage, input: &Value, began: Timestamp, done: &Result<Value, StepError>) {
    if matches!(input["step"].as_str(), None | Some("plan")) {
        let day: Day = input["day"].as_str().unwrap().parse().unwrap();
        let refused = matches!(done, Err(StepError::DayNotOver(_)));
        let settled_at = day.end().plus_millis(SETTLES);
        assert_eq!(refused, began < settled_at, "at {began}: {input}");
    }
    let Err(error) = done else { return };
    let never = matches!(error, StepError::ConservationRefused { .. } | StepError::BadRequest(_));
    let unreadable = error.to_string().contains("cannot be read") && !stage.poisoned;
    assert!(!never && !unreadable, "{input}: {error}");
}

/// Somebody has a day booked by hand, in one invocation; or in some, where its time does not do.
pub fn a_day_is_booked_by_hand(stage: &Rc<Stage>, day: Day) {
    stage.diary.write(format!("{} {day} is booked by hand", stage.now()));
    let s = stage.clone();
    let dies_after = stage.dice.chance(30).then(|| stage.dice.below(100));
    let work = async move {
        let mut input = json!({ "day": day });
        for _ in 0..MAX_ATTEMPTS {
            let done = invoked(&s, &input).await;
            s.diary.write(format!("by hand: {done:?}"));
            let Err(StepError::DayHandedOver { day, run }) = done else { break };
            s.diary.reach("a day by hand is handed over");
            input = json!({ "day": day, "run": run });
        }
        s.diary.reach("a day is booked by hand");
    };
    stage.troupe.enter(Task::new(format!("{day} by hand"), work).dying_after(dies_after));
}
