//! The restore drill: a saved copy is verified before use, and later events are replayed.

use dynamodb_embedded::Engine;
use serde_json::json;

use crate::support::{booked, run};
use crate::test_app::{TestApp, event, fee};

/// A app over the copy, at the same time.
async fn restored(app: &TestApp, copy: &Engine) -> TestApp {
    let items = copy.items("recall").unwrap();
    let other = TestApp::at(&app.context.clock.now().to_string()).await;
    other.engine.put("recall", items).unwrap();
    other
}

#[tokio::test]
async fn restored_copy_verifies() {
    let app = booked().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("copy.db");
    app.engine.save(&path).unwrap();
    let mut lost = app.engine.items("recall").unwrap();
    lost.retain(|item| item["pk"]["S"].as_str().unwrap().starts_with("K#"));
    for mut item in lost {
        item["b"] = json!({ "B": "AAA=" });
        app.engine.put("recall", [item]).unwrap();
    }
    let damaged = run(&app, "verify 2026-11-20").await;
    assert_eq!(damaged.code, 3, "{damaged}");

    let restored = restored(&app, &Engine::on_disk(&path).unwrap()).await;
    let proved = run(&restored, "verify 2026-11-20").await;
    assert_eq!(
        (proved.code, proved.results.contains("every one as booked")),
        (0, true),
        "{proved}"
    );
}

#[tokio::test]
async fn replay_after_restore_books_same_lines() {
    let app = booked().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("copy.db");
    app.engine.save(&path).unwrap();
    app.now("2026-11-21T10:00:01Z");
    let since = fee("t9", "dormant", "2026-11-21T10:00:00Z");
    app.charged(since.clone()).await;
    app.night("2026-11-21").await;

    let restored = restored(&app, &Engine::on_disk(&path).unwrap()).await;
    let archive = directory.path().join("since.jsonl");
    let earlier = fee("t1", "dormant", "2026-11-20T10:00:00Z");
    let events = [event("1", "fee.charged", earlier), event("2", "fee.charged", since)];
    let text: String = events.iter().map(|event| format!("{event}\n")).collect();
    std::fs::write(&archive, text).unwrap();
    assert_eq!(run(&restored, &format!("import {}", archive.display())).await.code, 0);
    assert_eq!(run(&restored, "rollup --night 2026-11-21").await.code, 0);
    assert_eq!(run(&restored, "verify 2026-11-20..2026-11-21").await.code, 0);
    let lines = async |of: &TestApp| {
        let mut lines = of.lines("affiliate", "2026-11-20", "2026-11-21").await;
        lines.iter_mut().for_each(|line| drop(line["runId"].take()));
        lines
    };
    assert_eq!(lines(&restored).await, lines(&app).await);
}
