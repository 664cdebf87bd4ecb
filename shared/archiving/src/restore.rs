//! Returns an archived day's fees to the table, so that runs can book the day again.

use archive::Store;
use lambda::App;
use storage::Shard;
use types::Day;

use crate::{ArchivedFees, ArchivingError};

/// The result of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The day.
    pub day: Day,
    /// The number of fees and corrections that were written.
    pub records: u64,
}

/// Writes the archived fees and corrections of a day to the table with dirty markers, and then lets
/// runs book the day again; calls `done` after each shard. A repetition writes the same chunks.
/// Cost: 1 write unit per KB of fees.
///
/// # Errors
/// [`ArchivingError`]; the day stays archived.
pub async fn restore_day<S: Store>(
    app: &App,
    store: &S,
    day: Day,
    mut done: impl FnMut(),
) -> Result<Restored, ArchivingError> {
    let mut record = app.table.day(day).await?;
    let archived = record.value.archived.take().ok_or(ArchivingError::NotArchived(day))?;
    let source = ArchivedFees::new(store, &app.programme.commission.assets);
    let mut records = 0_u64;
    for shard in Shard::all() {
        let batch = source.load(day, shard, &archived).await?.batch;
        let count = batch.fees.len().saturating_add(batch.corrections.len());
        if count > 0 {
            app.table.add_fees(day, shard, &batch).await?;
        }
        records = records.saturating_add(count as u64);
        done();
    }
    match app.table.save_day(day, &record).await?.is_done() {
        true => Ok(Restored { day, records }),
        false => Err(ArchivingError::Moved(day)),
    }
}
