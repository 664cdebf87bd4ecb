//! How a command ends.

use std::path::PathBuf;

use archiving::ArchivingError;
use commission::Overflow;
use lambda::StartError;
use nightly::StepError;
use storage::TableError;

/// The outcome of a completed command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Clean,
    /// It reported something that needs attention.
    NeedsAttention,
}

impl Outcome {
    /// All is well where nothing is to be looked at.
    #[must_use]
    pub const fn of(clean: bool) -> Self {
        if clean { Self::Clean } else { Self::NeedsAttention }
    }

    /// The exit code: 0 or 1.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::NeedsAttention => 1,
        }
    }
}

/// Why a command was not completed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The input is invalid, or its subject does not exist.
    #[error("{0}")]
    InvalidInput(String),
    /// The environment does not name a table.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no terminal for a confirmation, and no `--yes`.
    #[error("this writes to {0}, and there is no terminal for a confirmation: confirm with --yes")]
    NobodyToAsk(String),
    /// The operator said no.
    #[error("nothing was done")]
    Declined,
    /// The table does not answer at all.
    #[error("{target} does not answer")]
    Unreachable {
        /// The table.
        target: String,
        /// Why.
        #[source]
        error: TableError,
    },
    /// The tables of an account cannot be listed, to find the stack's.
    #[error("the table of the stack {stack} could not be looked up: {error}")]
    Unlisted {
        /// The stack.
        stack: String,
        /// The cause, with its chain.
        error: String,
    },
    /// Figures that do not fit into 128 bits.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// A step of the nightly job failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// A day was not archived or restored.
    #[error(transparent)]
    Archiving(#[from] ArchivingError),
    /// The table failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A file cannot be read or written.
    #[error("{}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// A file has unexpected contents.
    #[error("{}: {sentence}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The place of the error, and the expected contents.
        sentence: String,
    },
}

impl Failure {
    /// Returns the exit code: 1 if the figures were refused, 2 if nothing was started, 3 if the
    /// work was interrupted and can be resumed.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Overflow(_)
            | Self::Step(StepError::ConservationRefused { .. })
            | Self::Archiving(
                ArchivingError::NotAsStored { .. } | ArchivingError::NotAsBooked { .. },
            ) => 1,
            Self::InvalidInput(_)
            | Self::Start(_)
            | Self::NobodyToAsk(_)
            | Self::Declined
            | Self::Unreachable { .. }
            | Self::Unlisted { .. }
            | Self::Step(
                StepError::BadRequest(_)
                | StepError::DayNotOver(_)
                | StepError::PaymentsStopped(_)
                | StepError::QuarterNotEvaluated { .. }
                | StepError::Archived { .. },
            )
            | Self::Archiving(
                ArchivingError::TooEarly { .. }
                | ArchivingError::NotClosed(_)
                | ArchivingError::Unbooked(_)
                | ArchivingError::NotArchived(_),
            ) => 2,
            Self::Archiving(_)
            | Self::Step(_)
            | Self::Table(_)
            | Self::File { .. }
            | Self::Content { .. } => 3,
        }
    }

    /// For `map_err`: a failure at a file.
    pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
