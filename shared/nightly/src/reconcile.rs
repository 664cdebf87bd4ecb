//! The reconciliation after a night: compares the affiliate view with the booked lines, to the last
//! unit, and with itself. Read only: a difference is counted, and only an operator repairs it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use commission::{Amount, Asset, Overflow, Relation};
use lambda::App;
use serde::{Deserialize, Serialize};
use storage::{
    Attempt, DaySummary, FinishedRun, Head, Money, Referral, SHARDS, Shard, ShardReport,
    SharedDays, Totals, bounded_concurrency, bucket, retry_on_conflict,
};
use types::{Day, LinkCode, MILLIS_PER_DAY, Origin, Uid};

use crate::committed::Part;
use crate::reversal::readable;
use crate::verify::statements::{self, Statement, StatementError};
use crate::{StepError, parking, telemetry};

/// The result of a reconciliation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// The number of affiliates that were compared.
    pub affiliates: u64,
    /// The number of cells, totals and records that are wrong or cannot be read.
    pub differences: u64,
}

/// Affiliates that are compared concurrently: each has a separate partition.
const AFFILIATES_AT_ONCE: usize = 8;
/// The number of nights in which each affiliate's history is compared once.
const ROTATION: i64 = 30;
/// The number of days before a night whose lines are compared with their summaries in the rotation.
/// It exceeds the rotation, so that no day is left out.
const WINDOW_DAYS: i32 = 35;
/// The number of days before a night whose summaries are read in the rotation: all that exist.
const HISTORY_DAYS: i32 = 36_525;
/// Invitees per read call: with some 300 bytes each, a page is well below the limit of 1 MB.
const INVITEES_PER_PAGE: u16 = 1000;
/// Maximum attempts: a comparison with differences is repeated if a run became visible meanwhile.
const MAX_ATTEMPTS: usize = 3;

/// Reconciles one part of the affiliates after the night of `day`: the affiliates in the part's
/// buckets with lines in the runs that became visible today or yesterday, and the affiliates of the
/// shard that the rotation selects.
pub(crate) async fn reconcile(app: &App, day: Day, shard: Shard) -> Result<Reconciled, StepError> {
    reconcile_all(app, day, &[shard]).await
}

/// Reconciles some parts.
pub(crate) async fn reconcile_all(
    app: &App,
    day: Day,
    shards: &[Shard],
) -> Result<Reconciled, StepError> {
    let exhausted =
        || StepError::Unfinished("runs became visible during the reconciliation".to_owned());
    retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
        let head = app.table.head().await?.value;
        let visible = head.visible;
        let night = Night::read(app, day, &head).await?;
        let found =
            bounded_concurrency(AFFILIATES_AT_ONCE, shards.iter().map(|shard| night.part(*shard)));
        let mut sum = Reconciled::default();
        for part in found.await? {
            sum = sum.plus(part).map_err(StepError::overflow(day))?;
        }
        // Invitees and totals hold two versions: a run that became visible meanwhile may have
        // changed both.
        if sum.differences == 0 || app.table.head().await?.value.visible == visible {
            telemetry::reconciled(app, day, shards, sum);
            return Ok(Attempt::Done(sum));
        }
        Ok(Attempt::Conflict)
    })
    .await
}

impl Reconciled {
    fn plus(self, other: Self) -> Result<Self, Overflow> {
        let sum = |a: u64, b: u64| a.checked_add(b).ok_or(Overflow);
        Ok(Self {
            affiliates: sum(self.affiliates, other.affiliates)?,
            differences: sum(self.differences, other.differences)?,
        })
    }

    const fn of_one(differences: u64) -> Self {
        Self { affiliates: 1, differences }
    }
}

/// The night to reconcile.
struct Night<'a> {
    app: &'a App,
    day: Day,
    visible: u64,
    /// The parked affiliates: they read the ledger as it was until they are repaired, and are left
    /// out.
    parked: BTreeSet<Uid>,
    /// The runs that became visible today or yesterday, with their shards' reports.
    runs: Vec<(FinishedRun, Vec<ShardReport>)>,
    /// The number of records of these runs that cannot be read.
    unreadable: u64,
}

impl<'a> Night<'a> {
    async fn read(app: &'a App, day: Day, head: &Head) -> Result<Self, StepError> {
        let today = app.clock.now().day();
        let (visible, parked) = (head.visible, parking::affiliates(app, head.parked).await?);
        let mut night = Self { app, day, visible, parked, runs: Vec::new(), unreadable: 0 };
        for date in [today.previous(), today] {
            let Some(finished) = readable(app.table.finished_runs(date).await)? else {
                night.unreadable += 1;
                continue;
            };
            for run in finished.into_iter().filter(|run| run.seq <= visible) {
                match readable(app.table.shard_reports(&run.run).await)? {
                    Some(reports) => night.runs.push((run, reports)),
                    None => night.unreadable += 1,
                }
            }
        }
        Ok(night)
    }

