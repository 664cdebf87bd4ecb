//! The errors of archiving and restoring.

use archive::{ArchiveError, Kind};
use commission::Overflow;
use storage::TableError;
use types::{Day, Timestamp};

/// The reason why a day was not archived or restored.
#[derive(Debug, thiserror::Error)]
pub enum ArchivingError {
    /// The correction horizon is not over.
    #[error("{day} may still be corrected; it can be archived from {from} on")]
    TooEarly {
        /// The day.
        day: Day,
        /// From when it can be archived.
        from: Timestamp,
    },
    /// The day is not closed, or not booked completely for every affiliate.
    #[error("{0} is not closed, or not booked completely for every affiliate")]
    NotClosed(Day),
    /// Fees or corrections arrived that no run has booked.
    #[error("{0} has fees or corrections that are not booked: the next night books them")]
    Unbooked(Day),
    /// A run of the day was committed, or its archive changed, meanwhile. All that was removed from
    /// the table is in the archive.
    #[error("the record of {0} changed meanwhile: try again")]
    Moved(Day),
    /// Files that were read back differ from the table, or the table changed meanwhile.
    #[error(
        "the archived {kind} of {day}, read back, are not what the table has; nothing was deleted"
    )]
    NotAsStored {
        /// The kind of the records.
        kind: Kind,
        /// The day.
        day: Day,
    },
    /// The lines in the table do not have the totals, the number or the chain of their runs.
    #[error("the lines of run {seq} are not those that it was committed with: verify {day}")]
    NotAsBooked {
        /// The day.
        day: Day,
        /// The run.
        seq: u64,
    },
    /// The day is not archived.
    #[error("{0} is not archived")]
    NotArchived(Day),
    /// The archive cannot be written or read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The table failed, or a record cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A record does not encode.
    #[error("a record does not encode as JSON")]
    Json(#[from] serde_json::Error),
    /// A sum does not fit.
    #[error(transparent)]
    Sum(#[from] Overflow),
}
