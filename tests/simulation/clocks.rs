//! The clocks by which functions go. Each invocation has one of its own, which is wrong by as much as
//! the trial has drawn, and may be set while the invocation is between two of its calls.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use lambda::{Clock, ManualClock};
use types::Timestamp;

use super::rng::Dice;
use super::trace::Diary;

/// What can be wrong with clocks, by the names under which it is counted.
pub const KINDS: [&str; 4] =
    ["clock ahead", "clock behind", "clock jumps forward", "clock jumps back"];

/// The most by which a clock is wrong in any trial, in milliseconds: a quarter of a minute less than
/// the ten minutes by which an event may lie ahead of the clock that it is taken in by.
const FARTHEST: i64 = 585_000;
/// The most by which clocks are wrong, of which each trial draws one.
const ROUGHNESS: [i64; 4] = [0, 50, 5_000, FARTHEST];

/// All clocks of a trial.
pub struct Clocks {
    /// Dice of their own, so that stories stay what they are where all clocks are right.
    dice: Dice,
    diary: Rc<Diary>,
    true_time: ManualClock,
    /// By how many milliseconds a clock may be wrong.
    roughness: Cell<i64>,
    /// The clocks of invocations that are under way.
    running: RefCell<Vec<Weak<OwnClock>>>,
}

/// The clock of one invocation.
pub struct OwnClock {
    dial: ManualClock,
    /// By how many milliseconds it is ahead of the true time.
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
        self.dial.stand_at(true_now.plus_millis(self.ahead.get()));
    }
}

impl Clocks {
    pub fn of(seed: u64, true_time: ManualClock, diary: Rc<Diary>) -> Self {
        let dice = Dice::of(!seed);
        let roughness = Cell::new(*dice.pick(&ROUGHNESS));
        Self { dice, diary, true_time, roughness, running: RefCell::default() }
    }

    /// Whether clocks may be wrong in this trial.
    pub fn differ(&self) -> bool {
        self.roughness.get() > 0
    }

    /// From now on every invocation has the true time.
    pub fn are_set_right(&self) {
        self.roughness.set(0);
    }

    /// A clock for an invocation that begins.
    pub fn another(&self) -> Rc<OwnClock> {
        let another =
            Rc::new(OwnClock { dial: ManualClock::default(), ahead: Cell::new(self.error()) });
        match another.ahead.get() {
            1.. => self.diary.reach("clock ahead"),
            0 => {}
            _ => self.diary.reach("clock behind"),
        }
        another.follow(self.true_time.now());
        self.running.borrow_mut().push(Rc::downgrade(&another));
        another
    }

    /// It is `now`, and every clock goes on with the true time.
    pub fn go_on_to(&self, now: Timestamp) {
        self.true_time.stand_at(now);
        self.running().iter().for_each(|clock| clock.follow(now));
    }

    /// Once in a while the clock of somebody who is at work is set, to a time no better than before.
    pub fn one_may_jump(&self) {
        if !self.differ() || !self.dice.chance(1) {
            return;
        }
        let running = self.running();
        if running.is_empty() {
            return;
        }
        let clock = self.dice.pick(&running);
        let (before, after) = (clock.ahead.get(), self.error());
        clock.ahead.set(after);
        clock.follow(self.true_time.now());
        match after - before {
            1.. => self.diary.reach("clock jumps forward"),
            0 => {}
            _ => self.diary.reach("clock jumps back"),
        }
    }

    fn error(&self) -> i64 {
        let most = self.roughness.get();
        self.dice.between(-most, most)
    }

    fn running(&self) -> Vec<Rc<OwnClock>> {
        let mut running = self.running.borrow_mut();
        running.retain(|clock| clock.strong_count() > 0);
        running.iter().filter_map(Weak::upgrade).collect()
    }
}
