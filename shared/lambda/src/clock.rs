//! The one place where the system's time is read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use types::Timestamp;

/// Returns the time. Clones of a clock return the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The system's time. Nothing can set this clock: it is the one of every deployed function.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Returns a clock that stays at `at`, for tests.
    #[must_use]
    pub fn standing_at(at: Timestamp) -> Self {
        let manual = ManualClock::default();
        manual.stop_at(at);
        manual.clock()
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => system_time(),
            Source::Manual(manual) => manual.now(),
        }
    }
}

/// Sets the clocks that it returned. Only the sandbox and tests have one, so nothing else can set a
/// clock. Its clocks return real time until it is set.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<Mutex<Setting>>);

#[derive(Clone, Copy, Debug, Default)]
enum Setting {
    #[default]
    RealTime,
    Stopped(Timestamp),
    Running {
        from: Timestamp,
        since: Instant,
    },
}

impl ManualClock {
    /// Returns a clock that follows this one's settings, also earlier and later ones.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(self.clone()))
    }

    /// Real time from now on.
    pub fn real_time(&self) {
        self.set(Setting::RealTime);
    }

    /// Stops the clocks at `at`: every reading is the same.
    pub fn stop_at(&self, at: Timestamp) {
        self.set(Setting::Stopped(at));
    }

    /// Sets the clocks to `at`, from where they run as fast as real time.
    pub fn run_from(&self, at: Timestamp) {
        self.set(Setting::Running { from: at, since: Instant::now() });
    }

    /// Returns the time of its clocks.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Setting::RealTime => system_time(),
            Setting::Stopped(at) => at,
            Setting::Running { from, since } => {
                from.plus_millis(i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX))
            }
        }
    }

    fn set(&self, setting: Setting) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = setting;
    }
}

/// Returns the system's time. A clock set before 1970 reads as 1970, when no token and no rule is
/// valid.
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
    fn system_clock_returns_current_time() {
        assert!(Clock::system().now() > at("2026-11-01T00:00:00Z"));
    }

    #[test]
    fn stopped_clock_does_not_move() {
        let clock = Clock::standing_at(at("2026-11-22T12:00:00Z"));
        sleep(Duration::from_millis(2));
        assert_eq!(clock.now(), at("2026-11-22T12:00:00Z"));
    }

    #[test]
    fn running_clock_starts_at_set_time() {
        let manual = ManualClock::default();
        manual.run_from(at("2030-01-01T00:00:00Z"));
        sleep(Duration::from_millis(3));
        let gone = manual.now().millis_since(at("2030-01-01T00:00:00Z"));
        assert!((3..60_000).contains(&gone), "{gone}");
    }

    #[test]
    fn manual_clock_sets_its_clones() {
        let manual = ManualClock::default();
        let clock = manual.clock();
        let clone = clock.clone();
        assert!(is_real(&clock));
        manual.stop_at(at("2026-01-01T00:00:00Z"));
        assert_eq!((clock.now(), clone.now()), (manual.now(), manual.now()));
        manual.real_time();
        assert!(is_real(&clone));
    }

    #[test]
    fn time_ends_with_year_9999() {
        let manual = ManualClock::default();
        manual.run_from(at("9999-12-31T23:59:59.999Z"));
        sleep(Duration::from_millis(2));
        assert_eq!(manual.now(), at("9999-12-31T23:59:59.999Z"));
    }
}
