//! The end of an invocation's time.

use types::Timestamp;

use crate::Clock;

/// Time that an invocation keeps back to stop cleanly and answer.
const MARGIN_MILLIS: i64 = 20_000;

/// The instant after which an invocation begins nothing new. What it has done is kept, and the next
/// invocation resumes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Timestamp>);

impl Deadline {
    /// No deadline.
    pub const NONE: Self = Self(None);

    /// Returns the deadline of a process that is ended at `cut_off`.
    #[must_use]
    pub fn before(cut_off: Timestamp) -> Self {
        Self(Some(cut_off.plus_millis(-MARGIN_MILLIS)))
    }

    /// Returns the deadline of an invocation that began at `now`. A cut-off before `now` counts as
    /// none: cargo-lambda's emulator gives a duration instead of an instant.
    #[must_use]
    pub fn of_invocation(cut_off: Option<Timestamp>, now: Timestamp) -> Self {
        cut_off.filter(|cut_off| *cut_off > now).map_or(Self::NONE, Self::before)
    }

    /// Returns whether the deadline has passed.
    #[must_use]
    pub fn has_passed(self, clock: &Clock) -> bool {
        self.0.is_some_and(|end| clock.now() >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn cut_off_before_the_invocation_is_none() {
        let now = at(1_800_000_000_000);
        assert_eq!(Deadline::of_invocation(Some(at(600_000)), now), Deadline::NONE);
        assert_eq!(Deadline::of_invocation(None, now), Deadline::NONE);
        let later = now.plus_millis(900_000);
        assert_eq!(Deadline::of_invocation(Some(later), now), Deadline::before(later));
    }

    #[test]
    fn deadline_passes_a_margin_before_the_cut_off() {
        let deadline = Deadline::before(at(100_000));
        assert!(!deadline.has_passed(&Clock::standing_at(at(79_999))));
        assert!(deadline.has_passed(&Clock::standing_at(at(80_000))));
        assert!(!Deadline::NONE.has_passed(&Clock::standing_at(at(100_000))));
    }
}
