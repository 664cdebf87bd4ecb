//! `GET /v1/dashboard`: the figures of a range of days.

mod days;
mod links;
mod tiers;

use std::collections::BTreeMap;

use commission::Overflow;
use http_api::{Call, OrInternal, Problem, Response, reply};
use lambda::{App, OrProblem};
use serde::Serialize;
use storage::{DaySummary, Table, Totals};
use types::{Day, Origin, Product, Reason, Uid};

use crate::affiliate::{Affiliate, affiliate};
use crate::status::{ByStatus, CommissionByStatus, RunStatus};
use crate::totals::{Figures, tally_by};
use crate::view::{Covered, View};

use days::DayFigures;
use links::LinkFigures;
use tiers::{MarketTier, Quarterly};

/// The whole answer. Counts of invitees are over all time, as of the newest visible run; all else
/// is of the range.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dashboard {
    #[serde(flatten)]
    covered: Covered,
    counts: Counts,
    new_invitees: BTreeMap<Origin, u64>,
    fee_count: i64,
    totals: Option<Figures>,
    by_product: BTreeMap<Product, Figures>,
    by_origin: BTreeMap<Origin, Figures>,
    commission_by_status: CommissionByStatus,
    zeros: Vec<Zero>,
    tiers: Vec<MarketTier>,
    links: Vec<LinkFigures>,
    series: Vec<DayFigures>,
}

/// How many invitees there are. One is active who has traded at least once since he was bound.
#[derive(Serialize)]
struct Counts {
    invitees: u64,
    recall: u32,
    signup: u32,
    active: u32,
}

/// How many fees earned nothing for a reason.
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
    let spans = [(view.from, view.to), (quarter.first_day(), call.now.day())];
    let runs = runs(&app.table, &call.caller, spans, view.visible).await?;
    let runs: Vec<_> = runs.into_iter().map(|run| run.as_of(call.now)).collect();
    let quarterly = Quarterly::of(&runs, quarter).or_internal()?;
    let dashboard = dashboard(app, call, &affiliate, &view, &runs, &quarterly).or_internal()?;
    reply::ok(&dashboard)
}

/// What runs booked for the days of two spans, in order: by one query, unless there are days
/// between the spans that nobody asked for.
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

fn dashboard<R>(
    app: &App,
    call: &Call<R>,
    affiliate: &Affiliate,
    view: &View,
    runs: &[DaySummary],
    quarterly: &Quarterly,
) -> Result<Dashboard, Overflow> {
    let programme = &app.programme;
    let assets = &programme.commission.assets;
    let runs: Vec<&DaySummary> = runs.iter().filter(|run| view.holds(run.day)).collect();
    let all = || runs.iter().copied();
    let mut by_status = ByStatus::default();
    for run in all() {
        by_status.add(&RunStatus::of(run, programme.settle_after_days, call.now)?)?;
    }
    let totals = tally_by(all(), [()], |_, _| ())?;
    let by_product = tally_by(all(), Product::ALL.iter().copied(), |product, _| product)?;
    let by_origin = tally_by(all(), Origin::ALL.iter().copied(), |_, origin| origin)?;
    Ok(Dashboard {
        covered: view.covered(),
        counts: counts(&affiliate.totals),
        new_invitees: new_invitees(&runs),
        fee_count: sum(all().map(|run| run.summary.fee_count))?,
        totals: totals.get(&()).map(|tally| tally.figures(assets)),
        by_product: by_product.into_iter().map(|(p, tally)| (p, tally.figures(assets))).collect(),
        by_origin: by_origin.into_iter().map(|(o, tally)| (o, tally.figures(assets))).collect(),
        commission_by_status: by_status.shown(assets),
        zeros: zeros(&runs)?,
        tiers: tiers::tiers(&affiliate.account, quarterly, &programme.commission, call.now)?,
        links: links::links(&runs, &affiliate.totals, assets)?,
        series: days::series(&runs, view, assets)?,
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
