//! The affiliates' views through the API: figures, lines and exports must agree, and belong to the
//! reader alone.

use std::collections::BTreeMap;

use commission::Rate;
use serde_json::Value;

use super::facts::read;
use super::invariant_checker::InvariantChecker;
use super::oracle::{Sheet, Sums};
use super::personas::AFFILIATES;
use super::trial_state::TrialState;
use crate::test_app::TestApp;

/// The amounts of a line, in the order of [`Sums`].
const AMOUNTS: [&str; 7] =
    ["fees", "feesUsd", "volumeUsd", "commission", "shared", "commissionUsd", "sharedUsd"];

/// Returns all lines that an affiliate reads through the API.
pub async fn lines(state: &TrialState, app: &TestApp, affiliate: &str) -> Vec<Value> {
    let (from, to) = (state.first_day.plus(-120), app.clock.now().day());
    app.lines(affiliate, &from.to_string(), &to.to_string()).await
}

/// Returns the sums of all lines of all affiliates by subject.
pub async fn sheet(state: &TrialState, app: &TestApp) -> Sheet {
    let mut sheet = Sheet::new();
    for affiliate in AFFILIATES {
        for line in lines(state, app, affiliate).await {
            let word = |name: &str| line[name].as_str().unwrap().to_owned();
            let outcome = line["reason"].as_str().map_or_else(|| rates(&line), str::to_owned);
            let key = (
                affiliate.to_owned(),
                word("uid"),
                word("day"),
                word("product"),
                word("asset"),
                outcome,
            );
            let sums = sheet.entry(key).or_default();
            sums[0] += i128::from(line["feeCount"].as_i64().unwrap());
            for (sum, name) in sums.iter_mut().skip(1).zip(AMOUNTS) {
                *sum += read(line[name].as_str().unwrap());
            }
        }
    }
    sheet.retain(|_, sums| *sums != Sums::default());
    sheet
}

/// Returns rate and shared rate, in hundredths.
fn rates(line: &Value) -> String {
    let points = |name: &str| {
        let rate: Rate = line[name].as_str().unwrap().parse().unwrap();
        rate.millionths() / 10_000
    };
    format!("{}/{}", points("rate"), points("sharedRate"))
}

/// Invariants 4 and 8, through the API.
pub async fn affiliates_read_the_same_everywhere(state: &TrialState, checker: &InvariantChecker) {
    for affiliate in AFFILIATES {
        let lines = lines(state, &state.reliable, affiliate).await;
        for line in &lines {
            let invitee = line["uid"].as_str().unwrap();
            assert_eq!(checker.relations[invitee].inviter.as_str(), affiliate);
            let (_, seq) = line["runId"].as_str().unwrap().split_once('.').unwrap();
            assert!(seq.parse::<u64>().unwrap() <= checker.visible());
            note(state, line);
        }
        statuses_are_right(state, checker, affiliate, &lines);
        figures_are_the_lines(state, affiliate, &lines).await;
        csv_is_the_lines(state, affiliate, &lines).await;
    }
    strangers_read_nothing(state).await;
}

fn note(state: &TrialState, line: &Value) {
    if let Some(reason) = line["reason"].as_str() {
        state.trace.reach(format!("earned nothing: {reason}"));
    }
    if let Some(cause) = line["cause"].as_str() {
        state.trace.reach(format!("corrected: {cause}"));
    }
    state.trace.reach(format!("line: {}", line["status"].as_str().unwrap()));
}

/// All lines of a run in one asset have one status: paid if the wallet reported so, reversed if
/// they subtract more than they add, settled after the delay, and accrued until then.
fn statuses_are_right(
    state: &TrialState,
    checker: &InvariantChecker,
    affiliate: &str,
    lines: &[Value],
) {
    let mut sums: BTreeMap<(&str, &str), i128> = BTreeMap::new();
    for line in lines {
        let place = (line["runId"].as_str().unwrap(), line["asset"].as_str().unwrap());
        *sums.entry(place).or_default() += read(line["commission"].as_str().unwrap());
    }
    for line in lines {
        let run_id = line["runId"].as_str().unwrap();
        let (may_be_paid, must_be_paid) = paid(state, affiliate, run_id);
        let status = line["status"].as_str().unwrap();
        assert!(status != "paid" || may_be_paid, "{run_id} was not paid: {line}");
        assert!(status == "paid" || !must_be_paid, "{run_id} was paid: {line}");
        if status == "paid" {
            continue;
        }
        let asset = line["asset"].as_str().unwrap();
        let expected = match checker.settles_at(run_id) {
            _ if sums[&(run_id, asset)] < 0 => "reversed",
            at if at <= state.now() => "settled",
            _ => "accrued",
        };
        assert_eq!(status, expected, "{run_id} at {}: {line}", state.now());
    }
}

