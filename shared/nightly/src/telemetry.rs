//! Telemetry of the night: one log line for each step, and the metrics.
//!
//! Steps are repeated, so the place of recording determines the meaning of a metric. A run, its
//! lines and its day are counted by the one invocation whose write succeeded. A repetition finds
//! them written and counts nothing. An invocation that stops between the write and the record is
//! missing from the count. Times and failures are recorded at every attempt.

use std::collections::BTreeMap;

use commission::Fold;
use lambda::{App, Dimension, InvocationStats, Metric, MetricSet};
use storage::{RunReport, Shard, TableError, UnreadableChunk};
use types::{Day, Quarter, Uid, error_chain};

use crate::reconcile::Reconciled;
use crate::{Done, Step, StepError};

/// Logs a step that completed or failed.
pub(crate) fn step(
    app: &App,
    step: &Step,
    outcome: &Result<Done, StepError>,
    effort: &InvocationStats,
) {
    match outcome {
        Ok(done) => done_line(step, done.count, effort),
        Err(error) => failed_line(step, error, effort),
    }
    app.metrics.record(app.clock.now(), &measures(step, outcome.as_ref().err(), effort));
}

fn done_line(step: &Step, count: u64, effort: &InvocationStats) {
    tracing::info!(
        step = step.name(),
        day = step.day().map(tracing::field::display),
        shard = step.shard(),
        seq = step.seq(),
        outcome = "done",
        count,
        milliseconds = effort.milliseconds,
        table_calls = effort.table.calls,
        table_milliseconds = effort.table_milliseconds(),
        cold = effort.cold,
        "step"
    );
}

/// Logs a failed step. An error that the state machine retries or catches is a warning; if it does
/// not pass, the night fails. The runtime logs the error with its causes when the invocation ends.
fn failed_line(step: &Step, error: &StepError, effort: &InvocationStats) {
    macro_rules! log {
        ($level:expr) => {
            tracing::event!(
                $level,
                step = step.name(),
                day = step.day().map(tracing::field::display),
                shard = step.shard(),
                seq = step.seq(),
                outcome = error.name(),
                milliseconds = effort.milliseconds,
                table_calls = effort.table.calls,
                table_milliseconds = effort.table_milliseconds(),
                cold = effort.cold,
                "step"
            )
        };
    }
    match error.may_pass() {
        true => log!(tracing::Level::WARN),
        false => log!(tracing::Level::ERROR),
    }
}

fn measures(step: &Step, error: Option<&StepError>, effort: &InvocationStats) -> MetricSet {
    let refused = matches!(error, Some(StepError::ConservationRefused { .. }));
    let time = [(Metric::StepTime, effort.milliseconds)];
    effort
        .measures()
        .by(Dimension::Step, step.name(), time)
        .and(MetricSet::of([(Metric::ConservationRefused, u64::from(refused))]))
}

/// Records a run that this invocation committed; `late` if its day had runs before.
pub(crate) fn committed(app: &App, report: &RunReport, lines: u64, late: bool) {
    let measures = MetricSet::of([
        (Metric::RunsBooked, 1),
        (Metric::ConservationChecked, 1),
        (Metric::LinesBooked, lines),
        (Metric::LateLines, if late { lines } else { 0 }),
        (Metric::FeesRepeated, report.excluded.duplicates),
    ]);
    app.metrics.record(app.clock.now(), &measures);
}

/// Records the fees and corrections that a fold quarantined.
pub(crate) fn quarantined(app: &App, fold: &Fold) {
    let measures = MetricSet::of([
        (Metric::FeesConflicting, fold.conflicts.len() as u64),
        (Metric::CorrectionsUnmatched, fold.orphan_corrections.len() as u64),
        (Metric::CorrectionsInexact, fold.inexact_corrections.len() as u64),
    ]);
    app.metrics.record(app.clock.now(), &measures);
}

