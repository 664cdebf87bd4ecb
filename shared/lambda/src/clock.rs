//! The one place where the system's time is read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use types::Timestamp;

/// Tells the time. Clones of a clock tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    ManualClock(ManualClock),
}

impl Clock {
    /// The system's time. Nothing can set this clock: it is the one of every deployed function.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `at`, for tests.
    #[must_use]
    pub fn standing_at(at: Timestamp) -> Self {
        let dial = ManualClock::default();
        dial.stand_at(at);
        dial.clock()
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => system_time(),
            Source::ManualClock(dial) => dial.now(),
        }
    }
}

/// Sets the clocks that it gives out. Who holds no dial sets no clock: only the sandbox and tests
/// have one. It tells real time until it is set.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<Mutex<Setting>>);

#[derive(Clone, Copy, Debug, Default)]
enum Setting {
    #[default]
    RealTime,
    FeeContext(Timestamp),
    GoingOn {
        from: Timestamp,
        since: Instant,
    },
}

impl ManualClock {
    /// A clock that this dial sets, also one given out before.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock(Source::ManualClock(self.clone()))
    }

    /// Real time from now on.
    pub fn real_time(&self) {
        self.set(Setting::RealTime);
    }

    /// Stands still at `at`: every reading is the same.
    pub fn stand_at(&self, at: Timestamp) {
        self.set(Setting::FeeContext(at));
    }

    /// Is `at` now, and goes on from there as fast as real time.
    pub fn go_on_from(&self, at: Timestamp) {
        self.set(Setting::GoingOn { from: at, since: Instant::now() });
    }

    /// The time that the dial's clocks tell.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Setting::RealTime => system_time(),
            Setting::FeeContext(at) => at,
            Setting::GoingOn { from, since } => {
                from.plus_millis(i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX))
            }
        }
    }

    fn set(&self, setting: Setting) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = setting;
    }
}

/// The system's time; a clock set before 1970 reads as 1970, where no token and no rule holds.
#[expect(clippy::disallowed_methods, reason = "this is the clock that all others must use")]
fn system_time() -> Timestamp {
    const START: Timestamp = match Timestamp::from_millis(0) {
        Some(start) => start,
        None => unreachable!(),
    };
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    START.plus_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn is_real(clock: &Clock) -> bool {
        clock.now().millis_since(Clock::system().now()).abs() < 60_000
    }

    #[test]
    fn the_system_clock_tells_a_time_after_this_was_written() {
        assert!(Clock::system().now() > at("2026-11-01T00:00:00Z"));
    }

    #[test]
    fn a_standing_clock_does_not_move() {
        let clock = Clock::standing_at(at("2026-11-22T12:00:00Z"));
        sleep(Duration::from_millis(2));
        assert_eq!(clock.now(), at("2026-11-22T12:00:00Z"));
    }

    #[test]
    fn a_clock_that_goes_on_moves_from_where_it_was_set() {
        let dial = ManualClock::default();
        dial.go_on_from(at("2030-01-01T00:00:00Z"));
        sleep(Duration::from_millis(3));
        let gone = dial.now().millis_since(at("2030-01-01T00:00:00Z"));
        assert!((3..60_000).contains(&gone), "{gone}");
    }

    #[test]
    fn a_dial_sets_the_clocks_that_it_has_given_out_and_their_clones() {
        let dial = ManualClock::default();
        let clock = dial.clock();
        let clone = clock.clone();
        assert!(is_real(&clock));
        dial.stand_at(at("2026-01-01T00:00:00Z"));
        assert_eq!((clock.now(), clone.now()), (dial.now(), dial.now()));
        dial.real_time();
        assert!(is_real(&clone));
    }

    #[test]
    fn time_does_not_run_past_the_last_year() {
        let dial = ManualClock::default();
        dial.go_on_from(at("9999-12-31T23:59:59.999Z"));
        sleep(Duration::from_millis(2));
        assert_eq!(dial.now(), at("9999-12-31T23:59:59.999Z"));
    }
}
