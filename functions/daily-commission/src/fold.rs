//! The fold of one shard of a day: what is due minus what is booked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use commission::{
    Booked, Conservation, Fee, FeeCorrection, Fees, Fold, Line, Party, Relation, Relations,
    difference,
};
use runtime::App;
use serde::{Deserialize, Serialize};
use table::{
    Account, Aside, FeeBatch, Money, Quarantined, Shard, ShardReport, ShardState, TouchedInvitee,
    Versioned, Work, fingerprint,
};
use terms::{Day, Uid};

use crate::summary::active_in;
use crate::{StepError, told};

/// What a fold says when it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// The shard.
    pub shard: u8,
    /// How many lines it found to book.
    pub lines: u64,
    /// Why the shard is set aside, if it is.
    #[serde(default, rename = "setAside", skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}

/// Folds one shard of a day for a run. A repeated fold answers what the first one found.
pub(crate) async fn fold(
    app: &App,
    day: Day,
    run: &str,
    shard: Shard,
) -> Result<Folded, StepError> {
    let mut state = app.table.shard_state(day, run, shard).await?;
    let report = match state.report.take() {
        Some(report) => report,
        None if !state.is_published() => {
            return Err(StepError::Unfinished(format!("a run of {day} is not published yet")));
        }
        None => work_out(app, day, run, shard, state).await?,
    };
    Ok(Folded { shard: report.shard, lines: report.lines, set_aside: None })
}

/// Works out a shard. The mark and the day's revision in `state` were read before what they guard,
/// so that whatever comes in between leaves the mark in place, or has the commit refused.
async fn work_out(
    app: &App,
    day: Day,
    run: &str,
    shard: Shard,
    state: ShardState,
) -> Result<ShardReport, StepError> {
    let first = state.day.value.runs.is_empty();
    let (sources, fold) = due(app, day, shard, &state).await?;
    quarantine(app, &fold.conflicts).await?;
    told::conflicting(app, fold.conflicts.len());
    let due = Conservation::of(&fold).map_err(StepError::refused(day))?;
    let lines = difference(&fold, &sources.booked_lines(day)?, first);
    let work = sources.work(lines.map_err(StepError::overflow(day))?, &fold);
    let attempt = attempt_name(app)?;
    let now = app.clock.now();
    let kept = app.table.keep_work(run, shard, &attempt, &work, now).await?;
    let report = ShardReport {
        shard: shard.number(),
        attempt,
        chunks: kept.chunks,
        lines: work.lines.len() as u64,
        lines_digest: Some(kept.lines_digest),
        day_revision: state.day.revision,
        touched: state.touched,
        due,
        booked: totals(&work.lines).map_err(StepError::overflow(day))?,
        aside: aside(&fold),
    };
    Ok(app.table.report_shard(run, shard, report, now).await?)
}

/// What is due for a shard of a day, with what it is made from (without the fees) and what is
/// booked. Writes nothing.
pub(crate) async fn due(
    app: &App,
    day: Day,
    shard: Shard,
    state: &ShardState,
) -> Result<(Sources, Fold), StepError> {
    let mut sources = Sources::read(app, day, shard, state).await?;
    let fold = commission::fold(
        day,
        &sources.fees,
        &sources.corrections,
        &relations(&sources.accounts, day),
        &app.programme.commission,
    )
    .map_err(StepError::overflow(day))?;
    // They have done their part, and are most of what a worker holds.
    sources.fees = Fees::default();
    Ok((sources, fold))
}

/// All that the fold of a shard is made from.
pub(crate) struct Sources {
    fees: Fees,
    corrections: Vec<FeeCorrection>,
    new_bindings: Vec<Relation>,
    /// What earlier runs of the day booked.
    pub(crate) booked: Vec<Work>,
    accounts: HashMap<Uid, Versioned<Account>>,
}

impl Sources {
    async fn read(
        app: &App,
        day: Day,
        shard: Shard,
        state: &ShardState,
    ) -> Result<Self, StepError> {
        let table = &app.table;
        // On a day without runs nothing is booked, and a shard without a mark has no fees.
        let first = state.day.value.runs.is_empty();
        let batch = match first && state.touched.is_none() {
            true => FeeBatch::default(),
            false => table.fees(day, shard).await?,
        };
        let new_bindings = table.new_bindings(day, shard).await?;
        let booked = if first { Vec::new() } else { table.booked(day, shard).await? };
        let mut invitees: BTreeSet<&Uid> = batch.fees.invitees().collect();
        invitees.extend(booked.iter().flat_map(|work| &work.lines).map(|l| &l.key.invitee));
        invitees.extend(new_bindings.iter().map(|relation| &relation.invitee));
        let mut accounts = table.accounts(invitees).await?;
        let inviters: BTreeSet<Uid> = accounts
            .values()
            .filter_map(|account| account.value.relation.as_ref())
            .map(|relation| relation.inviter.clone())
            .collect();
        accounts.extend(table.accounts(&inviters).await?);
        Ok(Self {
            fees: batch.fees,
            corrections: batch.corrections,
            new_bindings,
            booked,
            accounts,
        })
    }

