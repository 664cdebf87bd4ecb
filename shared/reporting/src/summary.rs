//! `GET /v1/dashboard`: the figures of a range of days.

mod days;
mod links;
mod notices;
mod tiers;

use std::collections::BTreeMap;

use commission::Overflow;
use http_api::{Call, OrInternal, Problem, Response, reply};
use lambda::{App, OrProblem};
use policy::Presentation;
use serde::Serialize;
use storage::{DaySummary, Table, Totals};
use types::{Day, Origin, Product, Reason, Uid};

use crate::affiliate::{Affiliate, affiliate};
use crate::status::{ByStatus, CommissionByStatus, RunStatus};
use crate::totals::{Figures, TotalsBuilder, tally_by};
use crate::view::{Covered, View};

use days::DayFigures;
use links::LinkFigures;
use notices::{Notice, notices};
use tiers::{MarketTier, Quarterly};

/// The whole answer.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    dashboard: Dashboard<'a>,
    notices: Vec<Notice>,
}

/// The figures. Counts of invitees are over all time, as of the newest visible run; all else
/// is of the range.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dashboard<'a> {
    #[serde(flatten)]
    covered: Covered,
    counts: Counts,
    #[serde(flatten)]
    figures: PeriodFigures,
    previous: Previous,
    by_product: BTreeMap<Product, Figures>,
    by_origin: BTreeMap<Origin, Figures>,
    zeros: Vec<Zero>,
    tiers: Vec<MarketTier>,
    links: Vec<LinkFigures>,
    series: Vec<DayFigures>,
    programme: &'a Presentation,
}

/// The figures of a range that are compared with those of the range before.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PeriodFigures {
    new_invitees: BTreeMap<Origin, u64>,
    fee_count: i64,
    totals: Figures,
    commission_by_status: CommissionByStatus,
}

/// The days right before the range, as many as it has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Previous {
    from: Day,
    to: Day,
    final_through: Option<Day>,
    #[serde(flatten)]
    figures: PeriodFigures,
}

/// The number of invitees. An invitee is active after the first trade since the binding.
#[derive(Serialize)]
struct Counts {
    invitees: u64,
    recall: u32,
    signup: u32,
    active: u32,
}

/// The number of fees that earned nothing for a reason.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Zero {
    reason: Reason,
    sentence: &'static str,
    fee_count: i64,
}

pub(crate) async fn answer<R>(app: &App, call: &Call<R>) -> Result<Response, Problem> {
    let asked = call.query.days()?;
    let affiliate = affiliate(app, call).await?;
    let view = View::new(asked, &affiliate.head, call.now);
    let quarter = call.now.day().quarter();
    let spans = [(view.previous().from, view.to), (quarter.first_day(), call.now.day())];
    let runs = runs(&app.table, &call.caller, spans, view.visible).await?;
    let runs: Vec<_> = runs.into_iter().map(|run| run.as_of(call.now)).collect();
    let quarterly = Quarterly::of(&runs, quarter).or_internal()?;
    let dashboard = dashboard(app, call, &affiliate, &view, &runs, &quarterly).or_internal()?;
    let switches = app.switches().await;
    let notices = notices(&switches, &call.caller);
    reply::ok(&Answer { dashboard, notices })
}

/// Returns the summaries of the days of two spans, in order. Cost: 1 query per MB; 2 queries if
/// there are days between the spans. The range and the one before it are one span, so that the
/// comparison costs no further call.
async fn runs(
    table: &Table,
    caller: &Uid,
    [asked, quarter]: [(Day, Day); 2],
    visible: u64,
) -> Result<Vec<DaySummary>, Problem> {
    if asked.0 <= quarter.1.next() && quarter.0 <= asked.1.next() {
        let (from, to) = (asked.0.min(quarter.0), asked.1.max(quarter.1));
        return table.summaries(caller, from, to, visible).await.or_problem();
    }
    let mut runs = table.summaries(caller, asked.0, asked.1, visible).await.or_problem()?;
    runs.extend(table.summaries(caller, quarter.0, quarter.1, visible).await.or_problem()?);
    runs.sort_by_key(|run| (run.day, run.seq));
    Ok(runs)
}

