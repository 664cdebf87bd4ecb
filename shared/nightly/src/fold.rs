//! The fold of one shard of a day: computes the accrual minus the booked lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use commission::{
    AccountHistory, Asset, Booked, Conservation, FeeCorrection, Fees, Fold, Line, Lines, Overflow,
    Relation, Relations, Sums, prove_lines,
};
use lambda::App;
use serde::{Deserialize, Serialize};
use storage::{
    Account, DirtyShard, ExcludedCounts, FeeBatch, Money, NewWork, Shard, ShardReport, ShardState,
    StoredAccounts, StoredFees, TableError, TouchedInvitee, UnreadableChunk, Versioned, Work,
    short_sha256,
};
use types::{Day, Uid};

use crate::archived::ArchivedBatch;
use crate::reversal::{self, Mode};
use crate::summary::active_in;
use crate::{StepError, quarantine, telemetry};

/// The result of a fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// The shard.
    pub shard: u8,
    /// The number of lines to book.
    pub lines: u64,
    /// The reason if the shard is deferred.
    #[serde(default, rename = "setAside", skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}

/// Folds one shard of a day for a run. A repeated fold returns the result of the first.
pub(crate) async fn fold(
    app: &App,
    day: Day,
    run: &str,
    shard: Shard,
    mode: Option<Mode>,
) -> Result<Folded, StepError> {
    let mut state = app.table.shard_state(day, run, shard).await?;
    let report = match state.report.take() {
        Some(report) => report,
        None if !state.is_published() => {
            return Err(StepError::Unfinished(format!("a run of {day} is not published yet")));
        }
        None => work_out(app, day, run, shard, mode, state).await?,
    };
    Ok(Folded { shard: report.shard, lines: report.lines, set_aside: None })
}

/// Computes the delta of a shard. The dirty marker and the day's revision in `state` were read
/// before the data that they guard. A change in between therefore leaves the marker in place, or
/// makes the commit refuse the run.
async fn work_out(
    app: &App,
    day: Day,
    run: &str,
    shard: Shard,
    mode: Option<Mode>,
    state: ShardState,
) -> Result<ShardReport, StepError> {
    let found = match mode {
        None => find(app, day, shard, &state).await?,
        Some(Mode::Reversal) => reversal::work_out(app, day, shard, &state).await?,
    };
    let ShardFound { work, due, excluded, touched } = found;
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
        touched,
        due,
        booked: totals_of(&work.lines).map_err(StepError::overflow(day))?,
        excluded,
    };
    Ok(app.table.report_shard(run, shard, report, now).await?)
}

/// The delta of a shard, to be stored.
pub(crate) struct ShardFound {
    pub(crate) work: NewWork,
    pub(crate) due: Conservation,
    pub(crate) excluded: ExcludedCounts,
    /// The dirty marker to remove with the run.
    pub(crate) touched: Option<DirtyShard>,
}

/// Computes the lines to book in a shard, and proves them. Of an archived day no fees are booked:
/// those in the table are only the ones that arrived since. They and the dirty marker stay until
/// the day is restored.
async fn find(
    app: &App,
    day: Day,
    shard: Shard,
    state: &ShardState,
) -> Result<ShardFound, StepError> {
    let first = state.day.value.runs.is_empty();
    if state.day.value.archived.is_some() {
        telemetry::archived(app, day, shard, state.touched.is_some());
        // The plan leaves void bindings of a shard with a dirty marker to this fold.
        return reversal::work_out(app, day, shard, state).await;
    }
    let (sources, fold) = due(app, day, shard, state, ArchivedBatch::default()).await?;
    quarantine::record(app, day, &fold, &sources.corrections).await?;
    telemetry::quarantined(app, &fold);
    telemetry::unreadable(
        app,
        day,
        shard,
        &sources.unreadable_accounts,
        &sources.unreadable_chunks,
    );
    let due = Conservation::of(&fold).map_err(StepError::refused(day))?;
    let booked = sources.booked_lines(day)?;
    let lines = Lines::of(&fold, &booked, first).map_err(StepError::overflow(day))?;
    prove_lines(&fold.due, &booked, &lines).map_err(StepError::refused(day))?;
    // While the dirty marker is in place, the next night folds the shard again.
    let looks_again = sources.is_incomplete() || quarantine::waits_for_fees(&fold, app.clock.now());
    Ok(ShardFound {
        work: sources.work(lines, &fold),
        due,
        excluded: excluded(&fold, &sources).map_err(StepError::overflow(day))?,
        touched: state.touched.clone().filter(|_| !looks_again),
    })
}

