//! Moves the fees of a day from the table to the archive, and back.
//!
//! 1. **write**: fees, corrections, lines, runs, totals and bindings become Parquet files, shard by
//!    shard; the manifest is written last.
//! 2. **verify**: each file is read back and compared with the table, record by record; the lines
//!    have the totals that the runs reported, and continue the chain.
//! 3. **seal**: the day's record names the manifest by its digest, unless a run of the day was
//!    committed meanwhile. From here on no run books the day, and readers use the archive too.
//! 4. **delete**: the table's chunks that the archive has are removed, and no others.
//!
//! Each step may stop at any point and be repeated. Before the seal nothing has changed; after it
//! the repetition only deletes.

mod delete;
mod error;
mod fees;
mod restore;
mod step;
mod verify;
mod write;

pub use error::ArchivingError;
pub use fees::ArchivedFees;
pub use restore::{Restored, restore_day};
pub use step::{Archived, Mode, archivable_from, archive_day};
