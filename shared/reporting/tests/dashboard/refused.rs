//! Every bad parameter has its stated error, and causes no read of data.

use http_api::Purpose;
use serde_json::{Value, json as value};

use crate::sample::ledger;
use crate::test_app::{AFFILIATE, TestApp, json, read};

const BAD: &[&str] = &[
    "/v1/dashboard?from=2026-11-01",
    "/v1/dashboard?to=2026-11-01",
    "/v1/dashboard?from=2026-11-02&to=2026-11-01",
    "/v1/dashboard?from=2025-11-21&to=2026-11-22",
    "/v1/dashboard?from=2026-02-30&to=2026-11-01",
    "/v1/dashboard?from=yesterday&to=2026-11-01",
    "/v1/dashboard?limit=10",
    "/v1/dashboard?from=2026-11-01&from=2026-11-01&to=2026-11-01",
    "/v1/dashboard/referrals?origin=invited",
    "/v1/dashboard/referrals?link=abc",
    "/v1/dashboard/referrals?sort=uid",
    "/v1/dashboard/referrals?limit=0",
    "/v1/dashboard/referrals?limit=201",
    "/v1/dashboard/referrals?limit=ten",
    "/v1/dashboard/referrals?cursor=nonsense",
    "/v1/dashboard/referrals?inviter=affiliate-b",
    "/v1/dashboard/referrals?uid=a%20b",
    "/v1/dashboard/commissions?product=options",
    "/v1/dashboard/commissions?asset=btc",
    "/v1/dashboard/commissions?uid=a%20b",
    "/v1/dashboard/commissions?reason=already_bound",
    "/v1/dashboard/commissions?type=payment",
    "/v1/dashboard/commissions?status=Paid",
    "/v1/dashboard/commissions?sort=-uid",
    "/v1/dashboard/commissions?limit=0",
    "/v1/dashboard/commissions?limit=201",
    "/v1/dashboard/commissions?cursor=",
    "/v1/dashboard/commissions?to=2026-11-01",
    "/v1/dashboard/commissions?affiliate=affiliate-b",
];

#[tokio::test]
async fn bad_parameter_is_named_with_its_form() {
    let app = TestApp::new().await;
    let _before = app.engine.take_calls();
    let mut refusals = Vec::new();
    for target in BAD {
        let response = app.ask(AFFILIATE, target, "application/json").await;
        assert_eq!(response.status(), 400, "{target}");
        refusals.push((*target, json(&response)));
    }
    insta::assert_json_snapshot!(refusals);
    assert!(app.engine.take_calls().is_empty());
}

#[tokio::test]
async fn unknown_form_of_answer_is_refused() {
    let response =
        TestApp::new().await.ask(AFFILIATE, "/v1/dashboard/commissions", "text/html").await;
    insta::assert_json_snapshot!(json(&response));
}

#[tokio::test]
async fn cursor_of_another_list_is_refused() {
    let app = ledger().await;
    let lines = "/v1/dashboard/commissions?from=2026-11-01&to=2026-11-21";
    let cursor = app.get(&format!("{lines}&limit=1")).await["nextCursor"].clone();
    let cursor = cursor.as_str().unwrap();
    assert!(app.get(&format!("{lines}&cursor={cursor}")).await["lines"].is_array());
    let (start, end) = cursor.split_at(20);
    for elsewhere in [
        format!("{lines}&asset=BTC&cursor={cursor}"),
        format!("{lines}&type=commission&cursor={cursor}"),
        format!("{lines}&sort=-day&cursor={cursor}"),
        format!("{lines}&sort=day&cursor={cursor}"),
        format!("/v1/dashboard/commissions?from=2026-11-02&to=2026-11-21&cursor={cursor}"),
        format!("/v1/dashboard/commissions?cursor={cursor}"),
        format!("/v1/dashboard/referrals?cursor={cursor}"),
        format!("{lines}&cursor={start}A{end}"),
        format!("{lines}&cursor={start}"),
    ] {
        let response = app.ask(AFFILIATE, &elsewhere, "application/json").await;
        assert_eq!(response.status(), 400, "{elsewhere}");
        assert_eq!(json(&response)["parameter"], "cursor", "{elsewhere}");
    }
}

#[tokio::test]
async fn cursor_of_a_later_version_is_refused() {
    let app = ledger().await;
    let lines = "/v1/dashboard/commissions";
    let cursor = app.get(&format!("{lines}?limit=1")).await["nextCursor"].clone();
    let (purpose, caller) = (Purpose::Cursor("/v1/dashboard/commissions "), read(AFFILIATE));
    let (signer, now) = (&app.context.signer, app.context.clock.now());
    let mut place: Value = signer.open(purpose, &caller, cursor.as_str().unwrap(), now).unwrap();
    for (version, status) in [(2, 200), (3, 400)] {
        place["version"] = value!(version);
        let cursor = signer.seal(purpose, &caller, &place, now.plus_days(1)).unwrap();
        let target = format!("{lines}?cursor={cursor}");
        let answer = app.ask(AFFILIATE, &target, "application/json").await;
        assert_eq!(answer.status(), status, "{version}");
    }
}