    async fn part(&self, shard: Shard) -> Result<Reconciled, StepError> {
        let mut sum = Reconciled { affiliates: 0, differences: self.unreadable };
        let overflow = StepError::overflow(self.day);
        for (run, reports) in &self.runs {
            let found = self.run(run, reports, shard).await?;
            sum = sum.plus(found).map_err(&overflow)?;
        }
        let Some(affiliates) = readable(self.app.table.affiliates(shard).await)? else {
            let one = Reconciled { affiliates: 0, differences: 1 };
            return sum.plus(one).map_err(&overflow);
        };
        let turn = affiliates.iter().filter(|affiliate| self.is_in_turn(affiliate));
        let compare = turn.map(|affiliate| self.history(affiliate));
        for found in bounded_concurrency(AFFILIATES_AT_ONCE, compare).await? {
            sum = sum.plus(found).map_err(&overflow)?;
        }
        Ok(sum)
    }

    fn is_in_turn(&self, affiliate: &Uid) -> bool {
        let night = self.day.start().millis().div_euclid(MILLIS_PER_DAY);
        let in_turn = i64::from(bucket(affiliate)) % ROTATION == night.rem_euclid(ROTATION);
        in_turn && !self.parked.contains(affiliate)
    }

    /// Compares a run's booked lines for the affiliates of a part with their view of the run.
    async fn run(
        &self,
        run: &FinishedRun,
        reports: &[ShardReport],
        shard: Shard,
    ) -> Result<Reconciled, StepError> {
        let part = Part { part: shard.number().into(), of: SHARDS.into() };
        let buckets = part.buckets();
        let booked = readable(self.app.table.booked_in_buckets(run, reports, &buckets).await)?;
        let Some(booked) = booked else { return Ok(Reconciled { affiliates: 0, differences: 1 }) };
        let mut by_affiliate: BTreeMap<Uid, Statement> = BTreeMap::new();
        for line in booked.iter().flat_map(|work| &work.lines) {
            let inviter = &line.key.inviter;
            if buckets.contains(&bucket(inviter)) && !self.parked.contains(inviter) {
                let statement = by_affiliate.entry(line.key.inviter.clone()).or_default();
                statements::add_line(statement, line).map_err(StepError::overflow(run.day))?;
            }
        }
        let compare = by_affiliate.iter().map(async |(affiliate, booked)| {
            let read = self.read_of(affiliate, run).await;
            let found = self.counted(read.map(|(lines, summary)| {
                statements::compare(affiliate, booked, &lines, &summary).len()
            }))?;
            // The chunks of a withdrawn run stay, but do not count.
            let table = &self.app.table;
            match found.differences > 0 && table.is_withdrawn(affiliate, run.day, run.seq).await? {
                true => Ok::<_, StepError>(Reconciled::of_one(0)),
                false => Ok(found),
            }
        });
        let mut sum = Reconciled::default();
        for found in bounded_concurrency(AFFILIATES_AT_ONCE, compare).await? {
            sum = sum.plus(found).map_err(StepError::overflow(run.day))?;
        }
        Ok(sum)
    }

    /// Returns an affiliate's view of a run: its lines and its summary.
    async fn read_of(
        &self,
        affiliate: &Uid,
        run: &FinishedRun,
    ) -> Result<(Statement, Statement), StatementError> {
        let table = &self.app.table;
        let mut runs = table.summaries(affiliate, run.day, run.day, self.visible).await?;
        runs.retain(|summary| summary.seq == run.seq);
        let lines = statements::lines_of(self.app, affiliate, &runs).await?;
        Ok((lines, statements::summary_of(&runs)?))
    }

    /// Compares an affiliate's history with itself: recent lines with their summaries, all
    /// summaries with the invitees' sums and with the totals, those of the days that all invitees
    /// list with these days, and the invitees with the lists of bindings.
    async fn history(&self, affiliate: &Uid) -> Result<Reconciled, StepError> {
        let read = self.compare_history(affiliate).await;
        self.counted(read)
    }

    async fn compare_history(&self, affiliate: &Uid) -> Result<usize, StatementError> {
        let table = &self.app.table;
        let (first, last) = (self.day.plus(-HISTORY_DAYS), self.app.clock.now().day());
        let runs = table.summaries(affiliate, first, last, self.visible).await?;
        let recent = self.day.plus(-WINDOW_DAYS);
        let mut differences = 0;
        for run in runs.iter().filter(|run| run.day >= recent) {
            let run = std::slice::from_ref(run);
            let lines = statements::lines_of(self.app, affiliate, run).await?;
            let summary = statements::summary_of(run)?;
            differences += statements::compare(affiliate, &lines, &lines, &summary).len();
        }
        let invitees = self.invitees(affiliate).await?;
        let summed = Invitees::of_summaries(&runs)?;
        differences += invitees.unlisted;
        differences += usize::from(invitees.by_asset != summed.by_asset);
        differences += invitees.shared.differences(&runs)?;
        differences +=
            usize::from((&invitees.bound, invitees.count) != (&summed.bound, summed.count));
        let totals = table.totals(affiliate).await?;
        let totals = totals.value.slots.and_then(|slots| slots.at(self.visible).cloned());
        Ok(differences + usize::from(!summed.are_in(&totals.unwrap_or_default())))
    }

