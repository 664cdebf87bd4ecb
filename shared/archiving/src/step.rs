//! Archives one day.

use std::collections::BTreeMap;

use archive::{
    ArchivedRun, FORMAT, Kind, Manifest, Store, Totals, folder, manifest_path, manifests, sha256,
};
use lambda::App;
use storage::{ArchivedDay, DayRecord, Shard, Versioned};
use types::{Day, Timestamp};

use crate::ArchivingError;
use crate::delete::delete_shard;
use crate::verify::{BookedRuns, verify_runs, verify_shard};
use crate::write::{counts, write_runs, write_shard};

/// What becomes of the records in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They stay: the archive is a copy.
    Copy,
    /// The fees and corrections leave the table after the archive is verified.
    Move,
}

/// The result of archiving a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// The day.
    pub day: Day,
    /// The number of archived records of each kind.
    pub records: BTreeMap<Kind, u64>,
    /// The bytes of the files.
    pub bytes: u64,
    /// The totals of the lines, equal to those that the runs reported.
    pub totals: BTreeMap<String, Totals>,
    /// The number of chunks of fees that left the table, or had left it before.
    pub deleted: u64,
}

/// Returns the instant from which a day may be archived: the end of its correction horizon.
#[must_use]
pub fn archivable_from(app: &App, day: Day) -> Timestamp {
    day.end().plus_days(app.programme.retention.fees_days.into())
}

/// Archives a day that is closed and past the correction horizon; calls `done` after each shard of
/// each pass. A repetition resumes: a day that is sealed is only deleted. Cost: the day's fees,
/// lines and bindings are read twice from the table, and 1 write unit per KB of the deleted chunks.
///
/// # Errors
/// [`ArchivingError`]; unless it names the archive of a sealed day, nothing was deleted.
pub async fn archive_day<S: Store>(
    app: &App,
    store: &S,
    day: Day,
    mode: Mode,
    mut done: impl FnMut(),
) -> Result<Archived, ArchivingError> {
    let record = app.table.day(day).await?;
    let (manifest, digest) = match &record.value.archived {
        Some(archived) => {
            let manifest = Manifest::load(store, day, &archived.manifest).await?;
            (manifest, archived.manifest.clone())
        }
        None => {
            check(app, day, &record.value).await?;
            let (manifest, digest) = write(app, store, day, &record.value, &mut done).await?;
            if mode == Mode::Move {
                seal(app, day, record, digest.clone()).await?;
            }
            (manifest, digest)
        }
    };
    let mut deleted = 0_u64;
    if mode == Mode::Move {
        let revision = sealed(app, day, &digest).await?;
        retire_others(store, &manifest, &digest).await?;
        for shard in Shard::all() {
            let chunks = delete_shard(app, store, &manifest, shard, revision).await?;
            deleted = deleted.saturating_add(chunks);
            done();
        }
    }
    let bytes = manifest.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.bytes));
    let records = counts(&manifest.files);
    Ok(Archived { day, records, bytes, totals: manifest.totals, deleted })
}

/// Checks that the day is past its horizon, closed, and booked completely.
async fn check(app: &App, day: Day, record: &DayRecord) -> Result<(), ArchivingError> {
    let from = archivable_from(app, day);
    if app.clock.now() < from {
        return Err(ArchivingError::TooEarly { day, from });
    }
    let head = app.table.head().await?.value;
    let is_closed = head.closed_through.is_some_and(|closed| day <= closed);
    let is_pending = head.pending.as_ref().is_some_and(|pending| pending.day == day);
    let is_visible = record.runs.iter().all(|run| run.seq <= head.visible);
    let is_deferred = head.set_aside.contains_key(&day);
    // The repair of a parked affiliate may book its part of the day again, from the fees.
    let is_parked = app.table.parked().await?.iter().any(|parked| parked.day == day);
    let is_open = is_pending || is_deferred || is_parked;
    if !is_closed || !is_visible || is_open || record.runs.is_empty() {
        return Err(ArchivingError::NotClosed(day));
    }
    check_booked(app, day).await
}

async fn check_booked(app: &App, day: Day) -> Result<(), ArchivingError> {
    let markers = app.table.touched_through(day).await?;
    match markers.iter().any(|marker| marker.day == day) {
        true => Err(ArchivingError::Unbooked(day)),
        false => Ok(()),
    }
}

/// Writes the files and the manifest of a day, reads them back and verifies them. Returns the
/// manifest with its digest.
async fn write<S: Store>(
    app: &App,
    store: &S,
    day: Day,
    record: &DayRecord,
    done: &mut impl FnMut(),
) -> Result<(Manifest, String), ArchivingError> {
    let mut files = Vec::new();
    for shard in Shard::all() {
        write_shard(app, store, day, shard, &mut files).await?;
        done();
    }
    write_runs(app, store, day, &record.runs, &mut files).await?;
    let runs = record.runs.iter().map(|run| ArchivedRun {
        seq: run.seq,
        lines: run.lines,
        digest: run.digest.clone(),
        chain: run.chain.as_ref().map(|link| link.digest.clone()),
    });
    let mut manifest =
        Manifest { format: FORMAT, day, files, runs: runs.collect(), totals: BTreeMap::new() };
    let mut booked = BookedRuns::default();
    for shard in Shard::all() {
        verify_shard(app, store, &manifest, shard, &mut booked).await?;
        done();
    }
    verify_runs(app, store, &manifest, &record.runs, &booked).await?;
    manifest.totals = booked.totals(&app.programme.commission.assets)?;
    let text = manifest.to_bytes()?;
    let digest = sha256(&text);
    store.put(&manifest_path(day, &digest), text.into()).await?;
    Ok((Manifest::load(store, day, &digest).await?, digest))
}

/// Names the manifest in the day's record. A run that was committed since the record was read, or
/// fees that arrived, end the step.
async fn seal(
    app: &App,
    day: Day,
    mut record: Versioned<DayRecord>,
    manifest: String,
) -> Result<(), ArchivingError> {
    check_booked(app, day).await?;
    record.value.archived = Some(ArchivedDay { at: app.clock.now(), manifest });
    match app.table.save_day(day, &record).await?.is_done() {
        true => Ok(()),
        false => Err(ArchivingError::Moved(day)),
    }
}

/// Returns the revision of the day's record while it names this manifest.
async fn sealed(app: &App, day: Day, manifest: &str) -> Result<u64, ArchivingError> {
    let record = app.table.day(day).await?;
    match record.value.archived.is_some_and(|archived| archived.manifest == manifest) {
        true => Ok(record.revision),
        false => Err(ArchivingError::Moved(day)),
    }
}

/// Retires files of the day that the manifest does not name: an earlier archive, before a restore
/// or an interruption, left them. Queries of the folders would count them too.
async fn retire_others<S: Store>(
    store: &S,
    manifest: &Manifest,
    digest: &str,
) -> Result<(), ArchivingError> {
    let day = manifest.day;
    for kind in Kind::ALL {
        for path in store.list(&folder(kind, day)).await? {
            if !manifest.names(&path) {
                store.retire(&path).await?;
            }
        }
    }
    for path in store.list(&manifests(day)).await? {
        if path != manifest_path(day, digest) {
            store.retire(&path).await?;
        }
    }
    Ok(())
}
