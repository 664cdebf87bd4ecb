//! `velocity`: links that bind bursts of inactive users.

use serde_json::json;

use crate::support::run;
use crate::test_app::{TestApp, fee};

/// One affiliate binds two users who trade, one of them voided; another binds four in ten minutes.
async fn two_links() -> TestApp {
    let app = TestApp::at("2026-11-19T09:00:00Z").await;
    let honest = app.affiliate("honest").await;
    let hasty = app.affiliate("hasty").await;
    for number in 0..4 {
        let uid = format!("bought-{number}");
        app.registered(&uid, "2024-01-01T00:00:00Z").await;
        app.now(&format!("2026-11-20T14:0{number}:00Z"));
        assert_eq!(app.bind(&uid, &hasty).await.status, 201);
    }
    for (number, uid) in ["friend-1", "friend-2", "friend-3"].into_iter().enumerate() {
        app.registered(uid, "2024-01-01T00:00:00Z").await;
        app.now(&format!("2026-11-20T1{}:30:00Z", 5 + number));
        assert_eq!(app.bind(uid, &honest).await.status, 201);
    }
    app.now("2026-11-20T23:00:00Z");
    for uid in ["bought-0", "friend-1", "friend-2", "friend-3"] {
        app.charged(fee(&format!("of-{uid}"), uid, "2026-11-20T20:00:00Z")).await;
    }
    let used = json!({ "uid": "friend-3", "product": "card", "at": "2026-11-01T12:00:00Z" });
    app.taken("activity", used).await;
    app.night("2026-11-20").await;
    app
}

#[tokio::test]
async fn links_are_listed_by_suspicion() {
    insta::assert_snapshot!(run(&two_links().await, "velocity 2026-11-19..2026-11-21").await);
}

#[tokio::test]
async fn links_are_listed_as_csv() {
    insta::assert_snapshot!(run(&two_links().await, "velocity 2026-11-20 --csv").await);
}

#[tokio::test]
async fn day_without_bindings_is_empty() {
    let shown = run(&two_links().await, "velocity 2026-11-21").await;
    assert_eq!((shown.results.as_str(), shown.code), ("", 0));
    assert_eq!(shown.questions, "0 bindings by 0 links, 2026-11-21\n");
}

#[tokio::test]
async fn day_costs_one_query_per_shard() {
    let app = two_links().await;
    drop(app.engine.take_calls());
    run(&app, "velocity 2026-11-20").await;
    let calls = app.engine.take_calls();
    assert_eq!(calls["Query"], 64);
    // The head; and of each shard with a binding the accounts and the invitees.
    assert_eq!((calls["GetItem"], calls["BatchGetItem"]), (1, 2 * shards_of_the_seven()));
    assert_eq!(calls.len(), 3, "{calls:?}");
}

fn shards_of_the_seven() -> usize {
    let bought = (0..4).map(|number| format!("bought-{number}"));
    let friends = (1..=3).map(|number| format!("friend-{number}"));
    let shards = bought.chain(friends).map(|uid| storage::Shard::of(&uid.parse().unwrap()));
    shards.collect::<std::collections::BTreeSet<_>>().len()
}
