//! What can go wrong while the sample programme is loaded.

use nightly::StepError;
use storage::TableError;

/// Why a day of the sample could not be lived through.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The table failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The night failed.
    #[error("its night failed: {0}")]
    Night(#[from] StepError),
    /// An event of the sample cannot be read.
    #[error("an event was refused: {0}")]
    Quarantined(String),
    /// An affiliate or a user was refused what the sample has him do.
    #[error("{what} was answered with {status}: {answer}")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// The status.
        status: u16,
        /// The problem.
        answer: String,
    },
    /// The sample invites through a link that nobody has made.
    #[error("somebody is invited through a link that was not made")]
    NoLink,
    /// Events wait for accounts that never came.
    #[error("{0} events still wait for an account at the end")]
    LeftOver(usize),
    /// JSON of ours that is none.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}
