//! Sum of rows = totals = exports, in every asset and in USD, over random ledgers.

use std::collections::BTreeMap;

use commission::{Cause, Line, Outcome};
use proptest::prelude::*;
use serde_json::Value;
use types::{Day, Product, Reason};

use crate::exports::next;
use crate::sample::{EARNED, line};
use crate::test_app::{AFFILIATE, TestApp, read, summary_of, text};

const ASSETS: [&str; 3] = ["BTC", "JPY", "USDT"];
const TARGET: &str = "/v1/dashboard/commissions?from=2026-10-10&to=2026-11-18";

/// A run: its day, whether the wallet paid it, and its lines.
type Run = (u8, bool, Vec<Line>);

prop_compose! {
    fn any_line()(
        invitee in 0_u8..4,
        recalled: bool,
        product in prop::sample::select(Product::ALL),
        asset in prop::sample::select(&ASSETS[..]),
        fees in -5_000_000_000_i128..5_000_000_000,
        earned in prop::bool::weighted(0.8),
        corrects: bool,
    ) -> Line {
        let invitee = format!("{}{invitee}", if recalled { 'r' } else { 's' });
        let outcome = if earned { EARNED } else { Outcome::Zero { reason: Reason::ExcludedFee } };
        let cause = if corrects { Cause::FeeCorrected } else { Cause::Booked };
        Line { cause, ..line(&invitee, product, asset, fees, outcome) }
    }
}

fn any_ledger() -> impl Strategy<Value = Vec<Run>> {
    let run = (0_u8..50, any::<bool>(), prop::collection::vec(any_line(), 0..7));
    prop::collection::vec(run, 0..16)
}

async fn app_with_runs(ledger: &[Run]) -> TestApp {
    let mut app = TestApp::new().await;
    let first: Day = read("2026-10-05");
    for (offset, paid, lines) in ledger {
        let day = first.plus(i32::from(*offset)).to_string();
        let seq = app.run(AFFILIATE, &day, summary_of(lines), lines).await;
        if *paid {
            app.pay(AFFILIATE, &day, seq, "w").await;
        }
    }
    app.close_through("2026-11-10").await;
    app
}

/// Sums in minor units, by name.
type Sums = BTreeMap<String, i128>;

/// The minor units in a decimal text, which has the right number of decimals.
fn minor(text: &Value, decimals: usize) -> i128 {
    let text = text.as_str().unwrap();
    let (_, fraction) = text.split_once('.').unwrap();
    assert_eq!(fraction.len(), decimals, "{text}");
    text.replace('.', "").parse().unwrap()
}

fn decimals(asset: &str) -> usize {
    if asset == "JPY" { 2 } else { 8 }
}

fn add(sums: &mut Sums, name: String, amount: i128) {
    *sums.entry(name).or_default() += amount;
}

