//! One list or export shows the ledger of one instant, however long it takes to read.

use std::collections::BTreeSet;

use commission::Line;
use lambda::Clock;
use serde_json::Value;
use types::Product;

use crate::exports::next;
use crate::sample::{EARNED, line};
use crate::test_app::{AFFILIATE, TestApp, read, summary_of, text};

const TARGET: &str = "/v1/dashboard/commissions?from=2026-11-01&to=2026-11-21&limit=2";
/// Seven days after the end of 12 November.
const SETTLED: &str = "2026-11-20T00:00:00.000Z";
const ACCRUED: &str = "2026-11-19T23:59:59.999Z";

/// Five lines of one day's run, just before they are settled.
async fn app_with_five_lines() -> (TestApp, u64) {
    let mut app = TestApp::new().await;
    let lines: Vec<Line> = ["r1", "r2", "r3", "r4", "r5"]
        .map(|uid| line(uid, Product::Spot, "BTC", 524_900, EARNED))
        .to_vec();
    let seq = app.run(AFFILIATE, "2026-11-12", summary_of(&lines), &lines).await;
    app.context.clock = Clock::standing_at(read(ACCRUED));
    (app, seq)
}

/// The values of a member of all lines of an export in parts; `between` runs after the first part.
async fn export(
    app: &mut TestApp,
    member: &str,
    between: impl AsyncFnOnce(&mut TestApp),
) -> Vec<Value> {
    let mut values = Vec::new();
    let (mut target, mut between) = (Some(TARGET.to_owned()), Some(between));
    while let Some(part) = target {
        let answer = app.ask(AFFILIATE, &part, "application/x-ndjson").await;
        values.extend(text(&answer).lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line[member].clone()
        }));
        target = next(&answer);
        if let Some(between) = between.take() {
            between(app).await;
        }
    }
    assert_eq!(values.len(), 5);
    values
}

/// The page after another one.
async fn after(app: &TestApp, target: &str, page: &Value) -> Value {
    let cursor = page["nextCursor"].as_str().unwrap();
    app.get(&format!("{target}&cursor={cursor}")).await
}

fn distinct(values: Vec<Value>) -> BTreeSet<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

#[tokio::test]
async fn settling_between_parts_keeps_status() {
    let (mut app, _) = app_with_five_lines().await;
    let settle = async |app: &mut TestApp| app.context.clock = Clock::standing_at(read(SETTLED));
    let statuses = export(&mut app, "status", settle).await;
    assert_eq!(distinct(statuses), BTreeSet::from(["\"accrued\"".to_owned()]));
    let statuses = export(&mut app, "status", async |_| {}).await;
    assert_eq!(distinct(statuses), BTreeSet::from(["\"settled\"".to_owned()]));
}

#[tokio::test]
async fn pages_keep_status_of_first_one() {
    let (mut app, _) = app_with_five_lines().await;
    let first = app.get(TARGET).await;
    app.context.clock = Clock::standing_at(read(SETTLED));
    let second = after(&app, TARGET, &first).await;
    let third = after(&app, TARGET, &second).await;
    for page in [&second, &third] {
        assert_eq!(page["lines"][0]["status"], "accrued");
    }
    assert_eq!(app.get(TARGET).await["lines"][0]["status"], "settled");
}

/// Pays a run a moment after the list began.
async fn pay(app: &mut TestApp, day: &str, seq: u64) {
    app.context.clock = Clock::standing_at(app.context.clock.now().plus_millis(1));
    app.pay(AFFILIATE, day, seq, "w1").await;
}

#[tokio::test]
async fn payment_between_parts_splits_no_run() {
    for member in ["status", "paidAt", "reference"] {
        let (mut app, seq) = app_with_five_lines().await;
        let values = export(&mut app, member, async |app| pay(app, "2026-11-12", seq).await).await;
        assert_eq!(distinct(values).len(), 1, "{member}");
    }
}

#[tokio::test]
async fn payment_after_page_is_in_next_list() {
    let (mut app, seq) = app_with_five_lines().await;
    let first = app.get(TARGET).await;
    pay(&mut app, "2026-11-12", seq).await;
    let second = after(&app, TARGET, &first).await;
    assert_eq!(second["lines"][0]["status"], "accrued");
    assert_eq!(app.get(TARGET).await["lines"][0]["status"], "paid");
}
