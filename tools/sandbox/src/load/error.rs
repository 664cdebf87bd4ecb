//! Errors while the sample programme is loaded.

use nightly::StepError;
use storage::TableError;

/// Reason why a day of the sample could not be simulated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The table failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The night failed.
    #[error("its night failed")]
    Night(#[from] StepError),
    /// An event of the sample cannot be read.
    #[error("an event was refused: {0}")]
    Quarantined(String),
    /// An action of an affiliate or user in the sample was refused.
    #[error("{what} was answered with {status}: {answer}")]
    Refused {
        /// The action.
        what: &'static str,
        /// The status.
        status: u16,
        /// The problem.
        answer: String,
    },
    /// The sample invites through a link that does not exist.
    #[error("a user is invited through a link that does not exist")]
    NoLink,
    /// Events wait for accounts that never arrived.
    #[error("{0} events still wait for an account at the end")]
    LeftOver(usize),
    /// Generated JSON is invalid.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}
