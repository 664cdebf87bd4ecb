//! `import`: a file of events, through interruptions and broken lines.

use std::fs;
use std::path::PathBuf;

use ingestion::EventOutcome;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{run, traded};
use crate::test_app::{TestApp, day, event, fee};

struct Imported {
    app: TestApp,
    dir: TempDir,
}

impl Imported {
    async fn new() -> Self {
        Self { app: traded().await, dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, lines: &[&[u8]]) {
        fs::write(self.path("events.jsonl"), lines.join(&b'\n')).unwrap();
    }

    /// Imports the file; the output is returned without its directory.
    async fn import(&self) -> String {
        let command = format!("import {}", self.path("events.jsonl").display());
        let shown = run(&self.app, &command).await.to_string();
        shown.replace(&format!("{}/", self.dir.path().display()), "")
    }

    async fn fees(&self) -> i64 {
        let night = self.app.book("2026-11-20").await;
        let runs = self.app.summaries("affiliate", "2026-11-20").await;
        assert!(night.seq().is_some());
        runs.iter().map(|run| run.summary.fee_count).sum()
    }
}

fn charged(number: usize, uid: &str) -> Vec<u8> {
    let id = format!("i{number}");
    line(&id, "fee.charged", fee(&id, uid, "2026-11-20T15:00:00Z"))
}

fn line(id: &str, kind: &str, data: Value) -> Vec<u8> {
    event(id, kind, data).to_string().into_bytes()
}

fn refs(lines: &[Vec<u8>]) -> Vec<&[u8]> {
    lines.iter().map(Vec::as_slice).collect()
}

#[tokio::test]
async fn import_names_invalid_lines() {
    let import = Imported::new().await;
    let lines = [charged(1, "dormant"), b"{ not json".to_vec(), vec![], charged(4, "dormant")];
    import.write(&refs(&lines));
    insta::assert_snapshot!(import.import().await);
    assert_eq!(import.fees().await, 6);
    assert_eq!(import.app.context.table.quarantined(day("2026-11-21")).await.unwrap().len(), 1);
    assert!(!import.path("events.jsonl.progress").exists());
}

#[tokio::test]
async fn early_events_are_retried_and_kept() {
    let import = Imported::new().await;
    let new = json!({ "uid": "new", "registeredAt": "2026-11-01T00:00:00Z", "country": "CH" });
    let lines = [charged(1, "new"), charged(2, "nobody"), line("new", "account.registered", new)];
    import.write(&refs(&lines));
    insta::assert_snapshot!(import.import().await);
    let kept = fs::read(import.path("events.jsonl.retry.jsonl")).unwrap();
    assert_eq!(kept.trim_ascii(), lines[1]);
}

#[tokio::test]
async fn interrupted_import_is_resumed() {
    let import = Imported::new().await;
    let mut lines: Vec<_> = (0..2_100).map(|number| charged(number, "dormant")).collect();
    lines[2_050] = vec![0xff];
    import.write(&refs(&lines));
    insta::assert_snapshot!("interrupted", import.import().await);
    lines[2_050] = charged(2_050, "dormant");
    import.write(&refs(&lines));
    insta::assert_snapshot!("gone_on_with", import.import().await);
    assert_eq!(import.fees().await, 2_104);
}

#[tokio::test]
async fn other_file_is_not_resumed() {
    let import = Imported::new().await;
    import.write(&[&charged(1, "dormant"), &[0xff]]);
    import.import().await;
    import.write(&[&charged(2, "dormant"), &charged(3, "dormant")]);
    let shown = import.import().await;
    assert!(shown.contains("this is not the file whose import stopped after line 1"), "{shown}");
}

#[tokio::test]
async fn second_import_changes_nothing() {
    let import = Imported::new().await;
    import.write(&[&charged(1, "dormant")]);
    import.import().await;
    import.app.now("2026-11-21T00:40:00Z");
    assert!(import.import().await.contains("1 event ingested"));
    assert_eq!(import.fees().await, 5);
    let again = fee("i1", "dormant", "2026-11-20T15:00:00Z");
    assert_eq!(import.app.send("fee.charged", again).await, EventOutcome::Ingested);
}

#[tokio::test]
async fn oversized_line_is_named() {
    let import = Imported::new().await;
    import.write(&[&charged(1, "dormant"), &vec![b'x'; 300 * 1024]]);
    let shown = import.import().await;
    assert!(shown.contains("events.jsonl: line 2: expected at most 262144 bytes"), "{shown}");
    assert!(shown.ends_with("--- exit 3 ---"), "{shown}");
}

#[tokio::test]
async fn missing_file_starts_nothing() {
    let import = Imported::new().await;
    let shown = import.import().await;
    assert!(shown.contains("events.jsonl: No such file") && shown.contains("exit 2"), "{shown}");
}
