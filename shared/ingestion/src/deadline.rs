//! How long an invocation may go on before it reports what is left.

use lambda::Clock;
use types::Timestamp;

/// Time that is kept for the part of a batch that is under way, and for the answer.
const MARGIN_MILLIS: i64 = 20_000;

/// The instant after which no further part of a batch is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Timestamp>);

impl Deadline {
    /// No deadline.
    pub const NONE: Self = Self(None);

    /// The deadline of a process that is ended at `cut_off`.
    #[must_use]
    pub fn before(cut_off: Timestamp) -> Self {
        Self(Some(cut_off.plus_millis(-MARGIN_MILLIS)))
    }

    /// The deadline of an invocation that began at `now`. A cut-off that lies before that is none:
    /// cargo-lambda's emulator gives a length instead of an instant.
    #[must_use]
    pub fn of_invocation(cut_off: Option<Timestamp>, now: Timestamp) -> Self {
        cut_off.filter(|cut_off| *cut_off > now).map_or(Self::NONE, Self::before)
    }

    pub(crate) fn has_passed(self, clock: &Clock) -> bool {
        self.0.is_some_and(|end| clock.now() >= end)
    }
}