fn dashboard<'a, R>(
    app: &'a App,
    call: &Call<R>,
    affiliate: &Affiliate,
    view: &View,
    runs: &[DaySummary],
    quarterly: &Quarterly,
) -> Result<Dashboard<'a>, Overflow> {
    let programme = &app.programme;
    let assets = &programme.commission.assets;
    let previous = view.previous();
    let figures = |view: &View| period_figures(app, call, &of_view(runs, view));
    let in_range = of_view(runs, view);
    let all = || in_range.iter().copied();
    let by_product = tally_by(all(), Product::ALL.iter().copied(), |product, _| product)?;
    let by_origin = tally_by(all(), Origin::ALL.iter().copied(), |_, origin| origin)?;
    Ok(Dashboard {
        covered: view.covered(),
        counts: counts(&affiliate.totals),
        figures: figures(view)?,
        previous: Previous {
            from: previous.from,
            to: previous.to,
            final_through: previous.final_through(),
            figures: figures(&previous)?,
        },
        by_product: by_product.into_iter().map(|(p, tally)| (p, tally.figures(assets))).collect(),
        by_origin: by_origin.into_iter().map(|(o, tally)| (o, tally.figures(assets))).collect(),
        zeros: zeros(&in_range)?,
        tiers: tiers::tiers(&affiliate.account, quarterly, &programme.commission, call.now)?,
        links: links::links(&in_range, &affiliate.totals, assets)?,
        series: days::series(&in_range, view, assets)?,
        programme: &programme.presentation,
    })
}

fn of_view<'a>(runs: &'a [DaySummary], view: &View) -> Vec<&'a DaySummary> {
    runs.iter().filter(|run| view.holds(run.day)).collect()
}

fn period_figures<R>(
    app: &App,
    call: &Call<R>,
    runs: &[&DaySummary],
) -> Result<PeriodFigures, Overflow> {
    let programme = &app.programme;
    let assets = &programme.commission.assets;
    let mut by_status = ByStatus::default();
    for run in runs {
        by_status.add(&RunStatus::of(run, programme.settle_after_days, call.now)?)?;
    }
    let mut totals = TotalsBuilder::default();
    for ((_, asset, _), money) in runs.iter().flat_map(|run| &run.summary.cells) {
        totals.add(*asset, money)?;
    }
    Ok(PeriodFigures {
        new_invitees: new_invitees(runs),
        fee_count: sum(runs.iter().map(|run| run.summary.fee_count))?,
        totals: totals.figures(assets),
        commission_by_status: by_status.shown(assets),
    })
}

fn counts(totals: &Totals) -> Counts {
    let of = |origin| totals.invitees.get(&origin).copied().unwrap_or(0);
    let (recall, signup) = (of(Origin::Recall), of(Origin::Signup));
    Counts {
        invitees: u64::from(recall) + u64::from(signup),
        recall,
        signup,
        active: totals.active,
    }
}

fn new_invitees(runs: &[&DaySummary]) -> BTreeMap<Origin, u64> {
    let mut counts: BTreeMap<Origin, u64> = Origin::ALL.iter().map(|o| (*o, 0)).collect();
    for ((origin, _), count) in runs.iter().flat_map(|run| &run.summary.bound) {
        *counts.entry(*origin).or_default() += u64::from(*count);
    }
    counts
}

fn zeros(runs: &[&DaySummary]) -> Result<Vec<Zero>, Overflow> {
    let mut counts: BTreeMap<Reason, i64> = BTreeMap::new();
    for (reason, count) in runs.iter().flat_map(|run| &run.summary.zeros) {
        let so_far = counts.entry(*reason).or_default();
        *so_far = sum([*so_far, *count])?;
    }
    let counts = counts.into_iter().filter(|(_, fee_count)| *fee_count != 0);
    let zero = |(reason, fee_count): (Reason, i64)| Zero {
        reason,
        sentence: reason.sentence(),
        fee_count,
    };
    Ok(counts.map(zero).collect())
}

fn sum(counts: impl IntoIterator<Item = i64>) -> Result<i64, Overflow> {
    counts.into_iter().try_fold(0_i64, i64::checked_add).ok_or(Overflow)
}
