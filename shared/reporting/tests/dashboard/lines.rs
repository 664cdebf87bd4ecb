//! The lists: invitees and lines, page by page.

use commission::Line;
use serde_json::Value;
use types::{Origin, Product};

use crate::sample::{EARNED, OTHER_LINK, RECALL_LINK, ledger, line};
use crate::test_app::{AFFILIATE, Invitee, TestApp, read, summary_of};

const REFERRALS: &str = "/v1/dashboard/referrals";
const COMMISSIONS: &str = "/v1/dashboard/commissions?from=2026-11-01&to=2026-11-21";

fn texts(page: &Value, list: &str, member: &str) -> Vec<String> {
    let rows = page[list].as_array().unwrap().iter();
    rows.map(|row| row[member].as_str().unwrap().to_owned()).collect()
}

/// All pages of a list, one after the other.
async fn pages(app: &TestApp, target: &str) -> Vec<Value> {
    let mut pages = vec![app.get(target).await];
    while let Some(cursor) = pages[pages.len() - 1]["nextCursor"].as_str() {
        assert!(pages.len() < 1000, "the list does not end");
        let separator = if target.contains('?') { '&' } else { '?' };
        let page = app.get(&format!("{target}{separator}cursor={cursor}")).await;
        pages.push(page);
    }
    pages
}

async fn all(app: &TestApp, target: &str, list: &str, member: &str) -> Vec<String> {
    pages(app, target).await.iter().flat_map(|page| texts(page, list, member)).collect()
}

#[tokio::test]
async fn invitees_of_sample() {
    insta::assert_json_snapshot!(ledger().await.get(REFERRALS).await);
}

#[tokio::test]
async fn lines_of_sample() {
    insta::assert_json_snapshot!(ledger().await.get(COMMISSIONS).await);
}

#[tokio::test]
async fn empty_ledger_has_empty_lists() {
    let app = TestApp::new().await;
    insta::assert_json_snapshot!([app.get(REFERRALS).await, app.get(COMMISSIONS).await]);
}

#[tokio::test]
async fn invitees_sort_both_ways() {
    let app = ledger().await;
    let uids =
        async |query: &str| all(&app, &format!("{REFERRALS}{query}"), "referrals", "uid").await;
    assert_eq!(uids("").await, ["s2", "s1", "r1"]);
    assert_eq!(uids("?limit=1").await, ["s2", "s1", "r1"]);
    assert_eq!(uids("?sort=boundAt&limit=2").await, ["r1", "s1", "s2"]);
}

#[tokio::test]
async fn invitees_filter_by_origin_and_link() {
    let app = ledger().await;
    let uids =
        async |query: &str| all(&app, &format!("{REFERRALS}?{query}"), "referrals", "uid").await;
    assert_eq!(uids("origin=recall").await, ["r1"]);
    assert_eq!(uids("origin=signup&limit=1").await, ["s2", "s1"]);
    assert_eq!(uids(&format!("link={OTHER_LINK}")).await, ["s2", "s1"]);
    assert!(uids(&format!("link={RECALL_LINK}&origin=signup")).await.is_empty());
}

#[tokio::test]
async fn unmatched_filter_reads_bounded_part() {
    let mut app = TestApp::new().await;
    let seq = app.run(AFFILIATE, "2026-11-20", summary_of(&[]), &[]).await;
    for number in 0..30 {
        let invitee = Invitee {
            uid: &format!("s{number}"),
            code: OTHER_LINK,
            origin: Origin::Signup,
            bound_at: "2026-11-12T06:00:00Z",
            activity: Default::default(),
        };
        app.invitee(AFFILIATE, seq, invitee).await;
    }
    let target = format!("{REFERRALS}?origin=recall&limit=1");
    assert_eq!(app.calls(&target).await[1], ("Query".to_owned(), 8));
    let pages = pages(&app, &target).await;
    assert!(pages.len() > 1 && pages.iter().all(|page| page["referrals"] == Value::Array(vec![])));
}

#[tokio::test]
async fn page_costs_two_or_three_calls() {
    let app = ledger().await;
    let [batch, query] = ["BatchGetItem", "Query"].map(str::to_owned);
    assert_eq!(app.calls(REFERRALS).await, [(batch.clone(), 1), (query.clone(), 1)]);
    assert_eq!(app.calls(COMMISSIONS).await, [(batch, 2), (query, 1)]);
}