/// More than any clock error of a trial, in milliseconds.
const CLOCK_ERROR: i64 = 10 * 60_000;

/// Returns whether a run may be paid, and whether it must be, by the wallet's reports.
fn paid(state: &TrialState, affiliate: &str, run_id: &str) -> (bool, bool) {
    let (facts, queue) = (state.facts.borrow(), state.queue.borrow());
    let reports = facts
        .payments
        .iter()
        .filter(|it| (it.affiliate, it.run_id.as_str()) == (affiliate, run_id));
    let reports: Vec<_> = reports.map(|it| it.message).collect();
    (
        reports.iter().any(|message| queue.delivered.contains(message)),
        reports.iter().any(|message| {
            // A function whose clock was ahead recorded the payment with a future time.
            let ingested_at = queue.ingested_at.get(message);
            ingested_at.is_some_and(|at| at.plus_millis(CLOCK_ERROR) <= state.now())
        }),
    )
}

/// The dashboard's totals, and its days, are the sums of the lines.
async fn figures_are_the_lines(state: &TrialState, affiliate: &str, lines: &[Value]) {
    let target = format!("/v1/dashboard?{}", range(state));
    let answer = state.reliable.get(affiliate, &target).await;
    let dashboard = answer.json();
    let mut by_day: BTreeMap<&str, i128> = BTreeMap::new();
    let mut usd = 0;
    for line in lines {
        let commission = read(line["commissionUsd"].as_str().unwrap());
        *by_day.entry(line["day"].as_str().unwrap()).or_default() += commission;
        usd += commission;
    }
    let total = &dashboard["totals"]["usd"]["commission"];
    assert_eq!(total.as_str().map_or(0, read), usd, "{affiliate}: {answer}", answer = answer.body);
    for day in dashboard["series"].as_array().unwrap() {
        let of_lines = by_day.remove(day["day"].as_str().unwrap()).unwrap_or(0);
        assert_eq!(read(day["commissionUsd"].as_str().unwrap()), of_lines, "{affiliate} {day}");
    }
    assert!(by_day.is_empty(), "days without figures: {by_day:?}");
}

/// The rows of the CSV export equal the JSON Lines.
async fn csv_is_the_lines(state: &TrialState, affiliate: &str, lines: &[Value]) {
    let target = format!("/v1/dashboard/commissions?{}", range(state));
    let accept = [("accept", "text/csv")];
    let export = state.reliable.call(affiliate, "GET", &target, &accept, None).await;
    let mut reader = csv::Reader::from_reader(export.body.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), lines.len());
    for (row, line) in rows.iter().zip(lines) {
        for name in ["id", "uid", "fees", "commission", "shared", "reason"] {
            let column = columns.iter().position(|column| column == name).unwrap();
            assert_eq!(&row[column], line[name].as_str().unwrap_or(""), "{name} of {line}");
        }
    }
}

fn range(state: &TrialState) -> String {
    format!("from={}&to={}", state.first_day.plus(-120), state.now().day())
}

/// Invariant 8: a user who is not an affiliate has no dashboard, and a cursor of another user's
/// list is refused.
async fn strangers_read_nothing(state: &TrialState) {
    let guest = &state.personas.dormant[0];
    assert_eq!(state.reliable.get(guest, "/v1/dashboard").await.status, 403);
    let target = format!("/v1/dashboard/commissions?limit=1&{}", range(state));
    let page = state.reliable.get(AFFILIATES[0], &target).await;
    if let Some(cursor) = page.json()["nextCursor"].as_str() {
        let target = format!("{target}&cursor={cursor}");
        let stolen = state.reliable.get(AFFILIATES[1], &target).await;
        assert!(matches!(stolen.status, 400 | 403), "{}", stolen.body);
    }
}
