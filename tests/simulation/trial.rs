//! One trial: a story of some days with the trial's faults, and then its completion.

use std::rc::Rc;

use serde_json::json;
use types::Day;

use super::exchange::{events_are_sent, the_wallet_pays};
use super::invariant_checker::InvariantChecker;
use super::poison;
use super::quiesce;
use super::reading::affiliates_read_the_same_everywhere;
use super::scheduler::Turn;
use super::trace::{PrintedOnFailure, Reached, Trace};
use super::trial_state::TrialState;
use super::working::{day_is_booked_manually, ingest_gets_a_batch, night_falls, user_opens_a_link};
use crate::roles::Observers;

/// The days of a story.
pub const DAYS: i32 = 3;
/// The scenes of a day.
const SCENES: usize = 30;
/// The scenes around midnight, at most this number of milliseconds before or after it.
const SCENES_OF_MIDNIGHT: usize = 8;
const MIDNIGHT: i64 = 600_000;

/// The results of a passed trial.
pub struct Passed {
    pub reached: Reached,
    pub steps: Vec<String>,
    /// The accounts, and their links' codes.
    pub people: Vec<String>,
    /// The recorded metrics.
    pub measured: Vec<String>,
}

/// Runs the trial of a seed.
///
/// # Panics
/// If an invariant is violated; the steps that led there are printed.
pub fn trial(seed: u64) -> Passed {
    observed_trial(seed, None)
}

/// Runs the trial of a seed, with observers of the functions' calls.
pub fn observed_trial(seed: u64, observers: Option<Observers<'_>>) -> Passed {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let trace = Rc::new(Trace::of(seed));
        let _told = PrintedOnFailure(trace.clone());
        let state = TrialState::set(seed, trace.clone(), observers).await;
        let mut checker = InvariantChecker::default();
        for day in state.first_day.through(state.first_day.plus(DAYS - 1)) {
            a_day_goes_by(&state, &mut checker, day).await;
        }
        quiesce::quiesce(&state, &mut checker).await;
        state.scheduler.kill_all();
        let mut reached = trace.reached();
        state.faults.counts().into_iter().for_each(|(kind, times)| reached.note(kind, times));
        let (people, measured) = (state.personas.names(), state.measured.lines());
        Passed { reached, steps: trace.steps(), people, measured }
    })
}

/// A day's scenes, in which the last night's run may still continue; then the night.
async fn a_day_goes_by(state: &Rc<TrialState>, checker: &mut InvariantChecker, day: Day) {
    for number in 0..SCENES {
        if state.poisoned && number == SCENES / 2 && day > state.first_day {
            poison::strike(state);
        }
        scene(state, day).await;
        play(state, state.rng.below(60)).await;
        look(state, checker).await;
        state.time_passes(state.rng.between(0, 20_000));
        if state.rng.chance(40) {
            state.scheduler.cut_off_waiting();
            state.time_passes(state.rng.between(0, 40 * 60_000));
        }
        assert_eq!(state.now().day(), day, "a day's scenes fit into the day");
    }
    state.scheduler.cut_off_waiting();
    if state.clocks.differ() {
        midnight_goes_by(state, checker, day).await;
    }
    if state.rng.chance(20) {
        state.clocks.go_on_to(day.end().plus_millis(state.rng.between(20, 30) * 60_000));
        day_is_booked_manually(state, day);
        play(state, state.rng.below(300)).await;
    }
    state.clocks.go_on_to(day.end().plus_millis(30 * 60_000));
    if day == state.first_day {
        // The schedule retries for hours; from its first success on no night is missed.
        let plan = json!({ "step": "plan", "day": day });
        nightly::handle(&state.reliable.context, &plan).await.unwrap();
    }
    if state.rng.chance(state.punctual) {
        night_falls(state, day);
        play(state, state.rng.below(400)).await;
        look(state, checker).await;
    } else {
        let last_of_quarter = day.quarter().last_day() == day;
        let which = if last_of_quarter { "a night at a quarter's end" } else { "a night" };
        state.trace.reach(format!("{which} is missed"));
    }
}

/// The minutes around midnight, where clocks differ about the day: all tasks run, and a day may be
/// booked manually before it is over.
async fn midnight_goes_by(state: &Rc<TrialState>, checker: &mut InvariantChecker, day: Day) {
    state.clocks.go_on_to(day.end().plus_millis(-MIDNIGHT));
    for _ in 0..SCENES_OF_MIDNIGHT {
        scene(state, day).await;
        if state.rng.chance(15) {
            day_is_booked_manually(state, day);
        }
        play(state, state.rng.below(60)).await;
        look(state, checker).await;
        state.scheduler.cut_off_waiting();
        state.time_passes(state.rng.between(0, 2 * MIDNIGHT / SCENES_OF_MIDNIGHT as i64));
    }
    state.late_requests_arrive().await;
}

async fn scene(state: &Rc<TrialState>, day: Day) {
    match state.rng.below(100) {
        0..45 => events_are_sent(state),
        45..70 => ingest_gets_a_batch(state, 1 + state.rng.below(6)),
        70..90 => user_opens_a_link(state),
        90..94 => the_wallet_pays(state).await,
        94..97 if day > state.first_day => night_falls(state, day.previous()),
        _ if day > state.first_day => {
            let earlier = state.rng.between(1, i64::from(day.days_since(state.first_day)));
            day_is_booked_manually(state, day.plus(-(earlier as i32)));
        }
        _ => events_are_sent(state),
    }
}

/// Lets the tasks take this number of turns.
pub async fn play(state: &Rc<TrialState>, turns: usize) {
    for _ in 0..turns {
        if state.scheduler.is_empty() {
            return;
        }
        state.clocks.one_may_jump();
        match state.scheduler.turn(&state.rng).await {
            Turn::Working => {}
            Turn::Done(name) => state.trace.write(format!("{name} is done")),
            Turn::Killed(name) => {
                state.trace.write(format!("{name} is killed"));
                state.trace.reach("somebody is killed between two calls");
            }
        }
    }
}

async fn look(state: &Rc<TrialState>, checker: &mut InvariantChecker) {
    state.trace.reach("the invariants are checked");
    if checker.check(state).await {
        state.trace.write(format!("visible are runs up to {}", checker.visible()));
        affiliates_read_the_same_everywhere(state, checker).await;
    }
}
