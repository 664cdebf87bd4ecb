//! `archive` and `restore`: the fees of a day leave the table and return, and nothing is lost.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use archive::{ArchiveError, Folder, Store};
use archiving::{ArchivingError, Mode, archive_day, restore_day};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use bytes::Bytes;
use dynamodb_embedded::{Fault, Faults};
use serde_json::json;
use storage::{Shard, Table};

use crate::support::{booked, corrected, run};
use crate::test_app::{TestApp, day, fee, uid};

pub const DAY: &str = "2026-11-20";
/// After the horizon of 180 days.
const LATER: &str = "2027-06-01T00:30:00Z";

/// A day with a correction, booked by two runs, past its horizon.
pub async fn old() -> TestApp {
    let app = booked().await;
    corrected(&app).await;
    app.night("2026-11-21").await;
    app.now(LATER);
    app
}

pub async fn chunks(app: &TestApp) -> usize {
    let shard = Shard::of(&uid("dormant"));
    app.context.table.fee_chunks(day(DAY), shard, None).await.unwrap().chunks.len()
}

/// Returns the names in a folder of the archive, in order.
fn names(archive: &Path, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(archive.join(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn at(path: &Path, command: &str) -> String {
    command.replace("FOLDER", path.to_str().unwrap())
}

#[tokio::test]
async fn copied_day_keeps_its_fees() {
    let (app, folder) = (old().await, tempfile::tempdir().unwrap());
    let before = chunks(&app).await;
    let shown = run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER")).await;
    assert_eq!(shown.code, 0, "{shown}");
    assert_eq!(chunks(&app).await, before);
    assert_eq!(run(&app, "verify 2026-11-20").await.code, 0);
    // The same records have the same manifest, so that two archives at once do not differ.
    app.now("2027-06-02T00:00:00Z");
    run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER")).await;
    assert_eq!(names(folder.path(), "manifests/day=2026-11-20").len(), 1);
}

#[tokio::test]
async fn archived_day_reads_the_same() {
    let (app, folder) = (old().await, tempfile::tempdir().unwrap());
    let views = ["verify 2026-11-20", "explain dormant 2026-11-20"];
    let mut before = Vec::new();
    for view in views {
        before.push(run(&app, view).await.to_string());
    }
    let shown = async || {
        let dashboard = app.get("affiliate", &format!("/v1/dashboard?from={DAY}&to={DAY}")).await;
        (dashboard.status, dashboard.body, app.lines("affiliate", DAY, DAY).await)
    };
    let visible = shown().await;
    let moved = run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    assert_eq!(moved.code, 0, "{moved}");
    assert!(moved.results.contains("4 fees, 1 corrections, 4 lines"), "{moved}");
    assert_eq!(chunks(&app).await, 0);
    for (view, before) in views.iter().zip(before) {
        let archived = run(&app, &at(folder.path(), &format!("{view} --archive FOLDER"))).await;
        assert_eq!(archived.to_string(), before);
        let blind = run(&app, view).await;
        assert_eq!(blind.code, 2);
        assert!(blind.questions.contains("name the archive with --archive"), "{blind}");
    }
    assert_eq!(visible.0, 200);
    assert_eq!(shown().await, visible);
    let again = run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    assert_eq!(again.results, moved.results);
}

#[tokio::test]
async fn unfit_day_is_not_archived() {
    let (app, folder) = (booked().await, tempfile::tempdir().unwrap());
    let archive = at(folder.path(), "archive 2026-11-20 --to FOLDER --delete");
    app.now("2027-05-19T23:59:59Z");
    let early = run(&app, &archive).await;
    assert_eq!(early.code, 2);
    assert!(early.questions.contains("from 2027-05-20T00:00:00.000Z on"), "{early}");
    app.now("2027-05-20T00:00:00Z");
    let open = at(folder.path(), "archive 2026-11-19 --to FOLDER --delete");
    assert!(run(&app, &open).await.questions.contains("not closed"));
    app.charged(fee("late", "dormant", "2026-11-20T20:00:00Z")).await;
    let unbooked = run(&app, &archive).await;
    assert_eq!(unbooked.code, 2);
    assert!(unbooked.questions.contains("not booked"), "{unbooked}");
    assert_eq!(chunks(&app).await, 5);
}

#[tokio::test]
async fn changed_line_stops_archiving() {
    let (app, folder) = (old().await, tempfile::tempdir().unwrap());
    crate::verifying::tamper(&app, |line| line.sums.fee_count += 1).await;
    let shown = run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    assert_eq!(shown.code, 1);
    assert!(shown.questions.contains("run 1 are not those"), "{shown}");
    assert_eq!(app.context.table.day(day(DAY)).await.unwrap().value.archived, None);
}

#[tokio::test]
async fn late_fee_waits_for_the_restore() {
    let (app, folder) = (old().await, tempfile::tempdir().unwrap());
    run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    let lines = app.lines("affiliate", DAY, DAY).await;
    app.charged(fee("late", "dormant", "2026-11-20T20:00:00Z")).await;
    run(&app, "rollup 2026-11-20").await;
    assert_eq!(app.lines("affiliate", DAY, DAY).await, lines);
    assert_eq!(chunks(&app).await, 1);
    let verified = run(&app, &at(folder.path(), "verify 2026-11-20 --archive FOLDER")).await;
    assert!(verified.results.contains("arrived since, in shard"), "{verified}");
    // Archiving again must not delete the fee that is not in the archive.
    run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    assert_eq!(chunks(&app).await, 1);
    let restored = run(&app, &at(folder.path(), "restore 2026-11-20 --from FOLDER")).await;
    assert_eq!(restored.code, 0, "{restored}");
    run(&app, "rollup 2026-11-20").await;
    assert_eq!(app.lines("affiliate", DAY, DAY).await.len(), lines.len() + 1);
    assert_eq!(run(&app, "verify 2026-11-20").await.code, 0);
    let again = run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    assert!(again.results.contains("fees, 1 corrections, 5 lines"), "{again}");
    // The files of the first archive are retired.
    for kind in ["fees", "lines", "runs", "totals", "manifests"] {
        assert_eq!(names(folder.path(), &format!("{kind}/day=2026-11-20")).len(), 1, "{kind}");
        assert_eq!(names(folder.path(), &format!("retired/{kind}/day=2026-11-20")).len(), 1);
    }
    assert_eq!(run(&app, &at(folder.path(), "verify 2026-11-20 --archive FOLDER")).await.code, 0);
}

#[tokio::test]
async fn void_binding_of_archived_day_is_reversed() {
    let (app, folder) = (old().await, tempfile::tempdir().unwrap());
    run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    let lines = app.lines("affiliate", DAY, DAY).await.len();
    app.charged(fee("late", "dormant", "2026-11-20T20:00:00Z")).await;
    let active = json!({ "uid": "dormant", "product": "earn", "at": "2026-11-01T00:00:00Z" });
    app.taken("activity", active).await;
    run(&app, "rollup 2026-11-20").await;
    let after = app.lines("affiliate", DAY, DAY).await;
    let reversed = after.iter().filter(|line| line["cause"] == "binding_voided").count();
    assert!(reversed > 0 && after.len() == lines + reversed, "{after:?}");
    assert_eq!(chunks(&app).await, 1);
    assert_eq!(run(&app, &at(folder.path(), "verify 2026-11-20 --archive FOLDER")).await.code, 0);
}

/// Restores the day when it is listed: between the seal and the deletion.
struct RestoringStore<'a> {
    folder: Folder,
    app: &'a TestApp,
    is_restored: AtomicBool,
}

impl Store for RestoringStore<'_> {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), ArchiveError> {
        self.folder.put(path, bytes).await
    }

    async fn get(&self, path: &str) -> Result<Bytes, ArchiveError> {
        self.folder.get(path).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, ArchiveError> {
        if !self.is_restored.swap(true, Ordering::Relaxed) {
            restore_day(&self.app.context, &self.folder, day(DAY), || ()).await.unwrap();
        }
        self.folder.list(folder).await
    }

    async fn retire(&self, path: &str) -> Result<(), ArchiveError> {
        self.folder.retire(path).await
    }
}

#[tokio::test]
async fn delayed_deletion_leaves_restored_fees() {
    let (app, folder) = (old().await, tempfile::tempdir().unwrap());
    // Restored fees have the same chunks from the second time on.
    run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    run(&app, &at(folder.path(), "restore 2026-11-20 --from FOLDER")).await;
    run(&app, "rollup 2026-11-20").await;
    let (before, is_restored) = (chunks(&app).await, AtomicBool::new(false));
    let store = RestoringStore { folder: Folder::new(folder.path()), app: &app, is_restored };
    let delayed = archive_day(&app.context, &store, day(DAY), Mode::Move, || ()).await;
    assert!(matches!(delayed, Err(ArchivingError::Moved(_))), "{delayed:?}");
    assert_eq!(chunks(&app).await, before);
    assert_eq!(run(&app, "verify 2026-11-20").await.code, 0);
}

#[tokio::test]
async fn changed_archive_is_refused() {
    let (app, folder) = (old().await, tempfile::tempdir().unwrap());
    run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    let files = names(folder.path(), "fees/day=2026-11-20");
    let path = folder.path().join("fees/day=2026-11-20").join(&files[0]);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    for command in ["verify 2026-11-20 --archive FOLDER", "restore 2026-11-20 --from FOLDER"] {
        let shown = run(&app, &at(folder.path(), command)).await;
        assert!(shown.questions.contains("is not the file that was archived"), "{shown}");
        assert_ne!(shown.code, 0);
    }
}

/// Ends the process at the n-th write of the archive or the table: before it, or after it and
/// before its answer.
#[derive(Debug)]
struct Killer {
    writes: AtomicUsize,
    at: usize,
    is_after: bool,
}

enum Fate {
    Lives,
    DiesAfter,
    Dead,
}

impl Killer {
    fn write(&self) -> Fate {
        match self.writes.fetch_add(1, Ordering::Relaxed) {
            number if number < self.at => Fate::Lives,
            number if number == self.at && self.is_after => Fate::DiesAfter,
            _ => Fate::Dead,
        }
    }

    fn is_dead(&self) -> bool {
        self.writes.load(Ordering::Relaxed) > self.at
    }
}

impl Faults for Killer {
    fn next(&self, operation: &str) -> Option<Fault> {
        let fate = match operation {
            "PutItem" | "BatchWriteItem" | "UpdateItem" | "TransactWriteItems" => self.write(),
            _ if self.is_dead() => Fate::Dead,
            _ => Fate::Lives,
        };
        match fate {
            Fate::Lives => None,
            Fate::DiesAfter => Some(Fault::ReplyLost),
            Fate::Dead => Some(Fault::Failed),
        }
    }
}

struct KilledStore {
    folder: Folder,
    killer: Arc<Killer>,
}

impl Store for KilledStore {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), ArchiveError> {
        let fate = self.killer.write();
        if !matches!(fate, Fate::Dead) {
            self.folder.put(path, bytes).await?;
        }
        match fate {
            Fate::Lives => Ok(()),
            _ => Err(ArchiveError::Missing(path.to_owned())),
        }
    }

    async fn get(&self, path: &str) -> Result<Bytes, ArchiveError> {
        match self.killer.is_dead() {
            true => Err(ArchiveError::Missing(path.to_owned())),
            false => self.folder.get(path).await,
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, ArchiveError> {
        match self.killer.is_dead() {
            true => Err(ArchiveError::Missing(folder.to_owned())),
            false => self.folder.list(folder).await,
        }
    }

    async fn retire(&self, path: &str) -> Result<(), ArchiveError> {
        self.folder.retire(path).await
    }
}

#[tokio::test]
async fn kill_at_each_write_loses_nothing() {
    let mut completed = None;
    let mut at = 0;
    while completed.is_none() {
        for is_after in [false, true] {
            let killed = kill_and_repeat(at, is_after).await;
            if killed.is_ok() {
                completed = Some(at);
            }
        }
        at += 1;
    }
    // Fees, corrections, lines, bindings, runs, totals, manifest, the day's record, deletion.
    assert_eq!(completed, Some(9));
}

/// Archives with a kill, and checks what is left; then repeats, and checks again.
async fn kill_and_repeat(at_write: usize, is_after: bool) -> Result<(), ArchivingError> {
    let (app, folder) = (old().await, tempfile::tempdir().unwrap());
    let lines = app.lines("affiliate", DAY, DAY).await;
    let killer = Arc::new(Killer { writes: AtomicUsize::new(0), at: at_write, is_after });
    let config = app.engine.faulty_config(killer.clone()).retry_config(RetryConfig::disabled());
    let context = app.context.with_table(Table::new(config, app.engine.table_name()));
    let store = KilledStore { folder: Folder::new(folder.path()), killer };
    let killed = archive_day(&context, &store, day(DAY), Mode::Move, || ()).await;
    let verify = at(folder.path(), "verify 2026-11-20 --archive FOLDER");
    let explain = at(folder.path(), "explain dormant 2026-11-20 --archive FOLDER");
    assert_eq!(run(&app, &verify).await.code, 0, "kill at write {at_write}");
    let explained = run(&app, &explain).await.results;
    let repeated = run(&app, &at(folder.path(), "archive 2026-11-20 --to FOLDER --delete")).await;
    assert_eq!(repeated.code, 0, "kill at write {at_write}: {repeated}");
    assert_eq!(chunks(&app).await, 0);
    assert_eq!(run(&app, &verify).await.code, 0);
    assert_eq!(run(&app, &explain).await.results, explained);
    assert_eq!(app.lines("affiliate", DAY, DAY).await, lines);
    killed.map(drop)
}

/// Runs with `cargo xtask archive`, which names a Python with DuckDB.
#[tokio::test]
#[ignore = "needs DuckDB"]
async fn archive_is_proved_by_duckdb() {
    let python = std::env::var("DUCKDB_PYTHON").unwrap();
    let (app, folder) = (old().await, tempfile::tempdir().unwrap());
    app.now("2026-11-22T12:00:00Z");
    for (number, asset) in ["BTC", "USDT", "JPY", "BTC"].into_iter().enumerate() {
        let mut more = fee(&format!("n{number}"), "dormant", "2026-11-22T10:00:00Z");
        more["asset"] = json!(asset);
        more["amount"] = json!(format!("{}.25", number + 1));
        app.charged(more.clone()).await;
        app.charged(more).await;
    }
    app.now("2026-11-23T00:30:00Z");
    app.night("2026-11-22").await;
    app.now(LATER);
    for of in ["2026-11-20", "2026-11-22"] {
        let command = at(folder.path(), &format!("archive {of} --to FOLDER --delete"));
        assert_eq!(run(&app, &command).await.code, 0);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/duckdb_archive.py");
    let prove = || Command::new(&python).arg(&script).arg(folder.path()).output().unwrap();
    let proved = prove();
    let printed = String::from_utf8(proved.stdout).unwrap();
    assert!(proved.status.success(), "{printed}{}", String::from_utf8_lossy(&proved.stderr));
    assert_eq!(printed.matches("\"feesCompared\": true").count(), 2, "{printed}");
    // A manifest of other totals is noticed.
    let file = names(folder.path(), "manifests/day=2026-11-22").remove(0);
    let manifest = folder.path().join("manifests/day=2026-11-22").join(file);
    let text = std::fs::read_to_string(&manifest).unwrap();
    let changed = text.replacen("\"commission\": \"", "\"commission\": \"1", 1);
    std::fs::write(&manifest, changed).unwrap();
    assert!(!prove().status.success());
}
