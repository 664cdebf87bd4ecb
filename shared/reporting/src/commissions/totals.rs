//! The totals of all lines that a filter admits.

use std::sync::Arc;

use commission::Overflow;
use storage::Money;

use super::Filter;
use super::line_reader::{Placed, Run};
use crate::totals::TotalsBuilder;

/// Adds up the summaries of runs, for a filter that needs no more than these.
pub(crate) fn of_runs(runs: &[Arc<Run>], filter: &Filter) -> Result<TotalsBuilder, Overflow> {
    let mut totals = TotalsBuilder::default();
    for run in runs {
        for ((product, asset, _), money) in &run.cells {
            if filter.admits_cell(run, *product, *asset) {
                totals.add(*asset, money)?;
            }
        }
    }
    Ok(totals)
}

/// Adds up lines.
pub(crate) fn of_lines(lines: &[Placed]) -> Result<TotalsBuilder, Overflow> {
    let mut totals = TotalsBuilder::default();
    for Placed { line, .. } in lines {
        totals.add(line.key.asset, &Money::of_line(&line.sums))?;
    }
    Ok(totals)
}
