//! Why a step did not complete, by names that the state machine knows.

use commission::{ConservationError, Overflow};
use lambda_runtime::Diagnostic;
use storage::TableError;
use types::{Day, Quarter};

/// Why a step did not complete.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The input is no step's.
    #[error("{0}")]
    BadRequest(String),
    /// A day is booked when it is over by every clock.
    #[error("{0} is not over yet; a day is booked from 00:20 UTC of the next day on")]
    DayNotOver(Day),
    /// The tiers of the day are not set: the quarter before it is still to be closed and evaluated.
    #[error("{day} is booked when {quarter} is evaluated, which the night does that closes it")]
    QuarterNotEvaluated {
        /// The day.
        day: Day,
        /// The quarter to evaluate next.
        quarter: Quarter,
    },
    /// The table asks us to slow down. Try again.
    #[error("the table is busy: {0}")]
    Throttled(TableError),
    /// Something that the step needs is still to be done, by a retry of an earlier step.
    #[error("{0}")]
    Unfinished(String),
    /// The worker's time is nearly over. Its results are stored: the same input resumes there.
    #[error("the time of this invocation is nearly over; the same input again goes on from here")]
    HandedOver,
    /// The same, of a day in one invocation.
    #[error(
        "the time of this invocation is nearly over; go on with {{\"day\":\"{day}\",\"run\":\"{run}\"}}"
    )]
    DayHandedOver {
        /// The day.
        day: Day,
        /// The run's name, under which what is done is kept.
        run: String,
    },
    /// Another run of the day was committed first; this one has nothing more to do.
    #[error("another run of {0} was committed first")]
    Superseded(Day),
    /// The figures do not add up. Nothing is booked; an operator has to look.
    #[error("the run of {day} was refused: {breach}")]
    ConservationRefused {
        /// The day.
        day: Day,
        /// Where it fails.
        breach: ConservationError,
    },
    /// An item that the step needs cannot be read.
    #[error("{0}")]
    Corrupt(String),
    /// The ledger's head cannot be read. No day is booked and no dashboard answers until it is
    /// restored.
    #[error("the ledger's head cannot be read: {0}")]
    HeadUnreadable(String),
    /// DynamoDB refuses what the step writes.
    #[error("{0}")]
    Rejected(String),
    /// A committed run cannot be published, so that no other one can be committed.
    #[error("run {seq} cannot be published: {error}")]
    Unpublished {
        /// The run's number.
        seq: u64,
        /// Why.
        error: Box<Self>,
    },
    /// The affiliate is parked.
    #[error("the affiliate is parked")]
    Parked,
    /// So many days are deferred that the fault is not in one of them.
    #[error("{0} days are set aside; no more are until some of them are booked")]
    TooManySetAside(usize),
    /// Any other failure.
    #[error("{0}")]
    Internal(String),
}

impl StepError {
    /// The error's name, as the state machine's `Retry` and `Catch` spell it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "BadRequest",
            Self::DayNotOver(_) => "DayNotOver",
            Self::QuarterNotEvaluated { .. } => "QuarterNotEvaluated",
            Self::Throttled(_) => "Throttled",
            Self::Unfinished(_) => "Unfinished",
            Self::HandedOver | Self::DayHandedOver { .. } => "HandedOver",
            Self::Superseded(_) => "Superseded",
            Self::ConservationRefused { .. } => "ConservationRefused",
            Self::Corrupt(_) => "Corrupt",
            Self::HeadUnreadable(_) => "HeadUnreadable",
            Self::Rejected(_) => "Rejected",
            Self::Unpublished { .. } => "Unpublished",
            Self::Parked => "Parked",
            Self::TooManySetAside(_) => "TooManySetAside",
            Self::Internal(_) => "Internal",
        }
    }

    /// Whether the state machine tries again by itself, or has nothing left to do.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Throttled(_)
            | Self::Unfinished(_)
            | Self::HandedOver
            | Self::DayHandedOver { .. }
            | Self::Superseded(_) => true,
            Self::BadRequest(_)
            | Self::DayNotOver(_)
            | Self::QuarterNotEvaluated { .. }
            | Self::ConservationRefused { .. }
            | Self::Corrupt(_)
            | Self::HeadUnreadable(_)
            | Self::Rejected(_)
            | Self::Unpublished { .. }
            | Self::Parked
            | Self::TooManySetAside(_)
            | Self::Internal(_) => false,
        }
    }

    /// Whether the step ends in the same way however often it is tried, until an operator repairs
    /// its cause: its unit is deferred, and everything else continues.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::ConservationRefused { .. } | Self::Corrupt(_) | Self::Rejected(_))
    }

    /// A refusal of a day's figures.
    pub(crate) fn refused(day: Day) -> impl Fn(ConservationError) -> Self {
        move |breach| Self::ConservationRefused { day, breach }
    }

    /// A sum of a day's figures that does not fit.
    pub(crate) fn overflow(day: Day) -> impl Fn(Overflow) -> Self {
        move |overflow| Self::ConservationRefused { day, breach: overflow.into() }
    }
}

impl From<TableError> for StepError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Throttled(_) | TableError::Contended(_) => Self::Throttled(error),
            TableError::Corrupt { what: "head", .. }
            | TableError::UnknownSchemaVersion { what: "head", .. } => {
                Self::HeadUnreadable(error.to_string())
            }
            TableError::Corrupt { .. } | TableError::UnknownSchemaVersion { .. } => {
                Self::Corrupt(error.to_string())
            }
            TableError::Rejected(_) => Self::Rejected(error.to_string()),
            TableError::Service(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<StepError> for Diagnostic {
    fn from(error: StepError) -> Self {
        Self { error_type: error.name().to_owned(), error_message: error.to_string() }
    }
}
