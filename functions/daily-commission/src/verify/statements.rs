//! What affiliates read of a day, compared with what is booked for them.

use std::collections::{BTreeMap, BTreeSet};

use commission::{Overflow, Sums};
use runtime::App;
use table::{DaySummary, Money};
use terms::{Day, Uid};

use super::{Cell, Difference};
use crate::StepError;

/// What is booked for an affiliate, as the affiliate should read it.
pub(super) type Statement = BTreeMap<Cell, Money>;

/// Compares what an affiliate reads of a day, lines and summary, with what is booked.
pub(super) async fn check(
    app: &App,
    day: Day,
    visible: u64,
    inviter: &Uid,
    booked: &Statement,
) -> Result<Vec<Difference>, StepError> {
    let runs = app.table.summaries(inviter, day, day, visible).await?;
    let lines = lines_of(app, inviter, &runs).await?;
    let summary = summary_of(&runs).map_err(StepError::overflow(day))?;
    Ok(compare(inviter, booked, &lines, &summary))
}

/// Adds a line's sums to those of its cell.
pub(super) fn add(statement: &mut Statement, cell: Cell, sums: &Sums) -> Result<(), Overflow> {
    let money = statement.entry(cell).or_default();
    *money = money.plus_line(sums)?;
    Ok(())
}

async fn lines_of(app: &App, inviter: &Uid, runs: &[DaySummary]) -> Result<Statement, StepError> {
    let mut statement = Statement::new();
    for run in runs {
        let chunks: Vec<_> = (0..run.summary.chunks).map(|chunk| (run.seq, chunk)).collect();
        for line in app.table.lines(inviter, &chunks).await?.iter().flatten() {
            add(&mut statement, (line.key.product, line.key.asset, line.origin), &line.sums)
                .map_err(StepError::overflow(run.day))?;
        }
    }
    Ok(statement)
}

fn summary_of(runs: &[DaySummary]) -> Result<Statement, Overflow> {
    let mut statement = Statement::new();
    for (cell, money) in runs.iter().flat_map(|run| &run.summary.cells) {
        let sum = statement.entry(*cell).or_default();
        *sum = sum.plus(money)?;
    }
    Ok(statement)
}

fn compare(
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
