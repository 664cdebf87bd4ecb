//! A rule that is announced ahead, by its date: nothing before changes, and what comes after goes by
//! it.

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

async fn rates(world: &TestApp, day: &str) -> Vec<Value> {
    let lines = world.lines("affiliate", day, day).await;
    lines.iter().map(|line| line["rate"].clone()).collect()
}

/// Two booked days; on the second, after its noon, the change is deployed.
async fn announced_ahead() -> (TestApp, String) {
    let mut world = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.registered("dormant", "2024-01-01T00:00:00Z").await;
    world.registered("sixty-days-old", "2026-09-22T00:00:00Z").await;
    world.bind("dormant", &code).await;
    for (trade, day) in [("t20", "2026-11-20"), ("t21", "2026-11-21")] {
        world.now(&format!("{day}T10:00:01Z"));
        world.charged(fee(trade, "dormant", &format!("{day}T10:00:00Z"))).await;
        if trade == "t20" {
            world.night(day).await;
        }
    }
    world.now("2026-11-21T12:00:00Z");
    world.app.programme = announced();
    (world, code)
}

#[tokio::test]
async fn what_was_booked_stays_and_a_second_run_of_it_finds_nothing_to_book() {
    let (world, _) = announced_ahead().await;
    let before = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
    world.night("2026-11-21").await;
    world.now("2026-11-25T00:00:00Z");
    for day in ["2026-11-20", "2026-11-21"] {
        assert_eq!(world.book(day).await.seq, None, "{day}");
    }
    let status = |line: &Value| (line["id"].clone(), line["commission"].clone());
    let after = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert_eq!(
        after.iter().map(status).collect::<Vec<_>>(),
        before.iter().map(status).collect::<Vec<_>>()
    );
    assert_eq!(rates(&world, "2026-11-21").await, [json!("0.2")]);
}

#[tokio::test]
async fn a_day_goes_by_its_own_rule_however_late_its_fees_come() {
    let (world, _) = announced_ahead().await;
    world.night("2026-11-21").await;
    world.now("2026-11-22T10:00:01Z");
    world.charged(fee("t22", "dormant", "2026-11-22T10:00:00Z")).await;
    world.charged(fee("late", "dormant", "2026-11-21T23:59:59.999Z")).await;
    world.night("2026-11-22").await;
    assert_eq!(rates(&world, "2026-11-21").await, [json!("0.2"), json!("0.2")]);
    assert_eq!(rates(&world, "2026-11-22").await, [json!("0.1")]);
}

#[tokio::test]
async fn a_bind_goes_by_the_rule_of_its_instant_and_keeps_its_name() {
    let (world, code) = announced_ahead().await;
    world.now("2026-11-21T23:59:59.999Z");
    let window = world.get("sixty-days-old", &format!("/v1/bind?ref={code}")).await.json();
    assert_eq!(window["eligible"], false);
    world.now("2026-11-22T00:00:00Z");
    assert_eq!(world.bind("sixty-days-old", &code).await.status, 201);
    let rule = async |of: &str| world.app.table.binding(&uid(of)).await.unwrap().unwrap().rule;
    assert_eq!(rule("sixty-days-old").await, "30-days");
    assert_eq!(rule("dormant").await, "90-days");
}