/// Returns the accrual of a shard of a day, with its sources (without the fees) and the booked
/// lines. `archived` has the fees that left the table. Writes nothing. Excludes invitees whose
/// records cannot all be read, with the booked lines for them.
pub(crate) async fn due(
    app: &App,
    day: Day,
    shard: Shard,
    state: &ShardState,
    archived: ArchivedBatch,
) -> Result<(Sources, Fold), StepError> {
    let mut sources = Sources::read(app, day, shard, state, archived).await?;
    let mut relations = relations(&sources.accounts, day);
    let fold_all = |sources: &Sources, relations: &Relations| {
        let (fees, corrections) = (&sources.fees, &sources.corrections);
        commission::fold(day, fees, corrections, relations, &app.programme.commission)
            .map_err(StepError::overflow(day))
    };
    let mut fold = fold_all(&sources, &relations)?;
    let hidden = sources.hidden_by_chunks(day, &fold)?;
    if !hidden.is_empty() {
        hidden.iter().for_each(|invitee| relations.remove_relation(invitee));
        fold = fold_all(&sources, &relations)?;
        sources.left_alone.extend(hidden);
    }
    // The fees are no longer needed, and are most of a worker's memory.
    sources.fees = Fees::default();
    Ok((sources, fold))
}

/// The inputs of the fold of a shard.
#[derive(Default)]
pub(crate) struct Sources {
    fees: Fees,
    corrections: Vec<FeeCorrection>,
    new_bindings: Vec<Relation>,
    /// The booked deltas of earlier runs of the day.
    pub(crate) booked: Vec<Work>,
    pub(crate) accounts: HashMap<Uid, Versioned<Account>>,
    pub(crate) unreadable_accounts: BTreeMap<Uid, TableError>,
    pub(crate) unreadable_chunks: Vec<UnreadableChunk>,
    /// Invitees whose records cannot all be read: their booked lines stay unchanged.
    left_alone: BTreeSet<Uid>,
}

impl Sources {
    async fn read(
        app: &App,
        day: Day,
        shard: Shard,
        state: &ShardState,
        archived: ArchivedBatch,
    ) -> Result<Self, StepError> {
        let table = &app.table;
        // On a day without runs nothing is booked, and a shard without a dirty marker has no fees.
        let first = state.day.value.runs.is_empty();
        let StoredFees { mut batch, unreadable } = match first && state.touched.is_none() {
            true => StoredFees::default(),
            false => table.readable_fees(day, shard, &archived.chunks).await?,
        };
        add_archived(&mut batch, archived.batch)?;
        let new_bindings = table.new_bindings(day, shard).await?;
        let booked = if first { Vec::new() } else { table.booked(day, shard).await? };
        let mut invitees: BTreeSet<&Uid> = batch.fees.invitees().collect();
        invitees.extend(booked.iter().flat_map(|work| &work.lines).map(|l| &l.key.invitee));
        invitees.extend(new_bindings.iter().map(|relation| &relation.invitee));
        let mut accounts = table.readable_accounts(invitees).await?;
        let relations = accounts.known.values().filter_map(|a| a.value.relation.as_ref());
        let inviters: BTreeSet<Uid> = relations.map(|relation| relation.inviter.clone()).collect();
        let of_inviters = table.readable_accounts(&inviters).await?;
        accounts.known.extend(of_inviters.known);
        accounts.unreadable.extend(of_inviters.unreadable);
        Ok(Self {
            fees: batch.fees,
            corrections: batch.corrections,
            new_bindings,
            booked,
            left_alone: left_alone(&accounts),
            accounts: accounts.known,
            unreadable_accounts: accounts.unreadable,
            unreadable_chunks: unreadable,
        })
    }

    /// Returns only the booked deltas of some invitees.
    pub(crate) fn of_booked(mut booked: Vec<Work>, invitees: &BTreeSet<Uid>) -> Self {
        for work in &mut booked {
            work.lines.retain(|line| invitees.contains(&line.key.invitee));
            work.invitees.retain(|touched| invitees.contains(&touched.invitee));
        }
        Self { booked, ..Self::default() }
    }

    /// Returns whether a record of the shard cannot be read, so that not all of it is booked.
    fn is_incomplete(&self) -> bool {
        !self.unreadable_accounts.is_empty() || !self.unreadable_chunks.is_empty()
    }

