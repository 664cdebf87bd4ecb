//! What comes late: fees, corrections, facts; each books the difference as new lines.

use serde_json::{Value, json};
use types::Reason;

use crate::test_app::{TestApp, fee};

async fn booked() -> TestApp {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(world.bind("dormant", &code).await.status, 201);
    world.now("2026-11-20T23:00:00Z");
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    world.charged(fee("t2", "dormant", "2026-11-20T11:00:00Z")).await;
    world.night("2026-11-20").await;
    world
}

async fn lines(world: &TestApp) -> Vec<(String, String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let lines = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
    lines.iter().map(|l| (text(l, "type"), text(l, "cause"), text(l, "commission"))).collect()
}

fn line(kind: &str, cause: &str, commission: &str) -> (String, String, String) {
    (kind.to_owned(), cause.to_owned(), commission.to_owned())
}

#[tokio::test]
async fn a_late_fee_is_booked_by_the_next_night_for_its_own_day() {
    let world = booked().await;
    world.now("2026-11-21T12:00:00Z");
    world.charged(fee("t3", "dormant", "2026-11-20T12:00:00Z")).await;
    let night = world.night("2026-11-21").await;
    let days: Vec<_> = night.days.iter().map(|d| (d.day.to_string(), d.lines)).collect();
    assert_eq!(days, [("2026-11-21".to_owned(), 0), ("2026-11-20".to_owned(), 1)]);
    let expected =
        [line("commission", "", "0.00040000"), line("correction", "late_fee", "0.00020000")];
    assert_eq!(lines(&world).await, expected);
}

#[tokio::test]
async fn a_late_fee_costs_what_it_touches_and_not_its_whole_day() {
    let world = booked().await;
    let late = fee("t-late", "dormant", "2026-11-20T10:00:00Z");
    world.now("2026-11-21T09:00:00Z");
    world.charged(late).await;
    let plan = json!({ "step": "plan", "day": "2026-11-21" });
    world.now("2026-11-22T00:30:00Z");
    let plan = nightly::handle(&world.app, &plan).await.unwrap();
    let shards = |day: usize| plan["days"][day]["shards"].as_array().unwrap().len();
    assert_eq!(plan["days"][1]["day"], "2026-11-20");
    assert_eq!(
        (shards(0), shards(1)),
        (64, 1),
        "the whole day that ended, one shard of the one before"
    );
}

#[tokio::test]
async fn a_corrected_fee_is_booked_as_a_new_line_with_its_reason() {
    let world = booked().await;
    world.now("2026-11-21T12:00:00Z");
    let correction = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0.0005",
        "amountUsd": "50", "volumeUsd": "50000", "at": "2026-11-21T11:00:00Z",
        "why": "wrong fee tier",
    });
    world.taken("fee.corrected", correction).await;
    world.night("2026-11-21").await;
    let expected =
        [line("commission", "", "0.00040000"), line("correction", "fee_corrected", "-0.00010000")];
    assert_eq!(lines(&world).await, expected);
    let export = world.lines("affiliate", "2026-11-20", "2026-11-20").await;
    assert!(export[1].to_string().contains("wrong fee tier"), "{}", export[1]);
}

#[tokio::test]
async fn a_busted_trade_is_taken_back() {
    let world = booked().await;
    world.now("2026-11-21T12:00:00Z");
    let bust = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0", "amountUsd": "0",
        "volumeUsd": "0", "at": "2026-11-21T11:00:00Z", "why": "trade busted",
    });
    world.taken("fee.corrected", bust).await;
    world.night("2026-11-21").await;
    let total: i128 = world
        .summaries("affiliate", "2026-11-20")
        .await
        .iter()
        .flat_map(|day| day.summary.cells.values().map(|money| money.commission.minor()))
        .sum();
    assert_eq!(total, 20_000);
}

#[tokio::test]
async fn a_correction_that_comes_before_its_fee_holds_when_the_fee_comes() {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.registered("dormant", "2024-01-01T00:00:00Z").await;
    world.bind("dormant", &code).await;
    world.now("2026-11-20T23:00:00Z");
    let correction = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0.0005",
        "amountUsd": "50", "volumeUsd": "50000", "at": "2026-11-20T22:00:00Z", "why": "typed wrong",
    });
    world.taken("fee.corrected", correction).await;
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    world.night("2026-11-20").await;
    assert_eq!(lines(&world).await, [line("commission", "", "0.00010000")]);
}

#[tokio::test]
async fn a_late_fact_changes_nothing_until_the_day_is_run_again() {
    let world = booked().await;
    world.now("2026-11-21T12:00:00Z");
    let left = json!({ "uid": "affiliate", "affiliate": false, "at": "2026-11-20T10:30:00Z" });
    world.taken("account.changed", left).await;
    assert_eq!(lines(&world).await, [line("commission", "", "0.00040000")]);
    world.book("2026-11-20").await;
    let expected = [
        line("commission", "", "0.00040000"),
        line("correction", "facts_changed", "-0.00020000"),
        line("correction", "facts_changed", "0.00000000"),
    ];
    assert_eq!(lines(&world).await, expected);
}

