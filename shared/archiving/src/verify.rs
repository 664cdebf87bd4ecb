//! Reads an archived day back and compares it with the table, and its lines with their runs.

use std::collections::BTreeMap;

use archive::{
    ArchivedFile, CorrectionRow, FeeRow, Kind, LineRow, Manifest, Record, Store, Totals, sha256,
};
use commission::{Asset, Assets, Fee};
use lambda::App;
use storage::{ChainLink, CommittedRun, Money, Shard, pack, short_sha256};

use crate::ArchivingError;
use crate::fees::each;
use crate::write::{binding_rows, correction_rows, each_chunk, fee_rows, line_rows, run_rows};

/// The lines of a day, run by run.
#[derive(Default)]
pub(crate) struct BookedRuns {
    sums: BTreeMap<u64, BTreeMap<Asset, Money>>,
    lines: BTreeMap<u64, u64>,
    lines_of: BTreeMap<Asset, u64>,
    /// The digests of the lines by run and shard, of the table.
    digests: BTreeMap<u64, BTreeMap<u8, String>>,
}

/// Compares the files of a shard with the table, and adds its lines to `booked`.
pub(crate) async fn verify_shard<S: Store>(
    app: &App,
    store: &S,
    manifest: &Manifest,
    shard: Shard,
    booked: &mut BookedRuns,
) -> Result<(), ArchivingError> {
    let (day, assets) = (manifest.day, &app.programme.commission.assets);
    let [mut fees, mut corrections] = [ChunkDigests::default(), ChunkDigests::default()];
    each_chunk(app, day, shard, |chunk| {
        fee_rows(chunk).iter().try_for_each(|row| fees.add_fee(row))?;
        correction_rows(chunk).iter().try_for_each(|row| corrections.add_correction(row))
    })
    .await?;
    let [mut archived_fees, mut archived_corrections] =
        [ChunkDigests::default(), ChunkDigests::default()];
    each(store, manifest, shard, assets, |row| archived_fees.add_fee(&row)).await?;
    each(store, manifest, shard, assets, |row| archived_corrections.add_correction(&row)).await?;
    if fees.finish() != archived_fees.finish() {
        return Err(ArchivingError::NotAsStored { kind: Kind::Fees, day });
    }
    if corrections.finish() != archived_corrections.finish() {
        return Err(ArchivingError::NotAsStored { kind: Kind::Corrections, day });
    }
    let lines = line_rows(app, day, shard).await?;
    same(store, manifest, assets, Some(shard), &lines).await?;
    booked.add(shard, &lines, app.table.booked_digests(day, shard).await?)?;
    let bindings = binding_rows(app, day, shard).await?;
    same(store, manifest, assets, Some(shard), &bindings).await
}

/// Compares the files of the whole day with the table, and the lines with their runs.
pub(crate) async fn verify_runs<S: Store>(
    app: &App,
    store: &S,
    manifest: &Manifest,
    runs: &[CommittedRun],
    booked: &BookedRuns,
) -> Result<(), ArchivingError> {
    let (day, assets) = (manifest.day, &app.programme.commission.assets);
    let (rows, totals) = run_rows(app, day, runs).await?;
    same(store, manifest, assets, None, &rows).await?;
    same(store, manifest, assets, None, &totals).await?;
    for run in runs {
        let report = app.table.run_report(day, run.seq).await?.unwrap_or_default();
        let proof = report.due.canonical_bytes().ok();
        let sums = booked.sums.get(&run.seq).cloned().unwrap_or_default();
        let lines = booked.lines.get(&run.seq).copied().unwrap_or_default();
        let digests = booked.digests.get(&run.seq).cloned().unwrap_or_default();
        let chained = run.chain.as_ref().is_none_or(|link| {
            let of = (day, run.seq);
            ChainLink::of(link.previous.as_deref(), of, &run.digest, &digests) == *link
        });
        let proved = proof.is_some_and(|proof| short_sha256(&proof) == run.digest);
        if sums != report.booked || lines != run.lines || !chained || !proved {
            return Err(ArchivingError::NotAsBooked { day, seq: run.seq });
        }
    }
    Ok(())
}