    /// Returns invitees with booked lines whose fees or corrections may be in a chunk that cannot
    /// be read. These are the invitees that the chunks name, or all if a chunk names none, and in
    /// any case invitees that would lose fees or corrections. Invitees with a void binding are
    /// never hidden.
    fn hidden_by_chunks(&self, day: Day, fold: &Fold) -> Result<BTreeSet<Uid>, StepError> {
        if self.unreadable_chunks.is_empty() {
            return Ok(BTreeSet::new());
        }
        let payers = self.unreadable_chunks.iter().map(|chunk| chunk.payers.as_ref());
        let named: Option<Vec<&Vec<Uid>>> = payers.collect();
        let named = named.map(|lists| lists.into_iter().flatten().collect::<BTreeSet<_>>());
        let due = counts(fold.due.iter().map(|due| (due.invitee, due.sums)));
        let due = due.map_err(StepError::overflow(day))?;
        let booked = self.booked_lines(day)?;
        let booked = counts(booked.iter().map(|(key, sums)| (&key.invitee, *sums)))
            .map_err(StepError::overflow(day))?;
        let hidden = booked.into_iter().filter(|(invitee, (fees, corrected))| {
            let (due_fees, due_corrected) = due.get(invitee).copied().unwrap_or_default();
            let is_named = named.as_ref().is_none_or(|named| named.contains(invitee));
            let loses = due_fees < *fees || due_corrected < *corrected;
            (is_named || loses) && !fold.voided.contains_key(invitee)
        });
        Ok(hidden.map(|(invitee, _)| invitee).collect())
    }

    pub(crate) fn booked_lines(&self, day: Day) -> Result<Booked, StepError> {
        let mut booked = Booked::default();
        let lines = self.booked.iter().flat_map(|work| &work.lines);
        for line in lines.filter(|line| !self.left_alone.contains(&line.key.invitee)) {
            booked.apply(line).map_err(StepError::overflow(day))?;
        }
        Ok(booked)
    }