/// Logs and counts the accounts and chunks of fees that a fold cannot read; does nothing if there
/// are none. The log has no ids, and no reason in full, which may hold values: `operator verify`
/// names the records.
pub(crate) fn unreadable(
    app: &App,
    day: Day,
    shard: Shard,
    accounts: &BTreeMap<Uid, TableError>,
    chunks: &[UnreadableChunk],
) {
    let errors = accounts.values().chain(chunks.iter().map(|chunk| &chunk.error));
    let Some(first) = errors.map(TableError::name).next() else { return };
    tracing::error!(
        %day,
        shard = shard.number(),
        accounts = accounts.len(),
        fee_chunks = chunks.len(),
        first,
        "records cannot be read"
    );
    let records = (accounts.len() as u64).saturating_add(chunks.len() as u64);
    app.metrics.record(app.clock.now(), &MetricSet::of([(Metric::RecordsUnreadable, records)]));
}

/// Logs and counts a shard of an archived day with a dirty marker: fees or corrections arrived since
/// and are not booked.
pub(crate) fn archived(app: &App, day: Day, shard: Shard, touched: bool) {
    if touched {
        tracing::error!(%day, shard = shard.number(), "late fees of an archived day are not booked");
        app.metrics.record(app.clock.now(), &MetricSet::of([(Metric::RecordsUnreadable, 1)]));
    }
}

/// Logs and counts a chunk of a committed run's shard delta that cannot be read while it is
/// published.
pub(crate) fn work_lost(app: &App, day: Day, seq: u64, shard: Shard, error: &TableError) {
    tracing::error!(%day, seq, shard = shard.number(), error = error.name(), "work is lost");
    app.metrics.record(app.clock.now(), &MetricSet::of([(Metric::RecordsUnreadable, 1)]));
}

/// Logs and counts the records of void bindings that a plan cannot read: the markers, or the
/// records that locate their lines.
pub(crate) fn unreadable_plan(app: &App, records: usize) {
    if records > 0 {
        tracing::error!(records, "records of void bindings cannot be read");
        let measures = MetricSet::of([(Metric::RecordsUnreadable, records as u64)]);
        app.metrics.record(app.clock.now(), &measures);
    }
}

/// Logs and counts kill switches that cannot be read.
pub(crate) fn switches_unreadable(app: &App, error: &TableError) {
    let error = error_chain(error);
    tracing::error!(error, "the kill switches cannot be read, and stay as they were");
    app.metrics.record(app.clock.now(), &MetricSet::of([(Metric::RecordsUnreadable, 1)]));
}

/// Records a reconciliation. The log has no ids: `operator verify` names the affiliates.
pub(crate) fn reconciled(app: &App, day: Day, shards: &[Shard], found: Reconciled) {
    if found.differences > 0 {
        let shard = match shards {
            [only] => Some(only.number()),
            _ => None,
        };
        let (affiliates, differences) = (found.affiliates, found.differences);
        tracing::error!(%day, shard, affiliates, differences, "the reconciliation found differences");
    }
    let measures = MetricSet::of([(Metric::ReconciliationDifferences, found.differences)]);
    app.metrics.record(app.clock.now(), &measures);
}

/// Logs a deferred shard of a day, or a run's whole part of the day.
pub(crate) fn set_aside(app: &App, day: Day, shard: Option<Shard>, error: &StepError) {
    let (name, shard) = (error.name(), shard.map(Shard::number));
    tracing::error!(%day, shard, error = name, reason = error_chain(error), "set aside");
    let refused = matches!(error, StepError::ConservationRefused { .. });
    let measures = MetricSet::of([(Metric::ConservationRefused, u64::from(refused))]);
    app.metrics.record(app.clock.now(), &measures);
}

/// Logs an affiliate that is parked from this run on. The table has the affiliate's id.
pub(crate) fn parked(day: Day, seq: u64, error: &StepError) {
    tracing::error!(%day, seq, error = error.name(), reason = error_chain(error), "parked");
}

