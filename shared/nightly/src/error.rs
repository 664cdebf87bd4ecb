//! The errors of a step, with names that the state machine knows.

use std::error::Error;
use std::sync::Arc;

use commission::{ConservationError, Overflow};
use lambda_runtime::Diagnostic;
use storage::TableError;
use types::{Day, Quarter, error_chain};

/// The reason why a step did not complete.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The input is not a valid step.
    #[error("{0}")]
    BadRequest(String),
    /// The day is not yet over by every clock, and is booked only afterwards.
    #[error("{0} is not over yet; a day is booked from 00:20 UTC of the next day on")]
    DayNotOver(Day),
    /// The tiers of the day are not set: the previous quarter must be closed and evaluated first.
    #[error("{day} is booked when {quarter} is evaluated, which the night does that closes it")]
    QuarterNotEvaluated {
        /// The day.
        day: Day,
        /// The quarter to evaluate next.
        quarter: Quarter,
    },
    /// DynamoDB throttles the table. The step can be retried.
    #[error("the table is busy")]
    Throttled(#[source] TableError),
    /// An earlier step that this step needs is not complete; a retry completes it.
    #[error("{0}")]
    Unfinished(String),
    /// The worker's time is nearly over. Its results are stored, and the same input resumes there.
    #[error("the time of this invocation is nearly over; the same input again goes on from here")]
    HandedOver,
    /// The same for a day in one invocation.
    #[error(
        "the time of this invocation is nearly over; go on with {{\"day\":\"{day}\",\"run\":\"{run}\"}}"
    )]
    DayHandedOver {
        /// The day.
        day: Day,
        /// The run's name, under which its results are stored.
        run: String,
    },
    /// Another run of the day was committed first; this run has nothing more to do.
    #[error("another run of {0} was committed first")]
    Superseded(Day),
    /// An operator has stopped payments. The day stays open, and the first night after the stop
    /// books it.
    #[error("payments are stopped, so {0} is not booked; `operator switches` shows why")]
    PaymentsStopped(Day),
    /// The figures do not add up. Nothing is booked, and an operator must investigate.
    #[error("the run of {day} was refused")]
    ConservationRefused {
        /// The day.
        day: Day,
        /// The failed check.
        #[source]
        breach: ConservationError,
    },
    /// An item that the step needs cannot be read. One such item may concern several affiliates.
    #[error(transparent)]
    Corrupt(Arc<TableError>),
    /// The ledger's head cannot be read. No day is booked and no dashboard request is answered
    /// until it is restored.
    #[error("the ledger's head cannot be read")]
    HeadUnreadable(#[source] TableError),
    /// DynamoDB rejects a write of the step.
    #[error(transparent)]
    Rejected(TableError),
    /// A committed run cannot be published, so that no other run can be committed.
    #[error("run {seq} cannot be published")]
    Unpublished {
        /// The run's number.
        seq: u64,
        /// The cause.
        #[source]
        error: Box<Self>,
    },
    /// The affiliate is parked.
    #[error("the affiliate is parked")]
    Parked,
    /// So many days are deferred that the cause is not limited to one of them.
    #[error("{0} days are set aside; no more are until some of them are booked")]
    TooManySetAside(usize),
    /// Fees of an archived day are needed, and the archive cannot be read.
    #[error("the fees of {day} are in the archive, which cannot be read")]
    Archived {
        /// The day.
        day: Day,
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Any other failure.
    #[error(transparent)]
    Internal(Box<dyn Error + Send + Sync>),
}

impl StepError {
    /// Returns the error's name as the state machine's `Retry` and `Catch` spell it.
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
            Self::PaymentsStopped(_) => "PaymentsStopped",
            Self::ConservationRefused { .. } => "ConservationRefused",
            Self::Corrupt(_) => "Corrupt",
            Self::HeadUnreadable(_) => "HeadUnreadable",
            Self::Rejected(_) => "Rejected",
            Self::Unpublished { .. } => "Unpublished",
            Self::Parked => "Parked",
            Self::TooManySetAside(_) => "TooManySetAside",
            Self::Archived { .. } => "Archived",
            Self::Internal(_) => "Internal",
        }
    }

    /// Returns whether the state machine retries by itself, or has nothing left to do.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Throttled(_)
            | Self::Unfinished(_)
            | Self::HandedOver
            | Self::DayHandedOver { .. }
            | Self::Superseded(_)
            | Self::PaymentsStopped(_) => true,
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
            | Self::Archived { .. }
            | Self::Internal(_) => false,
        }
    }

    /// Returns whether the step fails in the same way at every retry, until an operator repairs the
    /// cause. Its unit is deferred, and everything else continues.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::ConservationRefused { .. } | Self::Corrupt(_) | Self::Rejected(_))
    }

    /// Converts an error without a separate name.
    pub(crate) fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// Converts a failed conservation check of a day.
    pub(crate) fn refused(day: Day) -> impl Fn(ConservationError) -> Self {
        move |breach| Self::ConservationRefused { day, breach }
    }

    /// Converts an overflow in a sum of a day.
    pub(crate) fn overflow(day: Day) -> impl Fn(Overflow) -> Self {
        move |overflow| Self::ConservationRefused { day, breach: overflow.into() }
    }
}

impl From<TableError> for StepError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Throttled(_) | TableError::Contended(_) => Self::Throttled(error),
            TableError::Corrupt { what: "head", .. }
            | TableError::UnknownSchemaVersion { what: "head", .. } => Self::HeadUnreadable(error),
            TableError::Corrupt { .. } | TableError::UnknownSchemaVersion { .. } => {
                Self::Corrupt(Arc::new(error))
            }
            TableError::Rejected(_) => Self::Rejected(error),
            TableError::Service(_) => Self::internal(error),
        }
    }
}

impl From<StepError> for Diagnostic {
    fn from(error: StepError) -> Self {
        Self { error_type: error.name().to_owned(), error_message: error_chain(&error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_to_be_retried_may_pass() {
        assert!(StepError::Unfinished("an earlier step".to_owned()).may_pass());
        assert!(StepError::HandedOver.may_pass());
        assert!(!StepError::BadRequest("no day".to_owned()).may_pass());
        assert!(!StepError::Parked.may_pass());
    }
}