/// Compares the records of a file with those of the table, in their order.
async fn same<S: Store, R: Record + PartialEq>(
    store: &S,
    manifest: &Manifest,
    assets: &Assets,
    shard: Option<Shard>,
    expected: &[R],
) -> Result<(), ArchivingError> {
    let number = shard.map(Shard::number);
    let mut rows: Vec<R> = Vec::new();
    let files: Vec<&ArchivedFile> = manifest.files_of(R::KIND, number).collect();
    for file in files {
        rows.extend(archive::rows::<R>(file.load(store).await?, assets)?);
    }
    match rows == expected {
        true => Ok(()),
        false => Err(ArchivingError::NotAsStored { kind: R::KIND, day: manifest.day }),
    }
}

impl BookedRuns {
    pub(crate) fn add(
        &mut self,
        shard: Shard,
        rows: &[LineRow],
        digests: BTreeMap<u64, String>,
    ) -> Result<(), ArchivingError> {
        for LineRow { seq, line, .. } in rows {
            let asset = line.key.asset;
            let sum = self.sums.entry(*seq).or_default().entry(asset).or_default();
            *sum = sum.plus_line(&line.sums)?;
            *self.lines.entry(*seq).or_default() += 1;
            *self.lines_of.entry(asset).or_default() += 1;
        }
        for (seq, digest) in digests {
            self.digests.entry(seq).or_default().insert(shard.number(), digest);
        }
        Ok(())
    }

    /// Returns the totals of the lines by asset, as exact decimals.
    pub(crate) fn totals(
        &self,
        assets: &Assets,
    ) -> Result<BTreeMap<String, Totals>, ArchivingError> {
        let mut sums: BTreeMap<Asset, Money> = BTreeMap::new();
        for (asset, money) in self.sums.values().flatten() {
            let sum = sums.entry(*asset).or_default();
            *sum = sum.plus(money)?;
        }
        let totals = sums.into_iter().map(|(asset, Money { in_asset, .. })| {
            let text =
                |amount: commission::Amount| amount.display(assets.decimals(asset)).to_string();
            let totals = Totals {
                lines: self.lines_of.get(&asset).copied().unwrap_or_default(),
                fees: text(in_asset.fees),
                commission: text(in_asset.commission),
                shared: text(in_asset.shared),
            };
            (asset.to_string(), totals)
        });
        Ok(totals.collect())
    }
}

/// A digest of each chunk's records. Chunks are compared by them, so that a shard's fees need not
/// be held twice.
#[derive(Default)]
struct ChunkDigests {
    /// The chunk whose records are being added, with their bytes.
    open: Option<(String, Vec<u8>)>,
    done: BTreeMap<String, String>,
}

impl ChunkDigests {
    fn add_fee(&mut self, row: &FeeRow) -> Result<(), ArchivingError> {
        let Fee { trade_id, uid, charge } = &row.fee;
        self.add(&row.chunk, &pack(&(row.arrival, trade_id, uid, charge))?);
        Ok(())
    }

    fn add_correction(&mut self, row: &CorrectionRow) -> Result<(), ArchivingError> {
        self.add(&row.chunk, &pack(&row.correction)?);
        Ok(())
    }

    fn add(&mut self, chunk: &str, record: &[u8]) {
        match &mut self.open {
            Some((open, bytes)) if open == chunk => bytes.extend_from_slice(record),
            _ => {
                self.close();
                self.open = Some((chunk.to_owned(), record.to_vec()));
            }
        }
    }

    fn close(&mut self) {
        if let Some((chunk, bytes)) = self.open.take() {
            self.done.insert(chunk, sha256(&bytes));
        }
    }

    fn finish(mut self) -> BTreeMap<String, String> {
        self.close();
        self.done
    }
}
