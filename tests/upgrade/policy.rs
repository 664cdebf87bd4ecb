//! A rule that is announced with a future date applies from that date only.

use std::sync::Arc;

use policy::Programme;
use serde_json::{Value, json};

use crate::test_app::{TestApp, fee, uid};

const LATER: &str = r#"
[[eligibility]]
rule = "30-days"
from = 2026-11-22T00:00:00Z
account_age_days = 30
inactivity_days = 30
source = "a test"
as_of = 2026-11-21

[[commission.spot]]
from = 2026-11-22T00:00:00Z
vip_limit = 2
tiers = [{ rate = "0.10", volume_usd = 0, new_traders = 0 }]
source = "a test"
as_of = 2026-11-21
"#;

fn announced() -> Arc<Programme> {
    let text = format!("{}{LATER}", include_str!("../../programme.toml"));
    Arc::new(Programme::parse(&text).unwrap())
}

async fn rates(app: &TestApp, day: &str) -> Vec<Value> {
    let lines = app.lines("affiliate", day, day).await;
    lines.iter().map(|line| line["rate"].clone()).collect()
}

/// Two booked days; the change is deployed after noon on the second.
async fn announced_ahead() -> (TestApp, String) {
    let mut app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    app.registered("sixty-days-old", "2026-09-22T00:00:00Z").await;
    app.bind("dormant", &code).await;
    for (trade, day) in [("t20", "2026-11-20"), ("t21", "2026-11-21")] {
        app.now(&format!("{day}T10:00:01Z"));
        app.charged(fee(trade, "dormant", &format!("{day}T10:00:00Z"))).await;
        if trade == "t20" {
            app.night(day).await;
        }
    }
    app.now("2026-11-21T12:00:00Z");
    app.context.programme = announced();
    (app, code)
}

#[tokio::test]
async fn rule_change_keeps_booked_days() {
    let (app, _) = announced_ahead().await;
    let before = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    app.night("2026-11-21").await;
    app.now("2026-11-25T00:00:00Z");
    for day in ["2026-11-20", "2026-11-21"] {
        assert_eq!(app.book(day).await.seq(), None, "{day}");
    }
    let status = |line: &Value| (line["id"].clone(), line["commission"].clone());
    let after = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(
        after.iter().map(status).collect::<Vec<_>>(),
        before.iter().map(status).collect::<Vec<_>>()
    );
    assert_eq!(rates(&app, "2026-11-21").await, [json!("0.2")]);
}

#[tokio::test]
async fn late_fees_use_their_days_rule() {
    let (app, _) = announced_ahead().await;
    app.night("2026-11-21").await;
    app.now("2026-11-22T10:00:01Z");
    app.charged(fee("t22", "dormant", "2026-11-22T10:00:00Z")).await;
    app.charged(fee("late", "dormant", "2026-11-21T23:59:59.999Z")).await;
    app.night("2026-11-22").await;
    assert_eq!(rates(&app, "2026-11-21").await, [json!("0.2"), json!("0.2")]);
    assert_eq!(rates(&app, "2026-11-22").await, [json!("0.1")]);
}

#[tokio::test]
async fn bind_uses_rule_of_its_time() {
    let (app, code) = announced_ahead().await;
    app.now("2026-11-21T23:59:59.999Z");
    let window = app.get("sixty-days-old", &format!("/v1/bind?ref={code}")).await.json();
    assert_eq!(window["eligible"], false);
    app.now("2026-11-22T00:00:00Z");
    assert_eq!(app.bind("sixty-days-old", &code).await.status, 201);
    let rule = async |of: &str| app.context.table.binding(&uid(of)).await.unwrap().unwrap().rule;
    assert_eq!(rule("sixty-days-old").await, "30-days");
    assert_eq!(rule("dormant").await, "90-days");
}
