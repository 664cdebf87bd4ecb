//! Writes a day's records to the archive.

use std::collections::{BTreeMap, HashMap};

use archive::{
    ArchivedFile, BindingRow, CorrectionRow, FeeRow, FileWriter, Kind, LineRow, Record, RunRow,
    Store, TotalRow, file_path, sha256,
};
use bytes::Bytes;
use commission::Assets;
use lambda::App;
use storage::{Binding, CommittedRun, FeeChunk, Shard};
use types::{Day, Uid};

use crate::ArchivingError;

/// A file that is written to the store when it has a record.
pub(crate) struct Output<'a, S, R> {
    store: &'a S,
    day: Day,
    shard: Option<Shard>,
    writer: FileWriter<'a, R>,
}

impl<'a, S: Store, R: Record> Output<'a, S, R> {
    pub(crate) fn new(
        store: &'a S,
        assets: &'a Assets,
        day: Day,
        shard: Option<Shard>,
    ) -> Result<Self, ArchivingError> {
        Ok(Self { store, day, shard, writer: FileWriter::new(assets)? })
    }

    fn push(&mut self, row: &R) -> Result<(), ArchivingError> {
        Ok(self.writer.push(row)?)
    }

    /// Stores the file, unless it has no record.
    async fn store(self, files: &mut Vec<ArchivedFile>) -> Result<(), ArchivingError> {
        let rows = self.writer.rows();
        if rows == 0 {
            return Ok(());
        }
        let (kind, shard) = (R::KIND, self.shard.map(Shard::number));
        let content = Bytes::from(self.writer.finish()?);
        let (bytes, sha256) = (content.len() as u64, sha256(&content));
        let path = file_path(kind, self.day, shard, &sha256);
        self.store.put(&path, content).await?;
        files.push(ArchivedFile { kind, shard, path, rows, bytes, sha256 });
        Ok(())
    }
}

/// Writes the files of a shard. Holds one page of fees and the lines of the shard at a time.
pub(crate) async fn write_shard<S: Store>(
    app: &App,
    store: &S,
    day: Day,
    shard: Shard,
    files: &mut Vec<ArchivedFile>,
) -> Result<(), ArchivingError> {
    let assets = &app.programme.commission.assets;
    let mut fees = Output::<_, FeeRow>::new(store, assets, day, Some(shard))?;
    let mut corrections = Output::<_, CorrectionRow>::new(store, assets, day, Some(shard))?;
    each_chunk(app, day, shard, |chunk| {
        fee_rows(chunk).iter().try_for_each(|row| fees.push(row))?;
        correction_rows(chunk).iter().try_for_each(|row| corrections.push(row))
    })
    .await?;
    fees.store(files).await?;
    corrections.store(files).await?;
    let rows = line_rows(app, day, shard).await?;
    store_all(store, assets, (day, Some(shard)), &rows, files).await?;
    let rows = binding_rows(app, day, shard).await?;
    store_all(store, assets, (day, Some(shard)), &rows, files).await
}

/// Writes the files of the whole day.
pub(crate) async fn write_runs<S: Store>(
    app: &App,
    store: &S,
    day: Day,
    runs: &[CommittedRun],
    files: &mut Vec<ArchivedFile>,
) -> Result<(), ArchivingError> {
    let assets = &app.programme.commission.assets;
    let (runs, totals) = run_rows(app, day, runs).await?;
    store_all(store, assets, (day, None), &runs, files).await?;
    store_all(store, assets, (day, None), &totals, files).await
}

async fn store_all<S: Store, R: Record>(
    store: &S,
    assets: &Assets,
    (day, shard): (Day, Option<Shard>),
    rows: &[R],
    files: &mut Vec<ArchivedFile>,
) -> Result<(), ArchivingError> {
    let mut output = Output::new(store, assets, day, shard)?;
    rows.iter().try_for_each(|row| output.push(row))?;
    output.store(files).await
}

