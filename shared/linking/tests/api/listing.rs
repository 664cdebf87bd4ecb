//! `GET /v1/links`.

use std::collections::BTreeMap;

use storage::{Head, StoredTotals, Totals, TwoVersionCell, Versioned};
use types::LinkCode;

use crate::test_app::{TestApp, uid};

/// Publishes totals as run `seq`, of which readers see the runs up to `visible`.
async fn publish(app: &TestApp, seq: u64, visible: u64, by_link: &[(&str, u32)]) {
    let by_link: BTreeMap<LinkCode, u32> =
        by_link.iter().map(|(code, count)| (code.parse().unwrap(), *count)).collect();
    let slots = Some(TwoVersionCell::new(seq, Totals { by_link, ..Totals::default() }));
    let totals = StoredTotals { slots, parked: None };
    assert!(
        app.context
            .table
            .save_totals(&uid("alice"), &Versioned::new(totals))
            .await
            .unwrap()
            .is_done()
    );
    let closed_through = "2026-11-21".parse().ok();
    let head = Head { committed: seq, visible, closed_through, ..Head::default() };
    assert!(app.context.table.save_head(&Versioned::new(head)).await.unwrap().is_done());
}

#[tokio::test]
async fn new_affiliate_has_empty_list() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.get("alice", "/v1/links").await);
}

#[tokio::test]
async fn links_are_listed_with_their_invitees() {
    let app = TestApp::new().await;
    app.plant("alice", "LEGACY01", false).await;
    let code = app.get("alice", "/v1/link").await.text("/code");
    app.post("alice", "/v1/links", r#"{"label":"autumn channel"}"#).await;
    publish(&app, 3, 3, &[(&code, 12), ("LEGACY01", 1)]).await;
    insta::assert_snapshot!(app.get("alice", "/v1/links").await);
}

#[tokio::test]
async fn invitees_of_invisible_run_do_not_count() {
    let app = TestApp::new().await;
    let code = app.get("alice", "/v1/link").await.text("/code");
    publish(&app, 3, 2, &[(&code, 12)]).await;
    assert_eq!(app.get("alice", "/v1/links").await.json()["links"][0]["invitees"], 0);
}

#[tokio::test]
async fn links_of_others_are_not_listed() {
    let app = TestApp::new().await;
    app.add_affiliate("bob").await;
    app.get("alice", "/v1/link").await;
    assert_eq!(app.get("bob", "/v1/links").await.json()["links"], serde_json::json!([]));
}
