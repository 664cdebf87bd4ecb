//! Errors of the archive.

use parquet::errors::ParquetError;
use types::Malformed;

/// The reason why the archive cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store failed.
    #[error("the archive's store failed at {path}")]
    Store {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file is not in the store.
    #[error("the archive has no {0}")]
    Missing(String),
    /// A file differs from the one that the manifest names, or the manifest from the one that the
    /// table names.
    #[error("{path} is not the file that was archived: its SHA-256 is {found}, not {expected}")]
    Changed {
        /// The file.
        path: String,
        /// The expected digest.
        expected: String,
        /// The digest of its bytes.
        found: String,
    },
    /// The manifest does not decode.
    #[error("the manifest does not decode")]
    Manifest(#[from] serde_json::Error),
    /// The manifest has a format that this code does not know.
    #[error("the manifest has format {found}, and this code reads format {known}")]
    UnknownFormat {
        /// The number of its format.
        found: u32,
        /// The number that this code reads.
        known: u32,
    },
    /// A Parquet file cannot be written or does not decode.
    #[error("a Parquet file cannot be written or read")]
    Parquet(#[from] ParquetError),
    /// A file has other columns than its kind.
    #[error("the file has other columns than its kind")]
    Columns,
    /// A value in a file is not of its type.
    #[error("a value in a file is malformed")]
    Value(#[from] Malformed),
    /// An amount does not fit into a decimal of 38 digits with 18 decimal places.
    #[error("an amount does not fit into 38 digits with 18 decimal places")]
    TooLarge,
    /// An archived amount has more decimals than its asset.
    #[error("an archived amount has more decimals than its asset")]
    Inexact,
}
