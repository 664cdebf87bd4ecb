//! The clocks of functions. Each invocation has a separate clock, whose error is drawn within the
//! trial's limit and may change between two calls of the invocation.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use lambda::{Clock, ManualClock};
use types::Timestamp;

use super::rng::TrialRng;
use super::trace::Trace;

/// The kinds of clock errors, by their names in the counts.
pub const KINDS: [&str; 4] =
    ["clock ahead", "clock behind", "clock jumps forward", "clock jumps back"];

/// The largest clock error of any trial, in milliseconds: a quarter of a minute less than the ten
/// minutes by which an event may be ahead of ingest's clock.
const FARTHEST: i64 = 585_000;
/// Limits of clock errors, of which each trial draws one.
const ERROR_LEVELS: [i64; 4] = [0, 50, 5_000, FARTHEST];

/// All clocks of a trial.
pub struct Clocks {
    /// A separate generator, so that trials with exact clocks keep their stories.
    rng: TrialRng,
    trace: Rc<Trace>,
    true_time: ManualClock,
    /// Limit of clock errors in milliseconds.
    error_level: Cell<i64>,
    /// The clocks of running invocations.
    running: RefCell<Vec<Weak<OwnClock>>>,
}

/// The clock of one invocation.
pub struct OwnClock {
    dial: ManualClock,
    /// Milliseconds ahead of the true time.
    ahead: Cell<i64>,
}

impl OwnClock {
    pub fn now(&self) -> Timestamp {
        self.dial.now()
    }

    pub fn clock(&self) -> Clock {
        self.dial.clock()
    }

    fn follow(&self, true_now: Timestamp) {
        self.dial.stop_at(true_now.plus_millis(self.ahead.get()));
    }
}

impl Clocks {
    pub fn of(seed: u64, true_time: ManualClock, trace: Rc<Trace>) -> Self {
        let rng = TrialRng::of(!seed);
        let error_level = Cell::new(*rng.pick(&ERROR_LEVELS));
        Self { rng, trace, true_time, error_level, running: RefCell::default() }
    }

    /// Returns whether clocks may be wrong in this trial.
    pub fn differ(&self) -> bool {
        self.error_level.get() > 0
    }

    /// From now on every invocation has the true time.
    pub fn are_set_right(&self) {
        self.error_level.set(0);
    }

    /// Returns a clock for a new invocation.
    pub fn another(&self) -> Rc<OwnClock> {
        let another =
            Rc::new(OwnClock { dial: ManualClock::default(), ahead: Cell::new(self.error()) });
        match another.ahead.get() {
            1.. => self.trace.reach("clock ahead"),
            0 => {}
            _ => self.trace.reach("clock behind"),
        }
        another.follow(self.true_time.now());
        self.running.borrow_mut().push(Rc::downgrade(&another));
        another
    }

    /// Sets the true time; every clock advances with it.
    pub fn go_on_to(&self, now: Timestamp) {
        self.true_time.stop_at(now);
        self.running().iter().for_each(|clock| clock.follow(now));
    }

    /// Occasionally sets the clock of a running invocation, with another error.
    pub fn one_may_jump(&self) {
        if !self.differ() || !self.rng.chance(1) {
            return;
        }
        let running = self.running();
        if running.is_empty() {
            return;
        }
        let clock = self.rng.pick(&running);
        let (before, after) = (clock.ahead.get(), self.error());
        clock.ahead.set(after);
        clock.follow(self.true_time.now());
        match after - before {
            1.. => self.trace.reach("clock jumps forward"),
            0 => {}
            _ => self.trace.reach("clock jumps back"),
        }
    }

    fn error(&self) -> i64 {
        let most = self.error_level.get();
        self.rng.between(-most, most)
    }

    fn running(&self) -> Vec<Rc<OwnClock>> {
        let mut running = self.running.borrow_mut();
        running.retain(|clock| clock.strong_count() > 0);
        running.iter().filter_map(Weak::upgrade).collect()
    }
}
