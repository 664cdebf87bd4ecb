//! One trial: a story of some days in the trial's weather, and then the settling of accounts.

use std::rc::Rc;

use serde_json::json;
use types::Day;

use super::exchange::{events_are_sent, the_wallet_pays};
use super::invariant_checker::Watch;
use super::poison;
use super::quiesce;
use super::reading::affiliates_read_the_same_everywhere;
use super::scheduler::Turn;
use super::trace::{Diary, Reached, ToldOnFailure};
use super::trial_state::Stage;
use super::working::{
    a_day_is_booked_by_hand, ingest_gets_a_batch, night_falls, somebody_opens_a_link,
};
use crate::roles::Witnesses;

/// The days of a story.
pub const DAYS: i32 = 3;
/// The scenes of a day.
const SCENES: usize = 30;
/// And those around midnight, which are at most so many milliseconds before or after it.
const SCENES_OF_MIDNIGHT: usize = 8;
const MIDNIGHT: i64 = 600_000;

/// What is left of a trial that was passed.
pub struct Passed {
    pub reached: Reached,
    pub steps: Vec<String>,
    /// Who took part, and their links' codes.
    pub people: Vec<String>,
    /// What was measured.
    pub measured: Vec<String>,
}

/// Runs the trial of a seed.
///
/// # Panics
/// If a promise is broken; then the steps that led there are printed.
pub fn trial(seed: u64) -> Passed {
    watched_trial(seed, None)
}

/// The same, where somebody sees the functions' calls.
pub fn watched_trial(seed: u64, witnesses: Option<Witnesses<'_>>) -> Passed {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let diary = Rc::new(Diary::of(seed));
        let _told = ToldOnFailure(diary.clone());
        let stage = Stage::set(seed, diary.clone(), witnesses).await;
        let mut watch = Watch::default();
        for day in stage.first_day.through(stage.first_day.plus(DAYS - 1)) {
            a_day_goes_by(&stage, &mut watch, day).await;
        }
        quiesce::everything_settles(&stage, &mut watch).await;
        stage.troupe.is_dismissed();
        let mut reached = diary.reached();
        stage.weather.counts().into_iter().for_each(|(kind, times)| reached.note(kind, times));
        let (people, measured) = (stage.cast.names(), stage.measured.lines());
        Passed { reached, steps: diary.steps(), people, measured }
    })
}

/// A day's scenes, in which the last night's work may still go on; then the night.
async fn a_day_goes_by(stage: &Rc<Stage>, watch: &mut Watch, day: Day) {
    for number in 0..SCENES {
        if stage.poisoned && number == SCENES / 2 && day > stage.first_day {
            poison::strike(stage);
        }
        scene(stage, day).await;
        play(stage, stage.dice.below(60)).await;
        look(stage, watch).await;
        stage.time_passes(stage.dice.between(0, 20_000));
        if stage.dice.chance(40) {
            stage.troupe.cut_off_hurried();
            stage.time_passes(stage.dice.between(0, 40 * 60_000));
        }
        assert_eq!(stage.now().day(), day, "a day's scenes fit into the day");
    }
    stage.troupe.cut_off_hurried();
    if stage.clocks.differ() {
        midnight_goes_by(stage, watch, day).await;
    }
    if stage.dice.chance(20) {
        stage.clocks.go_on_to(day.end().plus_millis(stage.dice.between(20, 30) * 60_000));
        a_day_is_booked_by_hand(stage, day);
        play(stage, stage.dice.below(300)).await;
    }
    stage.clocks.go_on_to(day.end().plus_millis(30 * 60_000));
    if day == stage.first_day {
        // The schedule tries for hours; from its first success on nothing is missed.
        let plan = json!({ "step": "plan", "day": day });
        nightly::handle(&stage.fair.app, &plan).await.unwrap();
    }
    if stage.dice.chance(stage.punctual) {
        night_falls(stage, day);
        play(stage, stage.dice.below(400)).await;
        look(stage, watch).await;
    } else {
        let last_of_quarter = day.quarter().last_day() == day;
        let which = if last_of_quarter { "a night at a quarter's end" } else { "a night" };
        stage.diary.reach(format!("{which} is missed"));
    }
}

/// The minutes around midnight, where clocks differ about the day: everybody is at work, and
/// somebody may want to book the day before it is over.
async fn midnight_goes_by(stage: &Rc<Stage>, watch: &mut Watch, day: Day) {
    stage.clocks.go_on_to(day.end().plus_millis(-MIDNIGHT));
    for _ in 0..SCENES_OF_MIDNIGHT {
        scene(stage, day).await;
        if stage.dice.chance(15) {
            a_day_is_booked_by_hand(stage, day);
        }
        play(stage, stage.dice.below(60)).await;
        look(stage, watch).await;
        stage.troupe.cut_off_hurried();
        stage.time_passes(stage.dice.between(0, 2 * MIDNIGHT / SCENES_OF_MIDNIGHT as i64));
    }
    stage.late_requests_arrive().await;
}

async fn scene(stage: &Rc<Stage>, day: Day) {
    match stage.dice.below(100) {
        0..45 => events_are_sent(stage),
        45..70 => ingest_gets_a_batch(stage, 1 + stage.dice.below(6)),
        70..90 => somebody_opens_a_link(stage),
        90..94 => the_wallet_pays(stage).await,
        94..97 if day > stage.first_day => night_falls(stage, day.previous()),
        _ if day > stage.first_day => {
            let earlier = stage.dice.between(1, i64::from(day.days_since(stage.first_day)));
            a_day_is_booked_by_hand(stage, day.plus(-(earlier as i32)));
        }
        _ => events_are_sent(stage),
    }
}

/// So many turns of those who are at work.
pub async fn play(stage: &Rc<Stage>, turns: usize) {
    for _ in 0..turns {
        if stage.troupe.is_empty() {
            return;
        }
        stage.clocks.one_may_jump();
        match stage.troupe.turn(&stage.dice).await {
            Turn::Working => {}
            Turn::Done(name) => stage.diary.write(format!("{name} is done")),
            Turn::Killed(name) => {
                stage.diary.write(format!("{name} is killed"));
                stage.diary.reach("somebody is killed between two calls");
            }
        }
    }
}

async fn look(stage: &Rc<Stage>, watch: &mut Watch) {
    stage.diary.reach("the promises are checked");
    if watch.looks(stage).await {
        stage.diary.write(format!("visible are runs up to {}", watch.visible()));
        affiliates_read_the_same_everywhere(stage, watch).await;
    }
}