/// Calls `take` with each chunk of a shard's fees; only one page of them is held at a time.
pub(crate) async fn each_chunk(
    app: &App,
    day: Day,
    shard: Shard,
    mut take: impl FnMut(&FeeChunk) -> Result<(), ArchivingError>,
) -> Result<(), ArchivingError> {
    let mut after: Option<String> = None;
    loop {
        let page = app.table.fee_chunks(day, shard, after.as_deref()).await?;
        page.chunks.iter().try_for_each(&mut take)?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Returns the fees of a chunk, in an order that depends on them only.
pub(crate) fn fee_rows(chunk: &FeeChunk) -> Vec<FeeRow> {
    let row = |fee: commission::FeeRef<'_>| FeeRow {
        chunk: chunk.name.clone(),
        arrival: fee.arrival().0,
        fee: fee.fee(),
    };
    let mut rows: Vec<FeeRow> = chunk.batch.fees.iter().map(row).collect();
    rows.sort_unstable();
    rows
}

/// Returns the corrections of a chunk, in an order that depends on them only.
pub(crate) fn correction_rows(chunk: &FeeChunk) -> Vec<CorrectionRow> {
    let row = |correction: &commission::FeeCorrection| CorrectionRow {
        chunk: chunk.name.clone(),
        correction: correction.clone(),
    };
    let mut rows: Vec<CorrectionRow> = chunk.batch.corrections.iter().map(row).collect();
    rows.sort_unstable();
    rows
}

/// Returns the lines of a shard, in the order of their runs and of the booked chunks.
pub(crate) async fn line_rows(
    app: &App,
    day: Day,
    shard: Shard,
) -> Result<Vec<LineRow>, ArchivingError> {
    let mut rows = Vec::new();
    for delta in app.table.booked_deltas(day, shard).await? {
        for line in delta.work.lines {
            let withdrawn = delta.withdrawn.contains(&line.key.inviter);
            rows.push(LineRow { seq: delta.seq, line, withdrawn });
        }
    }
    Ok(rows)
}

/// Returns the bindings of a shard's day with their evidence, by invitee.
pub(crate) async fn binding_rows(
    app: &App,
    day: Day,
    shard: Shard,
) -> Result<Vec<BindingRow>, ArchivingError> {
    let relations = app.table.new_bindings(day, shard).await?;
    let found = app.table.bindings(&relations).await?;
    let of_invitee = |binding: Binding| (binding.relation.invitee.clone(), binding);
    let mut evidence: HashMap<Uid, Binding> = found.into_iter().map(of_invitee).collect();
    let mut rows = Vec::new();
    for relation in relations {
        let binding = evidence.remove(&relation.invitee);
        let rule = binding.as_ref().map(|binding| binding.rule.clone());
        let evidence = binding.as_ref().map(serde_json::to_string).transpose()?;
        rows.push(BindingRow { relation, rule, evidence });
    }
    Ok(rows)
}

/// Returns the runs of a day with their reports, and the totals that they reported.
pub(crate) async fn run_rows(
    app: &App,
    day: Day,
    runs: &[CommittedRun],
) -> Result<(Vec<RunRow>, Vec<TotalRow>), ArchivingError> {
    let (mut rows, mut totals) = (Vec::new(), Vec::new());
    for run in runs {
        let seq = run.seq;
        let report = app.table.run_report(day, seq).await?;
        let report = report.ok_or(ArchivingError::NotAsBooked { day, seq })?;
        rows.push(RunRow {
            seq,
            run: run.run.clone(),
            committed_at: run.committed_at,
            lines: run.lines,
            digest: run.digest.clone(),
            chain_before: run.chain.as_ref().and_then(|link| link.previous.clone()),
            chain: run.chain.as_ref().map(|link| link.digest.clone()),
            report: serde_json::to_string(&report)?,
        });
        let total = |(asset, money): (&commission::Asset, &storage::Money)| TotalRow {
            seq,
            asset: *asset,
            in_asset: money.in_asset,
            in_usd: money.in_usd,
            volume_usd: money.volume_usd,
        };
        totals.extend(report.booked.iter().map(total));
    }
    Ok((rows, totals))
}

/// Returns the number of records of each kind in some files.
pub(crate) fn counts(files: &[ArchivedFile]) -> BTreeMap<Kind, u64> {
    let mut counts = BTreeMap::new();
    for file in files {
        let count: &mut u64 = counts.entry(file.kind).or_default();
        *count = count.saturating_add(file.rows);
    }
    counts
}
