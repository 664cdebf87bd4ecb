//! Caches the kill switches of this process, so that a request costs no call for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use types::Timestamp;

use crate::Switches;

/// Milliseconds for which the switches are used before they are read again. With it a command takes
/// effect within half a minute in each process.
const FRESH_MILLIS: i64 = 30_000;
/// Milliseconds until a reading that failed is repeated.
const RETRY_MILLIS: i64 = 5_000;

/// The switches as they were last read. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SwitchCache {
    last: Arc<Mutex<LastReading>>,
    is_off: bool,
}

#[derive(Debug, Default)]
struct LastReading {
    switches: Arc<Switches>,
    /// The instant of the newest reading, and for how many milliseconds it is not repeated.
    at: Option<(Timestamp, i64)>,
}

impl SwitchCache {
    /// Returns a cache that is never fresh.
    pub(crate) fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// Returns the last known switches; without any, no switch is on.
    pub(crate) fn last(&self) -> Arc<Switches> {
        self.locked().switches.clone()
    }

    /// Returns the last known switches unless they are to be read again. A clock that was set back
    /// makes them old.
    pub(crate) fn fresh(&self, now: Timestamp) -> Option<Arc<Switches>> {
        let last = self.locked();
        let (at, millis) = last.at.filter(|_| !self.is_off)?;
        (0..millis).contains(&now.millis_since(at)).then(|| last.switches.clone())
    }

    /// Keeps switches that were read.
    pub(crate) fn keep(&self, switches: Switches, now: Timestamp) -> Arc<Switches> {
        let switches = Arc::new(switches);
        *self.locked() = LastReading { switches: switches.clone(), at: Some((now, FRESH_MILLIS)) };
        switches
    }

    /// Keeps the last known switches after a reading that failed.
    pub(crate) fn keep_last(&self, now: Timestamp) -> Arc<Switches> {
        let mut last = self.locked();
        last.at = Some((now, RETRY_MILLIS));
        last.switches.clone()
    }

    fn locked(&self) -> MutexGuard<'_, LastReading> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_795_348_800_000 + seconds * 1000).unwrap()
    }

    #[test]
    fn switches_are_fresh_for_half_a_minute() {
        let cache = SwitchCache::default();
        assert_eq!(cache.fresh(at(0)), None);
        cache.keep(Switches::default(), at(0));
        let fresh = [-1, 0, 29, 30].map(|seconds| cache.fresh(at(seconds)).is_some());
        assert_eq!(fresh, [false, true, true, false]);
    }

    #[test]
    fn failed_reading_is_repeated_after_5_seconds() {
        let cache = SwitchCache::default();
        cache.keep_last(at(0));
        assert!(cache.fresh(at(4)).is_some() && cache.fresh(at(5)).is_none());
    }

    #[test]
    fn cache_that_is_off_is_never_fresh() {
        let cache = SwitchCache::off();
        cache.keep(Switches::default(), at(0));
        assert_eq!(cache.fresh(at(0)), None);
    }

    #[test]
    fn last_switches_stay_after_they_age() {
        let cache = SwitchCache::default();
        let stop = crate::Stop { reason: "r".to_owned(), actor: "a".to_owned(), at: at(0) };
        let on = Switches { binds: Some(stop), ..Switches::default() };
        cache.keep(on.clone(), at(0));
        assert_eq!(cache.fresh(at(60)), None);
        assert_eq!(*cache.last(), on);
    }
}