    pub(crate) fn booked_lines(&self, day: Day) -> Result<Booked, StepError> {
        let mut booked = Booked::default();
        for line in self.booked.iter().flat_map(|work| &work.lines) {
            booked.apply(line).map_err(StepError::overflow(day))?;
        }
        Ok(booked)
    }

    fn work(&self, lines: Vec<Line>, fold: &Fold) -> Work {
        let booked = self.booked.iter().flat_map(|work| &work.invitees);
        let known: BTreeSet<&Uid> = booked.filter(|i| i.newly_bound).map(|i| &i.invitee).collect();
        let newly_bound: BTreeSet<&Uid> = self
            .new_bindings
            .iter()
            .map(|relation| &relation.invitee)
            .filter(|invitee| !known.contains(invitee))
            .collect();
        let (active, mut trades) = (active_in(&self.booked), commission::trades(fold));
        let mut touched: BTreeSet<&Uid> = lines.iter().map(|line| &line.key.invitee).collect();
        touched.extend(&newly_bound);
        let invitees = touched.into_iter().filter_map(|uid| {
            let relation = self.accounts.get(uid)?.value.relation.as_ref()?;
            let trades = trades.remove(uid).unwrap_or_default();
            let (was_active, is_active) = (active.contains(uid), !trades.is_empty());
            Some(TouchedInvitee {
                inviter: relation.inviter.clone(),
                invitee: uid.clone(),
                code: relation.code.clone(),
                origin: relation.origin,
                bound_at: relation.bound_at,
                voided_at: relation.voided_at,
                newly_bound: newly_bound.contains(uid),
                newly_active: is_active && !was_active,
                newly_inactive: was_active && !is_active,
                trades: Some(trades),
            })
        });
        let invitees = invitees.collect();
        Work { lines, invitees }
    }
}

/// Who invited whom among some accounts, and what holds of both on a day.
pub(crate) fn relations(accounts: &HashMap<Uid, Versioned<Account>>, day: Day) -> Relations {
    let mut relations = Relations::default();
    for account in accounts.values().map(|account| &account.value) {
        let Some(relation) = &account.relation else { continue };
        relations.add_relation(relation.clone(), party(account));
        if let Some(inviter) = accounts.get(&relation.inviter) {
            let tier = inviter.value.tiers.at(day.start()).copied().unwrap_or_default();
            relations.add_inviter(relation.inviter.clone(), party(&inviter.value), tier);
        }
    }
    relations
}

fn party(account: &Account) -> Party {
    Party {
        location: account.facts.location.clone(),
        affiliate: account.facts.affiliate.clone(),
        futures_opened_at: account.futures_opened_at,
    }
}

/// What was delivered and is in no line.
fn aside(fold: &Fold) -> Aside {
    Aside {
        duplicates: fold.duplicates,
        conflicts: fold.conflicts.len() as u64,
        void: fold.voided.values().sum(),
        unrelated: fold.unknown_fees,
        outside_day: fold.outside_day,
        orphan_corrections: fold.orphan_corrections,
        inexact_corrections: fold.inexact_corrections,
        ..Aside::default()
    }
}

fn totals(lines: &[Line]) -> Result<BTreeMap<commission::Asset, Money>, commission::Overflow> {
    let mut totals: BTreeMap<_, Money> = BTreeMap::new();
    for line in lines {
        let total = totals.entry(line.key.asset).or_default();
        *total = total.plus_line(&line.sums)?;
    }
    Ok(totals)
}

/// A fee that came with the identity of another is kept aside; the one that came first stands.
async fn quarantine(app: &App, conflicts: &[Fee]) -> Result<(), StepError> {
    for fee in conflicts {
        let body = serde_json::to_string(fee).map_err(|e| StepError::Internal(e.to_string()))?;
        let entry = Quarantined {
            reason: "identity_conflict".to_owned(),
            detail: "the trade id came before with another body, which stands".to_owned(),
            body,
            at: app.clock.now(),
        };
        app.table.quarantine(&entry).await?;
    }
    Ok(())
}

/// Two workers on one shard never share the name of their work.
fn attempt_name(app: &App) -> Result<String, StepError> {
    let mut drawn = [0; 16];
    app.entropy.fill(&mut drawn).map_err(|error| StepError::Internal(error.to_string()))?;
    Ok(fingerprint(&drawn))
}
