//! The border between records and columns.

use commission::Assets;

use crate::column::{RowReader, RowWriter};
use crate::{ArchiveError, Kind};

/// A record that is archived as one row.
pub trait Record: Sized {
    /// The kind of the record.
    const KIND: Kind;
    /// The columns as a Parquet message.
    const SCHEMA: &'static str;

    /// Writes the columns in the order of the schema.
    ///
    /// # Errors
    /// [`ArchiveError::TooLarge`] if an amount does not fit.
    fn put(&self, row: &mut RowWriter<'_>, assets: &Assets) -> Result<(), ArchiveError>;

    /// Reads the columns in the order of the schema.
    ///
    /// # Errors
    /// If a value is not of its type.
    fn take(row: &mut RowReader<'_>, assets: &Assets) -> Result<Self, ArchiveError>;
}
