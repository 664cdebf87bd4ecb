//! `rollup` and `evaluate`.

use commission::Amount;

use crate::support::{booked, corrected, run, traded};
use crate::test_app::day;
use crate::verifying::tamper;

#[tokio::test]
async fn second_rollup_adds_nothing() {
    let app = traded().await;
    insta::assert_snapshot!(run(&app, "rollup 2026-11-20").await);
    let again = run(&app, "rollup 2026-11-20").await;
    assert_eq!((again.results.as_str(), again.code), ("2026-11-20  nothing to add\n", 0));
}

#[tokio::test]
async fn range_books_each_day() {
    let app = traded().await;
    let shown = run(&app, "rollup 2026-11-19..2026-11-20").await;
    let days: Vec<_> = shown.results.lines().take(2).map(|line| &line[..20]).collect();
    assert_eq!(days, ["2026-11-19  run 1: 0", "2026-11-20  run 2: 3"]);
}

#[tokio::test]
async fn night_books_late_fees() {
    let app = booked().await;
    corrected(&app).await;
    app.now("2026-11-22T00:30:00Z");
    insta::assert_snapshot!(run(&app, "rollup --night 2026-11-21").await);
}

#[tokio::test]
async fn night_reconciles() {
    let app = booked().await;
    tamper(&app, |line| line.sums.commission = Amount::ZERO).await;
    app.now("2026-11-22T00:30:00Z");
    let shown = run(&app, "rollup --night 2026-11-21").await;
    assert_eq!(shown.code, 1);
    let found = "2026-11-21  reconciled: 1 difference\n\
                 2026-11-21  `verify` of the affiliates' days names them\n";
    assert!(shown.results.contains(found), "{}", shown.results);
}

#[tokio::test]
async fn unfinished_day_is_not_booked() {
    let shown = run(&traded().await, "rollup 2026-11-21").await;
    assert_eq!(shown.code, 2);
    assert!(shown.questions.contains("2026-11-21 is not over yet"), "{}", shown.questions);
}

#[tokio::test]
async fn refused_day_exits_with_1() {
    let app = booked().await;
    // As if a booked amount had been overwritten: the difference to it does not fit.
    tamper(&app, |line| line.sums.commission = Amount::from_minor(i128::MIN)).await;
    let shown = run(&app, "rollup 2026-11-20").await;
    assert_eq!(shown.code, 1);
    let sentence = "2026-11-20  set aside, and nothing booked: the run of 2026-11-20 was refused: \
                    a sum of amounts or of counts is too large to be kept exactly\n";
    assert_eq!(shown.results, sentence);
    assert_eq!(app.context.table.day(day("2026-11-20")).await.unwrap().value.runs.len(), 1);
}

#[tokio::test]
async fn repeated_evaluation_is_same() {
    let app = booked().await;
    app.now("2027-01-01T00:30:00Z");
    let first = run(&app, "evaluate 2026-Q4").await;
    assert_eq!(run(&app, "evaluate 2026-Q4").await.results, first.results);
    let told = "2026-Q4  evaluated 1 affiliate: 0 above tier 0 in 2027-Q1\n";
    assert!(first.results.starts_with(told), "{}", first.results);
}

#[tokio::test]
async fn unfinished_quarter_is_not_evaluated() {
    let shown = run(&traded().await, "evaluate 2026-Q4").await;
    assert_eq!(shown.code, 2);
    assert_eq!(shown.questions, "operator: 2026-Q4 is not over yet; it ends with 2026-12-31");
}
