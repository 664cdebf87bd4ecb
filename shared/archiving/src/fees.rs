//! The fees of archived days, as verification and explanation read them.

use archive::{CorrectionRow, FeeRow, Manifest, Record, Store};
use commission::{Arrival, Assets};
use nightly::{ArchiveFailure, ArchivedBatch, FeeArchive};
use storage::{ArchivedDay, Shard, TableError};
use types::Day;

use crate::ArchivingError;

/// The fees of archived days in a store.
#[derive(Debug)]
pub struct ArchivedFees<'a, S> {
    store: &'a S,
    assets: &'a Assets,
}

impl<'a, S: Store> ArchivedFees<'a, S> {
    /// Returns the fees in a store; amounts are in minor units of `assets`.
    #[must_use]
    pub const fn new(store: &'a S, assets: &'a Assets) -> Self {
        Self { store, assets }
    }
}

impl<S: Store> FeeArchive for ArchivedFees<'_, S> {
    async fn fees(
        &self,
        day: Day,
        shard: Shard,
        archived: &ArchivedDay,
    ) -> Result<ArchivedBatch, ArchiveFailure> {
        Ok(self.load(day, shard, archived).await?)
    }
}

impl<S: Store> ArchivedFees<'_, S> {
    /// Returns the archived fees and corrections of a day's shard.
    pub(crate) async fn load(
        &self,
        day: Day,
        shard: Shard,
        archived: &ArchivedDay,
    ) -> Result<ArchivedBatch, ArchivingError> {
        let manifest = Manifest::load(self.store, day, &archived.manifest).await?;
        let ArchivedBatch { mut batch, mut chunks } = ArchivedBatch::default();
        each::<FeeRow, _>(self.store, &manifest, shard, self.assets, |row| {
            batch.push(Arrival(row.arrival), &row.fee).map_err(TableError::from)?;
            chunks.insert(row.chunk);
            Ok(())
        })
        .await?;
        each::<CorrectionRow, _>(self.store, &manifest, shard, self.assets, |row| {
            batch.corrections.push(row.correction);
            chunks.insert(row.chunk);
            Ok(())
        })
        .await?;
        Ok(ArchivedBatch { batch, chunks })
    }
}

/// Calls `take` with each record of a kind in a shard of an archived day.
pub(crate) async fn each<R: Record, S: Store>(
    store: &S,
    manifest: &Manifest,
    shard: Shard,
    assets: &Assets,
    mut take: impl FnMut(R) -> Result<(), ArchivingError>,
) -> Result<(), ArchivingError> {
    for file in manifest.files_of(R::KIND, Some(shard.number())) {
        archive::read(file.load(store).await?, assets, &mut take)?;
    }
    Ok(())
}