/// Logs an affiliate that an evaluation excluded.
pub(crate) fn not_evaluated(quarter: Quarter, error: &StepError) {
    tracing::error!(%quarter, error = error.name(), reason = error_chain(error), "not evaluated");
}

/// Records a completed evaluation; `left_out` is the number of excluded affiliates.
pub(crate) fn all_evaluated(app: &App, left_out: usize) {
    let measures = MetricSet::of([(Metric::AffiliatesNotEvaluated, left_out as u64)]);
    app.metrics.record(app.clock.now(), &measures);
}

/// Records a day that this invocation closed.
pub(crate) fn closed(app: &App) {
    app.metrics.record(app.clock.now(), &MetricSet::of([(Metric::DaysClosed, 1)]));
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use storage::CallStats;

    use super::*;

    fn effort() -> InvocationStats {
        InvocationStats { milliseconds: 9, table: CallStats::default(), cold: false }
    }

    fn read(input: serde_json::Value) -> Step {
        Step::read(&input).unwrap()
    }

    #[test]
    fn step_metrics_contain_time_and_refusal() {
        let finish = read(json!({ "step": "finish", "seq": 7 }));
        let expected = |refused| {
            let time = [(Metric::StepTime, 9)];
            effort()
                .measures()
                .by(Dimension::Step, "finish", time)
                .and(MetricSet::of([(Metric::ConservationRefused, refused)]))
        };
        assert_eq!(measures(&finish, None, &effort()), expected(0));
        let breach = commission::ConservationError::from(commission::Overflow);
        let day = "2026-11-21".parse().unwrap();
        let refused = StepError::ConservationRefused { day, breach };
        assert_eq!(measures(&finish, Some(&refused), &effort()), expected(1));
        assert_eq!(measures(&finish, Some(&StepError::HandedOver), &effort()), expected(0));
    }

    #[test]
    fn step_names_list_is_complete() {
        let run = "2026-11-21-abc";
        let steps = [
            json!({ "day": "2026-11-21" }),
            json!({ "step": "plan", "day": "2026-11-21" }),
            json!({ "step": "fold", "day": "2026-11-21", "run": run, "shard": 3 }),
            json!({ "step": "set-aside", "day": "2026-11-21", "run": run, "shard": 3, "error": "e" }),
            json!({ "step": "commit", "day": "2026-11-21", "run": run, "shards": [3] }),
            json!({ "step": "publish", "seq": 7, "range": { "part": 0, "of": 1 } }),
            json!({ "step": "finish", "seq": 7 }),
            json!({ "step": "evaluate", "quarter": "2026-Q3" }),
            json!({ "step": "close-quarter", "quarter": "2026-Q3", "visible": 7 }),
            json!({ "step": "reconcile", "day": "2026-11-21", "shard": 3 }),
            json!({ "step": "apply-activity", "day": "2026-11-21", "part": 3 }),
            json!({ "step": "check" }),
        ];
        assert!(steps.map(|step| read(step).name()).iter().eq(Step::NAMES));
    }

    #[test]
    fn log_names_day_shard_and_run() {
        let fields = |input| {
            let step = read(input);
            (step.day().map(|day| day.to_string()), step.shard(), step.seq())
        };
        let on = Some("2026-11-21".to_owned());
        let whole_day = json!({ "day": "2026-11-21" });
        assert_eq!(fields(whole_day), (on.clone(), None, None));
        let reconcile = json!({ "step": "reconcile", "day": "2026-11-21", "shard": 3 });
        assert_eq!(fields(reconcile), (on, Some(3), None));
        let evaluate = json!({ "step": "evaluate", "quarter": "2026-Q3", "shard": 4 });
        assert_eq!(fields(evaluate), (None, Some(4), None));
        assert_eq!(fields(json!({ "step": "finish", "seq": 7 })), (None, None, Some(7)));
        assert_eq!(fields(json!({ "step": "check" })), (None, None, None));
    }
}
