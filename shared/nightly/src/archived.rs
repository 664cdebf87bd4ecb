//! The border to the fees of archived days.

use std::collections::BTreeSet;
use std::future::Future;

use storage::{ArchivedDay, DayRecord, FeeBatch, Shard};
use types::Day;

use crate::StepError;

/// The reason why an archive cannot be read.
pub type ArchiveFailure = Box<dyn std::error::Error + Send + Sync>;

/// The archived fees and corrections of a day's shard.
#[derive(Debug, Default)]
pub struct ArchivedBatch {
    /// The fees and corrections.
    pub batch: FeeBatch,
    /// The names of the table's chunks that held them. A chunk may still be in the table, while the
    /// day leaves it.
    pub chunks: BTreeSet<String>,
}

/// Where the fees of archived days are.
pub trait FeeArchive {
    /// Returns the archived fees and corrections of a day's shard.
    ///
    /// # Errors
    /// If they cannot be read, or are not those that were archived.
    fn fees(
        &self,
        day: Day,
        shard: Shard,
        archived: &ArchivedDay,
    ) -> impl Future<Output = Result<ArchivedBatch, ArchiveFailure>>;
}

/// No archive: days that are archived cannot be read.
#[derive(Debug, Clone, Copy)]
pub struct NoArchive;

impl FeeArchive for NoArchive {
    async fn fees(
        &self,
        _: Day,
        _: Shard,
        _: &ArchivedDay,
    ) -> Result<ArchivedBatch, ArchiveFailure> {
        Err("name the archive with --archive".into())
    }
}

/// Returns the fees of a day's shard that the archive has; none for a day that is not archived.
pub(crate) async fn archived_fees(
    archive: &impl FeeArchive,
    record: &DayRecord,
    day: Day,
    shard: Shard,
) -> Result<ArchivedBatch, StepError> {
    match &record.archived {
        None => Ok(ArchivedBatch::default()),
        Some(archived) => {
            let fees = archive.fees(day, shard, archived).await;
            fees.map_err(|source| StepError::Archived { day, source })
        }
    }
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::*;

    #[tokio::test]
    async fn archived_day_needs_its_archive() {
        let (day, shard) = ("2026-11-20".parse().unwrap(), Shard::new(3).unwrap());
        let record = DayRecord::default();
        assert!(archived_fees(&NoArchive, &record, day, shard).await.is_ok());
        let archived = Some(ArchivedDay { at: Timestamp::EPOCH, manifest: String::new() });
        let record = DayRecord { archived, ..record };
        let error = archived_fees(&NoArchive, &record, day, shard).await.unwrap_err();
        assert_eq!(error.name(), "Archived");
    }
}
