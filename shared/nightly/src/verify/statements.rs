//! Compares the affiliate view of a day with the booked lines.

use std::collections::{BTreeMap, BTreeSet};

use commission::{Line, Overflow, Sums};
use lambda::App;
use storage::{DaySummary, Money, TableError};
use types::{Day, Uid};

use super::{Cell, Difference};
use crate::StepError;

/// The sums of an affiliate's lines by cell.
pub(crate) type Statement = BTreeMap<Cell, Money>;

/// The reason why a statement could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StatementError {
    /// The table failed, or a record cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A sum does not fit.
    #[error(transparent)]
    Sum(#[from] Overflow),
}

impl StatementError {
    pub(crate) fn of_day(day: Day) -> impl Fn(Self) -> StepError {
        move |error| match error {
            Self::Table(error) => error.into(),
            Self::Sum(overflow) => StepError::overflow(day)(overflow),
        }
    }
}

/// Compares an affiliate's view of a day, lines and summary, with the booked lines.
pub(super) async fn check(
    app: &App,
    day: Day,
    visible: u64,
    inviter: &Uid,
    booked: &Statement,
) -> Result<Vec<Difference>, StepError> {
    let runs = app.table.summaries(inviter, day, day, visible).await?;
    let lines = lines_of(app, inviter, &runs).await.map_err(StatementError::of_day(day))?;
    let summary = summary_of(&runs).map_err(StepError::overflow(day))?;
    Ok(compare(inviter, booked, &lines, &summary))
}

/// Adds a line's sums to those of its cell.
pub(super) fn add(statement: &mut Statement, cell: Cell, sums: &Sums) -> Result<(), Overflow> {
    let money = statement.entry(cell).or_default();
    *money = money.plus_line(sums)?;
    Ok(())
}

/// Adds a line to its cell.
pub(crate) fn add_line(statement: &mut Statement, line: &Line) -> Result<(), Overflow> {
    add(statement, (line.key.product, line.key.asset, line.origin), &line.sums)
}

/// Returns the sums of the lines that an affiliate reads of some runs.
pub(crate) async fn lines_of(
    app: &App,
    inviter: &Uid,
    runs: &[DaySummary],
) -> Result<Statement, StatementError> {
    let mut statement = Statement::new();
    for run in runs {
        let chunks: Vec<_> = (0..run.summary.chunks).map(|chunk| (run.seq, chunk)).collect();
        for line in app.table.lines(inviter, &chunks).await?.iter().flatten() {
            add_line(&mut statement, line)?;
        }
    }
    Ok(statement)
}

/// Returns the sums of some summaries.
pub(crate) fn summary_of(runs: &[DaySummary]) -> Result<Statement, Overflow> {
    let mut statement = Statement::new();
    for (cell, money) in runs.iter().flat_map(|run| &run.summary.cells) {
        let sum = statement.entry(*cell).or_default();
        *sum = sum.plus(money)?;
    }
    Ok(statement)
}

/// Compares the booked lines with the lines and the summaries that an affiliate reads.
pub(crate) fn compare(
    inviter: &Uid,
    booked: &Statement,
    lines: &Statement,
    summary: &Statement,
) -> Vec<Difference> {
    let cells: BTreeSet<&Cell> =
        [booked, lines, summary].into_iter().flat_map(|s| s.keys()).collect();
    let of = |statement: &Statement, cell| statement.get(cell).copied().unwrap_or_default();
    let differences = cells.into_iter().filter_map(|cell| {
        let (booked, lines, summary) = (of(booked, cell), of(lines, cell), of(summary, cell));
        (booked != lines || booked != summary).then(|| Difference::Statement {
            inviter: inviter.clone(),
            cell: *cell,
            booked,
            lines,
            summary,
        })
    });
    differences.collect()
}
