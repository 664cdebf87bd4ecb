//! `parked`: affiliates whose part of a run cannot be published.

use serde_json::{Value, json};

use crate::support::{run, traded};
use crate::test_app::{TestApp, uid};

const KEY: &str = "REF#001795165200000#dormant";

/// A night that cannot read the only invitee of the only affiliate.
async fn parked() -> TestApp {
    let app = traded().await;
    let item = json!({
        "pk": { "S": "A#affiliate" }, "sk": { "S": KEY }, "v": { "N": "1" },
    });
    app.engine.put("recall", [item]).unwrap();
    let shown = run(&app, "rollup --night 2026-11-20").await;
    assert_eq!(shown.code, 0, "{shown}");
    app
}

fn repaired(app: &TestApp) {
    let key = json!({ "pk": { "S": "A#affiliate" }, "sk": { "S": KEY } });
    let body = json!({ "TableName": "recall", "Key": key }).to_string();
    assert_eq!(app.engine.run("DeleteItem", body.as_bytes()).0, 200);
}

async fn lines(app: &TestApp) -> Vec<Value> {
    app.lines("affiliate", "2026-11-20", "2026-11-20").await
}

#[tokio::test]
async fn waiting_runs_are_listed() {
    let shown = run(&parked().await, "parked list").await;
    let expected = "affiliate  run 2026-11-20.1, since 2026-11-21T00:30:00.000Z: a stored referral \
                    cannot be read: it has no content\n";
    assert_eq!(shown.results, expected);
    assert!(shown.questions.contains("1 affiliate parked, 1 run not published"), "{shown}");
    assert_eq!(run(&traded().await, "parked list").await.results, "");
}

#[tokio::test]
async fn repair_publishes_waiting_runs() {
    let app = parked().await;
    let refused = run(&app, "parked repair affiliate").await;
    assert_eq!(refused.code, 3, "{refused}");
    assert_eq!(lines(&app).await.len(), 0);
    repaired(&app);
    let shown = run(&app, "parked repair affiliate").await;
    assert_eq!((shown.results.as_str(), shown.code), ("2026-11-20  run 1: 3 lines\n", 0));
    assert_eq!(lines(&app).await.len(), 3);
    let again = run(&app, "parked repair affiliate").await;
    assert_eq!(again.code, 2);
    assert!(again.questions.ends_with("affiliate affiliate is not parked"), "{again}");
}

#[tokio::test]
async fn next_night_books_after_withdrawal() {
    let app = parked().await;
    repaired(&app);
    let shown = run(&app, "parked withdraw affiliate --why a-test").await;
    let told = "2026-11-20  run 1: 3 lines withdrawn, 1 shard marked\n";
    assert_eq!((shown.results.as_str(), shown.code), (told, 0));
    assert_eq!(lines(&app).await.len(), 0);
    app.now("2026-11-22T00:30:00Z");
    let night = run(&app, "rollup --night 2026-11-21").await;
    assert_eq!(night.code, 0, "{night}");
    assert!(night.results.contains("2026-11-21  reconciled: 0 differences"), "{night}");
    let runs: Vec<_> = lines(&app).await.iter().map(|line| line["runId"].clone()).collect();
    assert_eq!(runs, vec![json!("2026-11-20.3"); 3]);
    assert_eq!(app.context.table.parked_runs(&uid("affiliate")).await.unwrap(), []);
}

#[tokio::test]
async fn parked_day_is_not_archived() {
    let (app, folder) = (parked().await, tempfile::tempdir().unwrap());
    app.now("2027-06-01T00:30:00Z");
    let archive = format!("archive 2026-11-20 --to {} --delete", folder.path().display());
    let refused = run(&app, &archive).await;
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.questions.contains("not booked"), "{refused}");
    repaired(&app);
    assert_eq!(run(&app, "parked repair affiliate").await.code, 0);
    let archived = run(&app, &archive).await;
    assert_eq!(archived.code, 0, "{archived}");
}
