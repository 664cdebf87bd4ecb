//! Dirty markers: spread over partitions, and those of 0.1 that are still there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::poison::{items, put, remove};
use crate::test_app::{TestApp, day, fee};

const USERS: [&str; 6] = ["user-1", "user-2", "user-3", "user-4", "user-5", "user-6"];

/// Users who are bound and traded on 2026-11-20, before the night.
async fn traded() -> TestApp {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    for user in USERS {
        app.registered(user, "2024-01-01T00:00:00Z").await;
        assert_eq!(app.bind(user, &code).await.status, 201);
    }
    app.now("2026-11-20T12:00:00Z");
    for user in USERS {
        app.charged(fee(&format!("t-{user}"), user, "2026-11-20T10:00:00Z")).await;
    }
    app
}

/// All dirty markers, with the names of their partitions.
fn markers(app: &TestApp) -> Vec<(String, Value)> {
    let all = app.engine.items("recall").unwrap().into_iter();
    let partition = |item: &Value| item["pk"]["S"].as_str().unwrap().to_owned();
    let all = all.map(|item| (partition(&item), item));
    all.filter(|(partition, _)| partition.starts_with("TOUCHED")).collect()
}

/// Writes a marker as 0.1 did.
fn write_old(app: &TestApp, mut marker: Value) {
    marker["pk"] = json!({ "S": "TOUCHED" });
    put(app, marker);
}

async fn lines(app: &TestApp) -> usize {
    app.lines("affiliate", "2026-11-20", "2026-11-20").await.len()
}

#[tokio::test]
async fn markers_are_spread_over_partitions() {
    let app = traded().await;
    let markers = markers(&app);
    let partitions: BTreeSet<&String> = markers.iter().map(|(partition, _)| partition).collect();
    assert!(partitions.len() > 2 && partitions.iter().all(|it| it.len() == 10), "{partitions:?}");
    let listed = app.context.table.touched_through(day("2026-11-20")).await.unwrap();
    assert_eq!(listed.len(), markers.len());
    assert_eq!(app.context.table.touched_through(day("2026-11-19")).await.unwrap(), []);
}

#[tokio::test]
async fn marker_of_0_1_is_booked_and_cleared() {
    let app = traded().await;
    for (partition, marker) in markers(&app) {
        remove(&app, &partition, marker["sk"]["S"].as_str().unwrap());
        write_old(&app, marker);
    }
    app.night("2026-11-20").await;
    assert_eq!(lines(&app).await, USERS.len());
    assert_eq!(markers(&app), []);
}

#[tokio::test]
async fn markers_of_both_kinds_are_cleared() {
    let app = traded().await;
    for (number, (_, mut marker)) in markers(&app).into_iter().enumerate() {
        // Some have the token of the new marker, as a message has that both releases got.
        if number % 2 == 0 {
            marker["token"] = json!({ "S": "another batch" });
        }
        write_old(&app, marker);
    }
    app.night("2026-11-20").await;
    assert!(!items(&app, "TOUCHED").is_empty(), "it was not read, and may be of other fees");
    app.night("2026-11-21").await;
    assert_eq!((lines(&app).await, markers(&app)), (USERS.len(), vec![]));
}
