//! Removes the chunks of fees that the archive has.

use std::collections::BTreeSet;

use archive::{CorrectionRow, FeeRow, Manifest, Store};
use lambda::App;
use storage::Shard;

use crate::ArchivingError;
use crate::fees::each;

/// Removes the chunks of a shard that are in the archive, while the day's record has this revision;
/// other chunks arrived later and stay. Both files of the shard are read and checked before the
/// first chunk is removed. Returns the number of chunks.
pub(crate) async fn delete_shard<S: Store>(
    app: &App,
    store: &S,
    manifest: &Manifest,
    shard: Shard,
    revision: u64,
) -> Result<u64, ArchivingError> {
    let assets = &app.programme.commission.assets;
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut add = |name| {
        names.insert(name);
        Ok(())
    };
    each::<FeeRow, _>(store, manifest, shard, assets, |row| add(row.chunk)).await?;
    each::<CorrectionRow, _>(store, manifest, shard, assets, |row| add(row.chunk)).await?;
    let (day, names) = (manifest.day, Vec::from_iter(names));
    match app.table.delete_fee_chunks(day, shard, &names, revision).await?.is_done() {
        true => Ok(names.len() as u64),
        false => Err(ArchivingError::Moved(day)),
    }
}