    pub(crate) fn work(&self, lines: Lines, fold: &Fold) -> NewWork {
        let booked = self.booked.iter().flat_map(|work| &work.invitees);
        let known: BTreeSet<&Uid> = booked.filter(|i| i.newly_bound).map(|i| &i.invitee).collect();
        let newly_bound: BTreeSet<&Uid> = self
            .new_bindings
            .iter()
            .map(|relation| &relation.invitee)
            .filter(|invitee| !known.contains(invitee))
            .collect();
        let (active, mut trades) = (active_in(&self.booked), commission::trades(fold));
        let mut touched = invitees_of(&lines);
        touched.extend(newly_bound.iter().copied().cloned());
        let invitees = touched.iter().filter_map(|uid| {
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
        NewWork { lines, invitees }
    }
}

/// Adds fees of the archive to those of the table.
fn add_archived(batch: &mut FeeBatch, archived: FeeBatch) -> Result<(), StepError> {
    if batch.fees.is_empty() && batch.corrections.is_empty() {
        *batch = archived;
        return Ok(());
    }
    for fee in archived.fees.iter() {
        batch.push(fee.arrival(), &fee.fee()).map_err(StepError::internal)?;
    }
    batch.corrections.extend(archived.corrections);
    Ok(())
}

/// Returns the invitees for which the account of the invitee or of the inviter cannot be read.
fn left_alone(accounts: &StoredAccounts) -> BTreeSet<Uid> {
    let unreadable = |uid: &Uid| accounts.unreadable.contains_key(uid);
    let of_inviters = accounts.known.iter().filter(|(_, account)| {
        account.value.relation.as_ref().is_some_and(|relation| unreadable(&relation.inviter))
    });
    accounts.unreadable.keys().chain(of_inviters.map(|(uid, _)| uid)).cloned().collect()
}

/// Returns the numbers of fees and of corrected fees, by invitee.
fn counts<'a>(
    lines: impl Iterator<Item = (&'a Uid, Sums)>,
) -> Result<BTreeMap<Uid, (i64, i64)>, Overflow> {
    let mut counts: BTreeMap<Uid, (i64, i64)> = BTreeMap::new();
    for (invitee, sums) in lines {
        let (fees, corrected) = counts.entry(invitee.clone()).or_default();
        *fees = fees.checked_add(sums.fee_count).ok_or(Overflow)?;
        *corrected = corrected.checked_add(sums.corrected_count).ok_or(Overflow)?;
    }
    Ok(counts)
}

/// Returns the relations among some accounts, with both parties' facts on a day.
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

fn party(account: &Account) -> AccountHistory {
    AccountHistory {
        location: account.facts.location.clone(),
        affiliate: account.facts.affiliate.clone(),
        futures_opened_at: account.futures_opened_at,
    }
}

/// Returns the counts of delivered fees that are in no line.
fn excluded(fold: &Fold, sources: &Sources) -> Result<ExcludedCounts, Overflow> {
    let (unreadable, unrelated): (Vec<_>, Vec<_>) =
        fold.unknown_fees.iter().partition(|(uid, _)| sources.left_alone.contains(*uid));
    let sum = |fees: Vec<(&Uid, &u64)>| {
        let sum = fees.into_iter().try_fold(0_u64, |sum, (_, fees)| sum.checked_add(*fees));
        sum.ok_or(Overflow)
    };
    Ok(ExcludedCounts {
        duplicates: fold.duplicates,
        conflicts: fold.conflicts.len() as u64,
        void: sum(fold.voided.iter().collect())?,
        unrelated: sum(unrelated)?,
        outside_day: fold.outside_day,
        orphan_corrections: fold.orphan_corrections.len() as u64,
        inexact_corrections: fold.inexact_corrections.len() as u64,
        unreadable_fees: sum(unreadable)?,
        unreadable_chunks: sources.unreadable_chunks.len() as u64,
    })
}

/// Returns the sums of some lines, by asset.
pub(crate) fn totals<'a>(
    lines: impl IntoIterator<Item = &'a Line>,
) -> Result<BTreeMap<Asset, Money>, Overflow> {
    let mut totals = BTreeMap::new();
    lines.into_iter().try_for_each(|line| add_to(&mut totals, line))?;
    Ok(totals)
}

fn totals_of(lines: &Lines) -> Result<BTreeMap<Asset, Money>, Overflow> {
    let mut totals = BTreeMap::new();
    lines.try_for_each(|line| add_to(&mut totals, line))?;
    Ok(totals)
}

fn add_to(totals: &mut BTreeMap<Asset, Money>, line: &Line) -> Result<(), Overflow> {
    let total = totals.entry(line.key.asset).or_default();
    *total = total.plus_line(&line.sums)?;
    Ok(())
}

/// Returns the invitees of some lines, each once.
fn invitees_of(lines: &Lines) -> BTreeSet<Uid> {
    let (mut invitees, mut reader): (Vec<Uid>, _) = (Vec::new(), lines.reader());
    while let Some(line) = reader.read() {
        // The lines of an invitee are neighbours.
        if invitees.last() != Some(&line.key.invitee) {
            invitees.push(line.key.invitee.clone());
        }
    }
    invitees.into_iter().collect()
}

/// Returns a random name for a worker's shard delta. Two workers on one shard never share a name.
fn attempt_name(app: &App) -> Result<String, StepError> {
    let mut drawn = [0; 16];
    app.entropy.fill(&mut drawn).map_err(StepError::internal)?;
    Ok(short_sha256(&drawn))
}

#[cfg(test)]
mod tests {
    use commission::{Amount, Arrival, Charge, Fee};
    use types::{FeeKind, Product, Vip};

    use super::*;

    fn batch(trades: &[&str]) -> FeeBatch {
        let one = Amount::from_minor(1);
        let fee = |trade: &&str| Fee {
            trade_id: trade.parse().unwrap(),
            uid: "payer".parse().unwrap(),
            charge: Charge {
                product: Product::Spot,
                kind: FeeKind::Trade,
                asset: "BTC".parse().unwrap(),
                amount: one,
                amount_usd: one,
                volume_usd: one,
                vip: Vip(0),
                broker: false,
                at: "2026-11-20T10:00:00Z".parse().unwrap(),
            },
        };
        let mut batch = FeeBatch::default();
        trades.iter().for_each(|trade| batch.push(Arrival(1), &fee(trade)).unwrap());
        batch
    }

    #[test]
    fn archived_fees_are_added_to_later_ones() {
        let count = |stored: &[&str], archived: &[&str]| {
            let mut all = batch(stored);
            add_archived(&mut all, batch(archived)).unwrap();
            all.fees.iter().count()
        };
        assert_eq!(count(&[], &["a", "b"]), 2);
        assert_eq!(count(&["c"], &["a", "b"]), 3);
        assert_eq!(count(&["c"], &[]), 1);
    }
}
