//! Those who work: ingest on its batches, users at the window, the night's state machine.

use std::rc::Rc;

use daily_commission::{Deadline, StepError};
use serde_json::{Value, json};
use terms::{Day, Timestamp};

use super::cast::SHARDS;
use super::queue::batch;
use super::stage::{Planned, Stage};
use super::troupe::{Actor, killed_after};
use crate::world::Answer;

/// How often a step of the state machine is tried, and a user presses again.
const TRIES: usize = 5;
/// How long after its end a day is booked at the earliest, in milliseconds.
const SETTLES: i64 = 20 * 60_000;
/// How long Lambda lets an invocation of the night's function go on, in milliseconds.
const TIME_LIMIT: i64 = 900_000;

/// Ingest gets a batch. It may die on it, and the queue brings it again.
pub fn ingest_takes_a_batch(stage: &Rc<Stage>, at_most: usize) {
    let letters = stage.queue.borrow().some(&stage.dice, at_most);
    if letters.is_empty() {
        return;
    }
    let number = stage.number();
    let dies_after = stage.dice.chance(15).then(|| stage.dice.below(25));
    let ids: Vec<&str> = letters.iter().map(|letter| letter.id.as_str()).collect();
    stage.diary.write(format!("ingest {number} gets {}", ids.join(", ")));
    let s = stage.clone();
    let work = async move {
        let invocation = s.invocation();
        let app = invocation.world.app_of("ingest");
        let Ok(answer) = ingest::handle(&app, batch(&letters)).await else {
            s.diary.reach("a batch fails as a whole");
            return;
        };
        let again: Vec<&str> =
            answer.batch_item_failures.iter().map(|it| it.item_identifier.as_str()).collect();
        for letter in letters.iter().filter(|letter| !again.contains(&letter.id.as_str())) {
            s.queue.borrow_mut().taken_in(&letter.id, s.dice.chance(30));
            s.taken_in.borrow_mut().extend(letter.trades.iter().cloned());
        }
        s.diary.write(format!("ingest {number} has taken in all but {again:?}"));
    };
    stage.troupe.enter(Actor::new(format!("ingest {number}"), work).dying_after(dies_after));
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
    stage.troupe.enter(Actor::new(name, work).hurried().dying_after(dies_after));
}

async fn bind(stage: &Stage, guest: &str, code: &str) {
    let target = format!("/v1/bind?ref={code}");
    let window = stage.invocation().world.get(guest, &target).await;
    note_reason(stage, window.status, &window.json());
    let confirmation = window.json()["confirmation"].clone();
    if confirmation.is_null() {
        return;
    }
    let expires_at: Timestamp = window.json()["expiresAt"].as_str().unwrap().parse().unwrap();
    let mut bound: Option<Value> = None;
    for _ in 0..TRIES {
        let invocation = stage.invocation();
        let began = invocation.now();
        let press = json!({ "confirmation": confirmation });
        let answer = invocation.world.post(guest, "/v1/bind", press).await;
        note_reason(stage, answer.status, &answer.json());
        the_instant_is_the_clocks(&answer, began, expires_at);
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
        stage.troupe.enter(Actor::new(format!("night {number}"), work).dying_after(dies_after));
    }
}

/// The state machine: plan, then each day by itself, then the evaluation; and the next plan.
pub async fn night(stage: &Rc<Stage>, number: usize, after: Day) -> Result<(), StepError> {
    let mut more = Value::Null;
    loop {
        let input = json!({ "step": "plan", "day": after, "more": more });
        let plan = step(stage, input).await?;
        for day in plan["days"].as_array().unwrap() {
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
    let shards: Vec<u8> = shards.map(|s| s as u8).filter(|shard| *shard < SHARDS).collect();
    stage.diary.write(format!("night {number} books {day} in shards {shards:?} as {run}"));
    let planned = Planned { shards: shards.clone(), taken_in: stage.taken_in.borrow().clone() };
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
    for _ in 0..TRIES {
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
    stage.troupe.enter(Actor::new(format!("ghost of {name}"), work).asleep(asleep));
}

/// One invocation of the night's function, which ends by its own clock before Lambda cuts it off.
async fn invoked(stage: &Stage, input: &Value) -> Result<Value, StepError> {
    let invocation = stage.invocation();
    let began = invocation.now();
    let cut_off = stage.now().plus_millis(TIME_LIMIT);
    let deadline = Deadline::of_invocation(Some(cut_off), began);
    let app = invocation.world.app_of("daily-commission");
    let done = daily_commission::handle_until(&app, input, deadline).await;
    check_outcome(input, began, &done);
    done
}

/// Faults end steps with errors that are worth another try; these are none of a fault's. A day is
/// over, for who plans its run, by his own clock. He waits for so long that it is over by any other
/// clock, and that all are answered who were bound on it by one that is behind: so it need not be
/// known here how wrong his clock was, and nothing is shown as final before its time or missed.
fn check_outcome(input: &Value, began: Timestamp, done: &Result<Value, StepError>) {
    if matches!(input["step"].as_str(), None | Some("plan")) {
        let day: Day = input["day"].as_str().unwrap().parse().unwrap();
        let refused = matches!(done, Err(StepError::DayNotOver(_)));
        let settled_at = day.end().plus_millis(SETTLES);
        assert_eq!(refused, began < settled_at, "at {began}: {input}");
    }
    let Err(error) = done else { return };
    let never = matches!(error, StepError::ConservationRefused { .. } | StepError::BadRequest(_));
    assert!(!never && !error.to_string().contains("cannot be read"), "{input}: {error}");
}

/// Somebody has a day booked by hand, in one invocation; or in some, where its time does not do.
pub fn a_day_is_booked_by_hand(stage: &Rc<Stage>, day: Day) {
    stage.diary.write(format!("{} {day} is booked by hand", stage.now()));
    let s = stage.clone();
    let dies_after = stage.dice.chance(30).then(|| stage.dice.below(100));
    let work = async move {
        let mut input = json!({ "day": day });
        for _ in 0..TRIES {
            let done = invoked(&s, &input).await;
            s.diary.write(format!("by hand: {done:?}"));
            let Err(StepError::DayHandedOver { day, run }) = done else { break };
            s.diary.reach("a day by hand is handed over");
            input = json!({ "day": day, "run": run });
        }
        s.diary.reach("a day is booked by hand");
    };
    stage.troupe.enter(Actor::new(format!("{day} by hand"), work).dying_after(dies_after));
}
