//! The programme under every fault that we could make up, in trials of which each follows from one
//! seed alone.
//!
//! A trial tells a story of some days: people open links, trade and move; the exchange tells of it
//! late, twice, and in any order; ingest, windows, nights and runs by hand are all at work at the
//! same time, one call to the table after the other, die between any two of them, and come again
//! as ghosts; and the network and the service fail at a rate of the trial's own. After every scene
//! the programme's promises are checked on what is read back, by those who meet no fault. At the
//! end everything arrives, and the books must be those of an [`oracle`] that knows the rules but
//! none of the code, and those of a world in which nothing ever went wrong.
//!
//! `SEEDS=1000 cargo test -p end-to-end simulation` tries more; `SEED=7` tries one again, and
//! prints its steps if it fails.

mod clocks;
mod exchange;
mod facts;
mod fault_injection;
mod invariant_checker;
mod oracle;
mod personas;
mod poison;
mod queue;
mod quiesce;
mod reading;
mod regressions;
mod rng;
mod scheduler;
mod trace;
mod trial;
mod trial_state;
mod working;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use types::Reason;

use trace::Reached;
pub use trial::{trial, watched_trial};

/// What happens to nights and to messages, and must be reached.
const EVENTS_OF_NIGHTS: [&str; 10] = [
    "a night is missed",
    "a night at a quarter's end is missed",
    "a night makes up for several days",
    "a quarter is evaluated",
    "a binding is found void",
    "redelivered on the same day",
    "redelivered a day or more later",
    "a quarter is evaluated late, by all that is known",
    "a day is booked late, by all that is known",
    "a tier is reached",
];

/// How many trials an ordinary `cargo test` makes.
const SEEDS: u64 = 24;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Makes the trials of all seeds below `end`, on all cores.
fn trials(end: u64) -> Reached {
    let (next, reached) = (AtomicU64::new(0), Mutex::new(Reached::default()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let passed = trial(seed);
                    reached.lock().unwrap().merge(&passed.reached);
                }
            });
        }
    });
    reached.into_inner().unwrap()
}

/// Everything that trials must have reached, or they show nothing.
fn to_be_reached() -> Vec<String> {
    let faults = fault_injection::KINDS.iter().chain(&clocks::KINDS).map(|kind| (*kind).to_owned());
    let expired = "refused: confirmation_expired".to_owned();
    let refusals = Reason::ALL.iter().filter(|reason| reason.refuses_bind());
    let zeros = Reason::ALL.iter().filter(|reason| reason.zeroes_fee());
    let stories = exchange::STORIES.iter().chain(&EVENTS_OF_NIGHTS).map(|name| (*name).to_owned());
    let poison = poison::KINDS.iter().map(|name| (*name).to_owned());
    faults
        .chain([expired])
        .chain(stories)
        .chain(poison)
        .chain(refusals.map(|reason| format!("refused: {reason}")))
        .chain(zeros.map(|reason| format!("earned nothing: {reason}")))
        .collect()
}

#[test]
fn every_promise_is_kept_in_every_weather() {
    if let Some(seed) = variable("SEED") {
        println!("{}", trial(seed).reached);
        return;
    }
    let reached = trials(variable("SEEDS").unwrap_or(SEEDS));
    println!("{reached}");
    let wanted = to_be_reached();
    assert_eq!(reached.missing(wanted.iter().map(String::as_str)), [""; 0], "never reached");
}

#[test]
fn a_seed_tells_the_same_story_each_time() {
    assert_eq!(trial(3).steps, trial(3).steps);
}