#[tokio::test]
async fn an_activity_that_proves_a_bind_undue_voids_it_and_reverses_its_lines() {
    let world = booked().await;
    world.now("2026-11-21T12:00:00Z");
    let active = json!({ "uid": "dormant", "product": "earn", "at": "2026-11-01T00:00:00Z" });
    world.taken("activity", active).await;
    world.night("2026-11-21").await;
    let expected =
        [line("commission", "", "0.00040000"), line("correction", "binding_voided", "-0.00040000")];
    assert_eq!(lines(&world).await, expected);
    world.now("2026-11-22T12:00:00Z");
    let again = world.get("dormant", "/v1/bind?ref=ABCDEFGH").await;
    assert_eq!(again.status, 404);
    let referrals = world.get("affiliate", "/v1/dashboard/referrals").await.body;
    assert!(referrals.contains("voided"), "{referrals}");
}

#[tokio::test]
async fn voided_binding_gives_the_inviter_no_ground() {
    let world = booked().await;
    world.now("2026-11-21T12:00:00Z");
    let active = json!({ "uid": "dormant", "product": "earn", "at": "2026-11-01T07:08:09Z" });
    world.taken("activity", active).await;
    world.night("2026-11-21").await;
    let grounds: Vec<_> =
        Reason::ALL.iter().filter(|r| r.refuses_bind() && !r.zeroes_fee()).collect();
    for (target, accept) in [
        ("/v1/dashboard", "application/json"),
        ("/v1/dashboard/referrals", "application/json"),
        ("/v1/dashboard/commissions", "application/json"),
        ("/v1/dashboard/commissions", "text/csv"),
        ("/v1/dashboard/commissions", "application/x-ndjson"),
        ("/v1/links", "application/json"),
    ] {
        let answer = world.call("affiliate", "GET", target, &[("accept", accept)], None).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let told = |ground: &str| answer.body.contains(ground);
        // The instant at which the binding was found void is the arrival of the fact.
        for ground in ["07:08:09", "earn\"", "voidedAt", "eligib", "2026-11-21T12:00"] {
            assert!(!told(ground), "{target} {ground}: {}", answer.body);
        }
        for reason in &grounds {
            assert!(!told(reason.code()) && !told(reason.sentence()), "{target} {reason}");
        }
    }
}

#[tokio::test]
async fn activity_voids_a_bind_from_the_window_s_first_instant_to_the_last_before_it() {
    const BOUND_AT: &str = "2026-11-20T09:00:00.000Z";
    for (time, voided) in [
        ("2026-08-22T08:59:59.999Z", false),
        ("2026-08-22T09:00:00.000Z", true),
        ("2026-11-20T08:59:59.999Z", true),
        (BOUND_AT, false),
    ] {
        let world = booked().await;
        let active = json!({ "uid": "dormant", "product": "earn", "at": time });
        world.taken("activity", active).await;
        let account = world.app.table.account(&crate::test_app::uid("dormant")).await;
        let relation = account.unwrap().unwrap().value.relation.unwrap();
        assert_eq!(relation.bound_at.to_string(), BOUND_AT);
        assert_eq!(relation.voided_at.is_some(), voided, "{time}");
    }
}

#[tokio::test]
async fn a_trade_at_the_very_instant_of_the_bind_earns() {
    let world = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    world.registered("dormant", "2024-01-01T00:00:00Z").await;
    world.bind("dormant", &code).await;
    world.charged(fee("t1", "dormant", "2026-11-20T09:00:00Z")).await;
    world.night("2026-11-20").await;
    assert_eq!(lines(&world).await, [line("commission", "", "0.00020000")]);
}

#[tokio::test]
async fn the_same_trade_id_with_another_body_is_quarantined_and_the_first_stands() {
    let world = booked().await;
    world.now("2026-11-21T12:00:00Z");
    let mut other = fee("t1", "dormant", "2026-11-20T10:00:00Z");
    other["amount"] = json!("0.5");
    world.charged(other).await;
    world.night("2026-11-21").await;
    assert_eq!(lines(&world).await, [line("commission", "", "0.00040000")]);
    let kept = world.app.table.quarantined(crate::test_app::day("2026-11-21")).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].reason, "identity_conflict");
}

#[tokio::test]
async fn a_new_trader_counts_for_the_quarter_of_his_first_trade_however_late_it_is_told() {
    let world = TestApp::at("2026-09-20T09:00:00Z").await;
    let code = world.affiliate("affiliate").await;
    for trader in ["new-1", "new-2", "new-3"] {
        let data = json!({
            "uid": trader, "registeredAt": "2026-09-20T08:00:00Z", "country": "CH", "ref": code,
        });
        world.taken("account.registered", data).await;
    }
    world.now("2026-10-01T20:00:00Z");
    world.charged(fee("t1", "new-1", "2026-09-29T10:00:00Z")).await;
    world.charged(fee("t2", "new-2", "2026-09-30T10:00:00Z")).await;
    world.charged(fee("t3", "new-3", "2026-10-01T10:00:00Z")).await;
    for day in ["2026-09-29", "2026-09-30", "2026-10-01"] {
        world.night(day).await;
    }
    let evaluate = json!({ "step": "evaluate", "quarter": "2026-Q3" });
    let promoted =
        async || nightly::handle(&world.app, &evaluate).await.unwrap()["promoted"].clone();
    assert_eq!(promoted().await, 0, "tier 1 asks for three new traders");
    world.now("2026-10-02T12:00:00Z");
    world.charged(fee("t4", "new-3", "2026-09-30T23:00:00Z")).await;
    world.night("2026-10-02").await;
    assert_eq!(promoted().await, 1);
}
