//! How long a worker may go on before the next one has to take over.

use lambda::Clock;
use types::Timestamp;

use crate::StepError;

/// What a worker keeps of its time to come to a clean end.
const MARGIN_MILLIS: i64 = 20_000;

/// The end of a worker's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Timestamp>);

impl Deadline {
    /// A worker that nobody cuts off.
    pub const NONE: Self = Self(None);

    /// A worker that is cut off at this instant.
    #[must_use]
    pub fn at(cut_off: Timestamp) -> Self {
        Self(Some(cut_off.plus_millis(-MARGIN_MILLIS)))
    }

    /// The deadline of an invocation that began at `now`, as Lambda tells it. One that was over
    /// before that is none: cargo-lambda's emulator tells a length instead of an instant.
    #[must_use]
    pub fn of_invocation(cut_off: Option<Timestamp>, now: Timestamp) -> Self {
        cut_off.filter(|cut_off| *cut_off > now).map_or(Self::NONE, Self::at)
    }

    /// Refuses to go on when the time is nearly over: what is done is kept, and whoever takes
    /// over finds it done.
    pub(crate) fn check(self, clock: &Clock) -> Result<(), StepError> {
        match self.0 {
            Some(end) if clock.now() >= end => Err(StepError::HandedOver),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_was_over_before_the_invocation_is_none() {
        let at = |millis| Timestamp::from_millis(millis);
        let now = at(1_800_000_000_000).unwrap();
        assert_eq!(Deadline::of_invocation(at(600_000), now), Deadline::NONE);
        assert_eq!(Deadline::of_invocation(None, now), Deadline::NONE);
        let later = now.plus_millis(900_000);
        assert_eq!(Deadline::of_invocation(Some(later), now), Deadline::at(later));
    }
}