    /// Returns the sums over all invitees as the affiliate sees them, and the number of those whose
    /// binding is not in the list of its day.
    async fn invitees(&self, affiliate: &Uid) -> Result<Invitees, StatementError> {
        let mut all = Invitees::default();
        let mut after: Option<String> = None;
        loop {
            let table = &self.app.table;
            let page =
                table.referrals(affiliate, true, after.as_deref(), INVITEES_PER_PAGE).await?;
            let bound = page.referrals.iter().map(|referral| (&referral.uid, referral.bound_at));
            let listed = table.listed_bindings(bound).await?;
            all.unlisted += unlisted(affiliate, &page.referrals, &listed);
            for referral in &page.referrals {
                let Some(activity) = referral.activity.at(self.visible) else { continue };
                all.add_bound((referral.origin, referral.code.clone()), 1)?;
                all.shared.add(referral.shared_by_day.at(self.visible)?)?;
                for (asset, money) in &activity.by_asset {
                    all.add_money(*asset, money)?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(all.without_zeros());
            }
        }
    }

    /// Returns the differences of one affiliate; a record that cannot be read counts as one.
    fn counted(&self, compared: Result<usize, StatementError>) -> Result<Reconciled, StepError> {
        match compared {
            Ok(differences) => Ok(Reconciled::of_one(differences as u64)),
            Err(StatementError::Table(error)) if error.is_unreadable() => Ok(Reconciled::of_one(1)),
            Err(StatementError::Table(error)) => Err(error.into()),
            Err(StatementError::Sum(overflow)) => Err(StepError::overflow(self.day)(overflow)),
        }
    }
}

/// The sums of an affiliate's invitees.
#[derive(Debug, Default, PartialEq)]
struct Invitees {
    count: u64,
    bound: BTreeMap<(Origin, LinkCode), u64>,
    by_asset: BTreeMap<Asset, Money>,
    /// The commission shared with them by day.
    shared: ListedDays,
    /// Invitees whose binding is not in the list of its day.
    unlisted: usize,
}

/// The sums of the days that an affiliate's invitees list.
#[derive(Debug, Default, PartialEq)]
struct ListedDays {
    /// The first day that all of them list; `None` if all list every day.
    since: Option<Day>,
    usd: BTreeMap<Day, Amount>,
}

impl ListedDays {
    fn add(&mut self, invitee: SharedDays) -> Result<(), Overflow> {
        self.since = self.since.max(invitee.since);
        invitee.days.into_iter().try_for_each(|(day, usd)| add_usd(&mut self.usd, day, usd))
    }

    /// Returns the number of days of which summaries have another sum.
    fn differences(&self, runs: &[DaySummary]) -> Result<usize, Overflow> {
        let mut summed = BTreeMap::new();
        for run in runs {
            for money in run.summary.cells.values() {
                add_usd(&mut summed, run.day, money.in_usd.shared)?;
            }
        }
        let days: BTreeSet<&Day> = self.usd.keys().chain(summed.keys()).collect();
        let of = |sums: &BTreeMap<Day, Amount>, day| sums.get(day).copied().unwrap_or_default();
        let listed = days.into_iter().filter(|day| self.since.is_none_or(|since| **day >= since));
        Ok(listed.filter(|day| of(&self.usd, *day) != of(&summed, *day)).count())
    }
}

fn add_usd(sums: &mut BTreeMap<Day, Amount>, day: Day, usd: Amount) -> Result<(), Overflow> {
    let sum = sums.entry(day).or_default();
    *sum = sum.plus(usd)?;
    Ok(())
}

/// Returns the number of an affiliate's invitees that the lists of bindings do not have, or have
/// with other facts. Only bind and sign-up may write the lists, whereas more functions write
/// accounts.
fn unlisted(affiliate: &Uid, invitees: &[Referral], listed: &HashMap<Uid, Relation>) -> usize {
    let is_listed = |invitee: &Referral| {
        listed.get(&invitee.uid).is_some_and(|relation| {
            relation.inviter == *affiliate
                && relation.code == invitee.code
                && relation.origin == invitee.origin
                && relation.bound_at == invitee.bound_at
        })
    };
    invitees.iter().filter(|invitee| !is_listed(invitee)).count()
}

impl Invitees {
    fn of_summaries(runs: &[DaySummary]) -> Result<Self, Overflow> {
        let mut all = Self::default();
        for summary in runs.iter().map(|run| &run.summary) {
            for ((origin, code), count) in &summary.bound {
                all.add_bound((*origin, code.clone()), u64::from(*count))?;
            }
            for ((_, asset, _), money) in &summary.cells {
                all.add_money(*asset, money)?;
            }
        }
        Ok(all.without_zeros())
    }

