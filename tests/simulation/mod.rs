//! Simulation of the programme under every known fault. Each trial follows from one seed alone.
//!
//! A trial covers some days. Users open links, trade and move; the exchange reports this late,
//! twice, and in any order; ingest, binds, nightly and manual runs are concurrent, interleaved at
//! every call to the table, killed between any two calls, and duplicated; network and service fail
//! at the trial's rate. After every scene the programme's invariants are checked without faults. At
//! the end everything is delivered, and the books must equal those of an [`oracle`] that shares the
//! rules but no code, and those of an undisturbed programme.
//!
//! `SEEDS=1000 cargo test -p end-to-end simulation` runs more; `SEED=7` repeats one, and prints its
//! steps if it fails.

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
pub use trial::{observed_trial, trial};

/// Events of nightly runs and messages that the trials must cover.
const EVENTS_OF_NIGHTS: [&str; 13] = [
    "affiliates are reconciled",
    "deferred activity is applied",
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
    "a rebate is listed by day",
];

/// Number of trials in an ordinary `cargo test`.
const SEEDS: u64 = 30;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Stack of a trial's thread, in bytes. Without optimisation, a commit that first publishes another
/// run needs more than the 2 MiB that a thread has by default.
pub const STACK: usize = 8 << 20;

/// Runs the trials of all seeds below `end`, on all cores.
fn trials(end: u64) -> Reached {
    let (next, reached) = (AtomicU64::new(0), Mutex::new(Reached::default()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            let run = || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let passed = trial(seed);
                    reached.lock().unwrap().merge(&passed.reached);
                }
            };
            let thread = std::thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, run).unwrap();
        }
    });
    reached.into_inner().unwrap()
}

/// Returns everything that the trials must cover to be meaningful.
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
fn invariants_hold_under_faults() {
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
fn seed_is_deterministic() {
    assert_eq!(trial(3).steps, trial(3).steps);
}
