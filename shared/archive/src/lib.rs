//! The archive: a day's records outside the table, in Parquet files that Athena, Spark and DuckDB
//! query, with one manifest a day.
//!
//! Pure: records become bytes and bytes become records. A [`Store`] holds the bytes; this crate has
//! one in a folder. Amounts are exact decimals with 18 decimal places, never floats.

mod column;
mod error;
mod file;
mod folder_store;
mod manifest;
mod paths;
mod record;
mod rows;
mod store;

pub use error::ArchiveError;
pub use file::{FileWriter, read, rows};
pub use folder_store::Folder;
pub use manifest::{ArchivedFile, ArchivedRun, FORMAT, Manifest, Totals, sha256};
pub use paths::{Kind, file_path, folder, manifest_path, manifests};
pub use record::Record;
pub use rows::{BindingRow, CorrectionRow, FeeRow, LineRow, RunRow, TotalRow};
pub use store::{RETIRED, Store};