    fn add_bound(&mut self, key: (Origin, LinkCode), count: u64) -> Result<(), Overflow> {
        let bound = self.bound.entry(key).or_default();
        *bound = bound.checked_add(count).ok_or(Overflow)?;
        self.count = self.count.checked_add(count).ok_or(Overflow)?;
        Ok(())
    }

    fn add_money(&mut self, asset: Asset, money: &Money) -> Result<(), Overflow> {
        let sum = self.by_asset.entry(asset).or_default();
        *sum = sum.plus(money)?;
        Ok(())
    }

    fn without_zeros(mut self) -> Self {
        self.by_asset.retain(|_, money| *money != Money::default());
        self
    }

    /// Returns whether the totals count the same invitees, by origin and by link.
    fn are_in(&self, totals: &Totals) -> bool {
        let mut origins: BTreeMap<Origin, u64> = BTreeMap::new();
        let mut links: BTreeMap<&LinkCode, u64> = BTreeMap::new();
        for ((origin, code), count) in &self.bound {
            *origins.entry(*origin).or_default() += count;
            *links.entry(code).or_default() += count;
        }
        let by_origin = totals.invitees.iter().map(|(origin, n)| (*origin, u64::from(*n)));
        let by_link = totals.by_link.iter().map(|(code, n)| (code, u64::from(*n)));
        by_origin.collect::<BTreeMap<_, _>>() == origins
            && by_link.collect::<BTreeMap<_, _>>() == links
            && u64::from(totals.active) <= self.count
    }
}

#[cfg(test)]
mod tests {
    use storage::{ReferralActivity, SharedByDay, Summary, TwoVersionCell};
    use types::Timestamp;

    use super::*;

    #[test]
    fn only_days_that_all_list_are_compared() {
        let days: [Day; 3] =
            ["2026-11-20", "2026-11-21", "2026-11-22"].map(|it| it.parse().unwrap());
        let one = Amount::from_minor(1);
        let run = |day: Day| {
            let mut money = Money::default();
            money.in_usd.shared = one;
            let key = (types::Product::Spot, "BTC".parse().unwrap(), Origin::Recall);
            let summary = Summary { cells: [(key, money)].into(), ..Summary::default() };
            DaySummary { day, seq: 1, summary, payment: None }
        };
        let runs = days.map(run);
        let listed = |since: Option<Day>, of: &[Day]| {
            let mut listed = ListedDays::default();
            listed.add(SharedDays::default()).unwrap();
            let days = of.iter().map(|day| (*day, one)).collect();
            listed.add(SharedDays { since, days }).unwrap();
            listed.differences(&runs).unwrap()
        };
        assert_eq!(listed(None, &days), 0);
        assert_eq!(listed(None, &days[1..]), 1);
        assert_eq!(listed(Some(days[1]), &days[1..]), 0);
        assert_eq!(listed(Some(days[1]), &days[2..]), 1);
        assert_eq!(listed(None, &[&days[..], &[days[2].next()]].concat()), 1);
    }

    #[test]
    fn listed_binding_has_all_facts() {
        let (inviter, invitee): (Uid, Uid) =
            ("inviter".parse().unwrap(), "invitee".parse().unwrap());
        let relation = Relation {
            inviter: inviter.clone(),
            invitee: invitee.clone(),
            code: "ABCD2345".parse().unwrap(),
            origin: Origin::Recall,
            bound_at: Timestamp::EPOCH,
            shared: Default::default(),
            voided_at: None,
        };
        let referral = Referral {
            uid: invitee.clone(),
            code: relation.code.clone(),
            origin: relation.origin,
            bound_at: relation.bound_at,
            activity: TwoVersionCell::new(1, ReferralActivity::default()),
            shared_by_day: SharedByDay::default(),
        };
        let count = |listed: Relation| {
            let listed = [(invitee.clone(), listed)].into();
            unlisted(&inviter, std::slice::from_ref(&referral), &listed)
        };
        assert_eq!(count(relation.clone()), 0);
        for other in [
            Relation { inviter: invitee.clone(), ..relation.clone() },
            Relation { code: "XYZ23456".parse().unwrap(), ..relation.clone() },
            Relation { origin: Origin::Signup, ..relation.clone() },
            Relation { bound_at: Timestamp::EPOCH.plus_millis(1), ..relation },
        ] {
            assert_eq!(count(other), 1);
        }
    }
}
