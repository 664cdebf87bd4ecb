//! How long a worker may go on before the next one has to take over.

use runtime::Clock;
use terms::Timestamp;

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

    /// Refuses to go on when the time is nearly over: what is done is kept, and whoever takes
    /// over finds it done.
    pub(crate) fn check(self, clock: &Clock) -> Result<(), StepError> {
        match self.0 {
            Some(end) if clock.now() >= end => Err(StepError::HandedOver),
            _ => Ok(()),
        }
    }
}