#[tokio::test]
async fn lines_sort_by_day_run_place() {
    let app = ledger().await;
    let runs = all(&app, &format!("{COMMISSIONS}&limit=1"), "lines", "runId").await;
    let expected =
        ["2026-11-12.1"; 4].into_iter().chain(["2026-11-12.3"; 2]).chain(["2026-11-20.2"; 2]);
    assert_eq!(runs, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn line_id_is_unique_and_stable() {
    let app = ledger().await;
    let ids = all(&app, COMMISSIONS, "lines", "id").await;
    let mut distinct = ids.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 8);
    assert_eq!(all(&app, &format!("{COMMISSIONS}&limit=3"), "lines", "id").await, ids);
    let other_range = "/v1/dashboard/commissions?from=2026-11-20&to=2026-11-20";
    assert_eq!(all(&app, other_range, "lines", "id").await, ids[6..]);
}

#[tokio::test]
async fn lines_filter_by_product_asset_invitee() {
    let app = ledger().await;
    let count =
        async |query: &str| all(&app, &format!("{COMMISSIONS}&{query}"), "lines", "id").await.len();
    assert_eq!(count("product=spot").await, 4);
    assert_eq!(count("asset=BTC&limit=1").await, 3);
    assert_eq!(count("uid=s1").await, 4);
    assert_eq!(count("product=futures&asset=USDT&uid=r1").await, 2);
    assert_eq!(count("product=margin&asset=JPY").await, 0);
    assert_eq!(count("uid=somebody-else").await, 0);
}

#[tokio::test]
async fn lines_filter_by_reason_type_status() {
    let app = ledger().await;
    let list = async |query: &str| {
        let target = format!("{COMMISSIONS}&limit=1&{query}");
        let pages = pages(&app, &target).await;
        let rows = pages.iter().flat_map(|page| page["lines"].as_array().unwrap());
        rows.map(|row| (row["runId"].clone(), row["asset"].clone())).collect::<Vec<_>>()
    };
    let of = |rows: &[(&str, &str)]| -> Vec<(Value, Value)> {
        rows.iter().map(|(run, asset)| ((*run).into(), (*asset).into())).collect()
    };
    assert_eq!(list("reason=vip_above_limit").await, of(&[("2026-11-12.1", "USDT")]));
    assert_eq!(list("reason=before_binding").await, []);
    let corrections = of(&[("2026-11-12.3", "USDT"), ("2026-11-12.3", "JPY")]);
    assert_eq!(list("type=correction").await, corrections);
    assert_eq!(list("type=commission").await.len(), 6);
    assert_eq!(list("status=reversed").await, of(&[("2026-11-12.3", "USDT")]));
    assert_eq!(list("status=paid").await.len(), 4);
    assert_eq!(list("status=accrued&reason=negative_fee").await, of(&[("2026-11-20.2", "BTC")]));
    assert_eq!(list("status=settled&type=commission").await, []);
}

#[tokio::test]
async fn newest_first_is_exact_reverse() {
    let app = ledger().await;
    for filter in ["", "&asset=BTC", "&uid=s1", "&type=commission"] {
        let ids = async |query: &str| {
            all(&app, &format!("{COMMISSIONS}{filter}{query}"), "lines", "id").await
        };
        let mut expected = ids("").await;
        assert_eq!(ids("&sort=day&limit=2").await, expected, "{filter}");
        expected.reverse();
        for limit in ["", "&limit=1", "&limit=3"] {
            assert_eq!(ids(&format!("&sort=-day{limit}")).await, expected, "{filter}{limit}");
        }
    }
}

#[tokio::test]
async fn every_page_has_totals_of_filter() {
    let app = ledger().await;
    for query in ["asset=BTC", "status=paid", "uid=s1", "reason=negative_fee&sort=-day"] {
        let pages = pages(&app, &format!("{COMMISSIONS}&limit=1&{query}")).await;
        assert!(pages[0]["totals"]["usd"]["fees"].is_string(), "{query}");
        assert!(pages.iter().all(|page| page["totals"] == pages[0]["totals"]), "{query}");
    }
    let spot = app.get(&format!("{COMMISSIONS}&product=spot&asset=JPY")).await;
    assert_eq!(spot["totals"]["byAsset"]["JPY"]["fees"], "124.45");
    let zeros = app.get(&format!("{COMMISSIONS}&reason=vip_above_limit")).await;
    assert_eq!(zeros["totals"]["byAsset"]["USDT"]["fees"], "0.00090000");
    assert_eq!(zeros["totals"]["usd"]["commission"], "0.000000");
}

#[tokio::test]
async fn totals_of_too_many_lines_are_null() {
    let mut app = TestApp::new().await;
    for (day, count) in [("2026-11-19", 9_000), ("2026-11-20", 1_001)] {
        let lines: Vec<Line> = (0..count)
            .map(|number| line(&format!("r{number:05}"), Product::Spot, "BTC", number, EARNED))
            .collect();
        app.run(AFFILIATE, day, summary_of(&lines), &lines).await;
    }
    let page = async |query: &str| app.get(&format!("{COMMISSIONS}{query}")).await;
    assert!(page("&uid=r00007").await["totals"].is_null());
    assert_eq!(page("").await["totals"]["usd"]["fees"], "409.960000");
    let day = "/v1/dashboard/commissions?from=2026-11-19&to=2026-11-19&uid=r00007";
    assert_eq!(app.get(day).await["totals"]["byAsset"]["BTC"]["fees"], "0.00000007");
}

#[tokio::test]
async fn runs_without_matches_are_not_read() {
    let app = ledger().await;
    for filter in ["product=margin&asset=JPY", "reason=zero_fee", "status=paid&asset=ETH"] {
        let calls = app.calls(&format!("{COMMISSIONS}&{filter}")).await;
        assert_eq!(calls, [("BatchGetItem".to_owned(), 1), ("Query".to_owned(), 1)], "{filter}");
    }
}

#[tokio::test]
async fn totals_cost_no_further_call() {
    let app = ledger().await;
    let [batch, query] = ["BatchGetItem", "Query"].map(str::to_owned);
    for filter in ["status=paid", "uid=s1", "type=correction", "reason=negative_fee"] {
        let calls = app.calls(&format!("{COMMISSIONS}&{filter}")).await;
        assert_eq!(calls, [(batch.clone(), 2), (query.clone(), 1)], "{filter}");
    }
}

#[tokio::test]
async fn lines_of_many_chunks_are_in_order() {
    let mut app = TestApp::new().await;
    let lines: Vec<Line> = (0..2_345)
        .map(|number| line(&format!("r{number:04}"), Product::Spot, "BTC", number + 1, EARNED))
        .collect();
    app.run(AFFILIATE, "2026-11-20", summary_of(&lines), &lines).await;
    let target = format!("{COMMISSIONS}&limit=177");
    let uids = all(&app, &target, "lines", "uid").await;
    let mut expected: Vec<String> = lines.iter().map(|line| line.key.invitee.to_string()).collect();
    assert_eq!(uids, expected);
    expected.reverse();
    assert_eq!(all(&app, &format!("{target}&sort=-day"), "lines", "uid").await, expected);
}

#[tokio::test]
async fn page_has_50_lines_or_up_to_200() {
    let mut app = TestApp::new().await;
    let lines: Vec<Line> = (0..201)
        .map(|number| line(&format!("r{number:04}"), Product::Spot, "BTC", number + 1, EARNED))
        .collect();
    app.run(AFFILIATE, "2026-11-20", summary_of(&lines), &lines).await;
    for (query, count) in [("", 50), ("&limit=1", 1), ("&limit=200", 200)] {
        let page = app.get(&format!("{COMMISSIONS}{query}")).await;
        assert_eq!(page["lines"].as_array().unwrap().len(), count, "{query}");
        assert!(page["nextCursor"].is_string(), "{query}");
    }
}

#[tokio::test]
async fn last_full_page_has_no_cursor() {
    let app = ledger().await;
    for limit in [8, 9] {
        let page = app.get(&format!("{COMMISSIONS}&limit={limit}")).await;
        assert_eq!(page["lines"].as_array().unwrap().len(), 8);
        assert!(page["nextCursor"].is_null(), "{limit}");
    }
}

#[tokio::test]
async fn new_run_does_not_change_begun_list() {
    let mut app = TestApp::new().await;
    let lines: Vec<Line> =
        ["r1", "r2", "r3"].map(|uid| line(uid, Product::Spot, "BTC", 524_900, EARNED)).to_vec();
    app.run(AFFILIATE, "2026-11-19", summary_of(&lines), &lines).await;
    app.close_through("2026-11-19").await;
    let target = "/v1/dashboard/commissions?limit=2";
    let first = app.get(target).await;
    app.run(AFFILIATE, "2026-11-19", summary_of(&lines), &lines).await;
    app.close_through("2026-11-20").await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = app.get(&format!("{target}&cursor={cursor}")).await;
    assert_eq!(texts(&second, "lines", "uid"), ["r3"]);
    for member in ["dataAsOf", "from", "to"] {
        assert_eq!(second[member], first[member], "{member}");
    }
    assert_eq!(read::<types::Day>(first["to"].as_str().unwrap()), read("2026-11-19"));
}

#[tokio::test]
async fn page_of_an_asset_skips_other_runs() {
    let page = ledger().await.get(&format!("{COMMISSIONS}&asset=JPY&sort=-day&limit=1")).await;
    assert_eq!(texts(&page, "lines", "asset"), ["JPY"]);
}