/// Returns the sums of rows, under every name that the figures have too.
fn of_rows(rows: &[Value]) -> Sums {
    let mut sums = Sums::new();
    for row in rows {
        let word = |member: &str| row[member].as_str().unwrap().to_owned();
        let (asset, status) = (word("asset"), word("status"));
        let groups = ["totals".to_owned(), word("product"), word("origin")];
        for (group, member) in
            groups.iter().flat_map(|g| ["fees", "commission", "shared"].map(|m| (g, m)))
        {
            let amount = minor(&row[member], decimals(&asset));
            add(&mut sums, format!("{group} {asset} {member}"), amount);
            let amount = minor(&row[format!("{member}Usd")], 6);
            add(&mut sums, format!("{group} usd {member}"), amount);
        }
        for group in &groups {
            add(&mut sums, format!("{group} usd volume"), minor(&row["volumeUsd"], 6));
        }
        let (commission, usd) =
            (minor(&row["commission"], decimals(&asset)), minor(&row["commissionUsd"], 6));
        add(&mut sums, format!("{status} {asset}"), commission);
        add(&mut sums, format!("{status} usd"), usd);
        add(&mut sums, format!("{} {asset}", word("day")), commission);
        add(&mut sums, format!("{} {} usd", word("day"), word("product")), usd);
        add(&mut sums, format!("{} usd", word("code")), usd);
        let fee_count = row["feeCount"].as_i64().unwrap().into();
        add(&mut sums, "fee count".into(), fee_count);
        if let Some(reason) = row["reason"].as_str() {
            add(&mut sums, reason.to_owned(), fee_count);
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().unwrap().iter()
}

fn add_figures(sums: &mut Sums, group: &str, figures: &Value) {
    for (asset, amounts) in entries(&figures["byAsset"]) {
        for (member, amount) in entries(amounts) {
            add(sums, format!("{group} {asset} {member}"), minor(amount, decimals(asset)));
        }
    }
    for (member, amount) in entries(&figures["usd"]) {
        add(sums, format!("{group} usd {member}"), minor(amount, 6));
    }
}

/// The same sums as the dashboard shows them.
fn of_figures(answer: &Value) -> Sums {
    let mut sums = Sums::new();
    add_figures(&mut sums, "totals", &answer["totals"]);
    for (group, figures) in entries(&answer["byProduct"]).chain(entries(&answer["byOrigin"])) {
        add_figures(&mut sums, group, figures);
    }
    for (asset, statuses) in entries(&answer["commissionByStatus"]["byAsset"]) {
        for (status, amount) in entries(statuses) {
            add(&mut sums, format!("{status} {asset}"), minor(amount, decimals(asset)));
        }
    }
    for (status, amount) in entries(&answer["commissionByStatus"]["usd"]) {
        add(&mut sums, format!("{status} usd"), minor(amount, 6));
    }
    for day in answer["series"].as_array().unwrap() {
        let name = day["day"].as_str().unwrap();
        for (asset, amount) in entries(&day["commissionByAsset"]) {
            add(&mut sums, format!("{name} {asset}"), minor(amount, decimals(asset)));
        }
        for (product, amount) in entries(&day["commissionUsdByProduct"]) {
            add(&mut sums, format!("{name} {product} usd"), minor(amount, 6));
        }
    }
    for link in answer["links"].as_array().unwrap() {
        let name = format!("{} usd", link["code"].as_str().unwrap());
        add(&mut sums, name, minor(&link["usd"]["commission"], 6));
    }
    for zero in answer["zeros"].as_array().unwrap() {
        let count = zero["feeCount"].as_i64().unwrap().into();
        add(&mut sums, zero["reason"].as_str().unwrap().to_owned(), count);
    }
    add(&mut sums, "fee count".into(), answer["feeCount"].as_i64().unwrap().into());
    sums.retain(|_, sum| *sum != 0);
    sums
}

async fn pages(app: &TestApp, limit: u8, filter: &str) -> Vec<Value> {
    let target = format!("{TARGET}&limit={limit}{filter}");
    let (mut rows, mut asked) = (Vec::new(), target.clone());
    loop {
        let page = app.get(&asked).await;
        rows.extend(page["lines"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["nextCursor"].as_str() else { return rows };
        asked = format!("{target}&cursor={cursor}");
    }
}

async fn export(
    app: &TestApp,
    limit: u8,
    accept: &str,
    read: impl Fn(&str) -> Vec<Value>,
) -> Vec<Value> {
    let (mut rows, mut asked) = (Vec::new(), Some(format!("{TARGET}&limit={limit}")));
    while let Some(target) = asked {
        let answer = app.ask(AFFILIATE, &target, accept).await;
        rows.extend(read(text(&answer)));
        asked = next(&answer);
    }
    rows
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// CSV rows in the shape of the JSON: empty fields are null, counts are numbers.
fn csv_rows(text: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    let value = |(name, text): (String, String)| {
        let value = match (name.as_str(), text.as_str()) {
            (_, "") => Value::Null,
            ("version" | "feeCount", count) => count.parse::<i64>().unwrap().into(),
            _ => text.into(),
        };
        (name, value)
    };
    rows.map(|row| Value::Object(row.unwrap().into_iter().map(value).collect())).collect()
}

/// Filters, each with the rows' member and value that it asks for.
const FILTERS: [(&str, &str, &str); 8] = [
    ("", "version", ""),
    ("&product=spot", "product", "spot"),
    ("&asset=JPY", "asset", "JPY"),
    ("&status=paid", "status", "paid"),
    ("&status=reversed", "status", "reversed"),
    ("&uid=r1", "uid", "r1"),
    ("&type=correction", "type", "correction"),
    ("&reason=excluded_fee", "reason", "excluded_fee"),
];

/// The totals of a filter are the sums of its rows on all pages.
async fn check_totals(
    app: &TestApp,
    limit: u8,
    (filter, member, value): (&str, &str, &str),
    rows: &[Value],
) {
    let wanted = rows.iter().filter(|row| value.is_empty() || row[member] == value);
    let wanted: Vec<Value> = wanted.cloned().collect();
    assert_eq!(pages(app, limit, filter).await, wanted, "{filter}");
    let newest = pages(app, limit, &format!("{filter}&sort=-day")).await;
    assert_eq!(newest, wanted.iter().rev().cloned().collect::<Vec<_>>(), "{filter}");
    let mut shown = Sums::new();
    let page = app.get(&format!("{TARGET}&limit={limit}{filter}")).await;
    add_figures(&mut shown, "totals", &page["totals"]);
    shown.retain(|_, sum| *sum != 0);
    let mut sums = of_rows(&wanted);
    sums.retain(|name, _| name.starts_with("totals "));
    assert_eq!(shown, sums, "{filter}");
}

async fn check(ledger: Vec<Run>, limit: u8) {
    let app = app_with_runs(&ledger).await;
    let rows = pages(&app, limit, "").await;
    let answer = app.get(&TARGET.replace("/commissions", "")).await;
    assert_eq!(of_figures(&answer), of_rows(&rows));

    assert_eq!(export(&app, limit, "application/x-ndjson", json_lines).await, rows);
    assert_eq!(export(&app, limit, "text/csv", csv_rows).await, rows);
    let whole = app.ask(AFFILIATE, TARGET, "application/x-ndjson").await;
    assert_eq!(json_lines(text(&whole)), rows);

    let whole = app.ask(AFFILIATE, &format!("{TARGET}&sort=-day"), "text/csv").await;
    assert_eq!(csv_rows(text(&whole)), rows.iter().rev().cloned().collect::<Vec<_>>());

    for (filter, member, value) in FILTERS {
        check_totals(&app, limit, (filter, member, value), &rows).await;
    }
    let mut filtered = 0;
    for asset in ASSETS {
        let of_asset = pages(&app, limit, &format!("&asset={asset}")).await;
        assert!(of_asset.iter().all(|row| row["asset"] == asset));
        filtered += of_asset.len();
    }
    assert_eq!(filtered, rows.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn rows_figures_and_exports_agree(
        ledger in any_ledger(),
        limit in 3_u8..30,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(ledger, limit));
    }
}
