//! The publishing: writes a committed run to the affiliate view, under its number, which is not
//! visible yet.

use std::collections::{BTreeMap, BTreeSet};

use commission::{Amount, Line, Overflow};
use lambda::{App, Deadline};
use serde::{Deserialize, Serialize};
use storage::{
    Attempt, Found, MAX_ATTEMPTS, ParkOutcome, Pending, Referral, ReferralActivity, Shard,
    SharedByDay, StoredTotals, Summary, TouchedInvitee, TwoVersionCell, Versioned, Work,
    bounded_concurrency, bucket, retry_on_conflict,
};
use types::{Day, Timestamp, Uid};

use crate::committed::Part;
use crate::lost_work::{self, RunWork};
use crate::parking;
use crate::publish_groups;
use crate::summary;
use crate::{StepError, check_time};

/// Invitees whose items are read in one call.
const INVITEES_READ_AT_ONCE: usize = 100;
/// Affiliates that are written concurrently: each has a separate partition.
pub(crate) const AFFILIATES_AT_ONCE: usize = 8;

/// The result of publishing a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The affiliates whose day was written.
    pub affiliates: usize,
}

/// Publishes one part of a committed run. A repeated call writes the same items again.
pub(crate) async fn publish(
    app: &App,
    seq: u64,
    part: Part,
    deadline: Deadline,
) -> Result<Published, StepError> {
    let head = app.table.head().await?.value;
    match head.pending {
        Some(pending) if pending.seq == seq => {
            publish_pending(app, &pending, head.parked, part, deadline).await
        }
        _ if head.visible >= seq => Ok(Published { affiliates: 0 }),
        _ => Err(StepError::BadRequest(format!("run {seq} is not committed"))),
    }
}

/// Publishes one part of the pending run. An affiliate whose part fails with a final error is
/// parked. A parked affiliate stays parked, and all others are published. `parked` is the number of
/// parked affiliates in the head.
pub(crate) async fn publish_pending(
    app: &App,
    pending: &Pending,
    parked: u32,
    part: Part,
    deadline: Deadline,
) -> Result<Published, StepError> {
    let RunWork { found, lost } = lost_work::read(app, pending, part).await?;
    let copied = found.iter().filter(|found| part.copies(found.shard));
    app.table.keep_booked(copied, pending.day, pending.seq).await?;
    let statements = statements(found, part);
    let Pending { day, seq, committed_at, .. } = *pending;
    let waiting = parking::affiliates(app, parked).await?;
    for (inviter, error) in &lost {
        if queue(app, inviter, pending, &waiting).await? == ParkOutcome::NotBehind {
            parking::park(app, inviter, pending, error).await?;
        }
    }
    let publisher =
        |inviter| Publisher { app, inviter, day, seq, deadline, committed_at, repairs: false };
    let publish_one = async |inviter, work| {
        if queue(app, inviter, pending, &waiting).await? == ParkOutcome::Parked {
            return Ok(Outcome::Waits);
        }
        match publisher(inviter).publish(work).await {
            Err(error) if error.is_final() => Ok(Outcome::Failed(inviter, error)),
            done => done.map(|()| Outcome::Published),
        }
    };
    let readable = statements.iter().filter(|(inviter, _)| !lost.contains_key(*inviter));
    let (alone, grouped): (Vec<_>, Vec<_>) =
        readable.partition(|(inviter, _)| waiting.contains(*inviter));
    let written = publish_groups::publish(publisher, grouped).await?;
    let alone = alone.into_iter().chain(written.left);
    let work = alone.map(|(inviter, work)| publish_one(inviter, work));
    let outcomes = bounded_concurrency(AFFILIATES_AT_ONCE, work).await?;
    let published = outcomes.iter().filter(|it| matches!(it, Outcome::Published)).count();
    let affiliates = written.affiliates + published;
    for outcome in outcomes {
        if let Outcome::Failed(inviter, error) = outcome {
            parking::park(app, inviter, pending, &error).await?;
        }
    }
    app.table.part_done(&pending.run, part.part, app.clock.now()).await?;
    Ok(Published { affiliates })
}

/// Queues a run behind the earlier run of a parked affiliate.
async fn queue(
    app: &App,
    inviter: &Uid,
    pending: &Pending,
    parked: &BTreeSet<Uid>,
) -> Result<ParkOutcome, StepError> {
    match parked.contains(inviter) {
        true => parking::queue(app, inviter, pending).await,
        false => Ok(ParkOutcome::NotBehind),
    }
}

/// The outcome of one affiliate's part of a run.
enum Outcome<'a> {
    Published,
    /// It waits behind an earlier run.
    Waits,
    /// It cannot be published.
    Failed(&'a Uid, StepError),
}

/// Returns the booked deltas of one run for one affiliate.
pub(crate) async fn booked_for(
    app: &App,
    inviter: &Uid,
    day: Day,
    seq: u64,
) -> Result<Work, StepError> {
    let mut found = Vec::new();
    for shard in Shard::all() {
        let chunks = app.table.booked_by(day, shard, seq).await?.into_iter().zip(0..);
        found.extend(chunks.map(|(work, chunk)| Found { shard: shard.number(), chunk, work }));
    }
    Ok(statements(found, Part { part: 0, of: 1 }).remove(inviter).unwrap_or_default())
}

/// Returns the deltas of the run by inviter, for the inviters of the part.
fn statements(found: Vec<Found>, part: Part) -> BTreeMap<Uid, Work> {
    let buckets = part.buckets();
    let mut statements: BTreeMap<Uid, Work> = BTreeMap::new();
    for Found { work, .. } in found {
        for line in work.lines.into_iter().filter(|l| buckets.contains(&bucket(&l.key.inviter))) {
            statements.entry(line.key.inviter.clone()).or_default().lines.push(line);
        }
        let touched = work.invitees.into_iter();
        for touched in touched.filter(|touched| buckets.contains(&bucket(&touched.inviter))) {
            statements.entry(touched.inviter.clone()).or_default().invitees.push(touched);
        }
    }
    for work in statements.values_mut() {
        work.lines.sort_by(|a, b| a.key.cmp(&b.key));
        work.invitees.sort();
    }
    statements
}

/// An invitee's activity before and after a run.
pub(crate) struct ActivityChange<'w> {
    touched: &'w TouchedInvitee,
    before: ReferralActivity,
    after: ReferralActivity,
}

/// The change of an invitee by a run.
pub(crate) struct InviteeChange<'w> {
    pub(crate) change: ActivityChange<'w>,
    /// The entry to write, unless it is written.
    pub(crate) entry: Option<Versioned<Referral>>,
}

/// Writes one affiliate's part of a run.
pub(crate) struct Publisher<'a> {
    pub(crate) app: &'a App,
    pub(crate) inviter: &'a Uid,
    pub(crate) day: Day,
    pub(crate) seq: u64,
    pub(crate) committed_at: Option<Timestamp>,
    pub(crate) deadline: Deadline,
    /// Whether this is the first waiting run of a parked affiliate.
    pub(crate) repairs: bool,
}

/// One affiliate's part of a run while it is written.
pub(crate) struct Draft<'w> {
    pub(crate) work: &'w Work,
    pub(crate) summary: Summary,
    /// The change of the number of invitees with trades.
    newly_active: i32,
    lines: BTreeMap<&'w Uid, Vec<&'w Line>>,
}

impl<'w> Draft<'w> {
    /// Counts an invitee.
    pub(crate) fn count(&mut self, day: Day, change: &ActivityChange<'_>) -> Result<(), Overflow> {
        let ActivityChange { touched, before, after } = change;
        let change = i32::from(after.has_traded()) - i32::from(before.has_traded());
        self.newly_active = self.newly_active.checked_add(change).ok_or(Overflow)?;
        summary::count_invitee(&mut self.summary, day, touched, before, after)
    }

    fn lines_of(&self, touched: &TouchedInvitee) -> &[&'w Line] {
        self.lines.get(&touched.invitee).map_or(&[], Vec::as_slice)
    }
}

impl Publisher<'_> {
    pub(crate) async fn publish(&self, work: &Work) -> Result<(), StepError> {
        let Self { day, seq, .. } = *self;
        let mut draft = self.draft(work)?;
        for touched in work.invitees.chunks(INVITEES_READ_AT_ONCE) {
            check_time(self.app, self.deadline)?;
            for change in self.publish_invitees(touched, &draft).await? {
                draft.count(day, &change).map_err(StepError::overflow(day))?;
            }
        }
        self.publish_totals(&draft).await?;
        let table = &self.app.table;
        Ok(table.publish_day(self.inviter, day, seq, draft.summary, &work.lines).await?)
    }

    /// Returns the affiliate's part of the run, without its invitees.
    pub(crate) fn draft<'w>(&self, work: &'w Work) -> Result<Draft<'w>, StepError> {
        let summary = summary::of_lines(&work.lines, self.committed_at);
        let summary = summary.map_err(StepError::overflow(self.day))?;
        let mut lines: BTreeMap<&Uid, Vec<&Line>> = BTreeMap::new();
        for line in &work.lines {
            lines.entry(&line.key.invitee).or_default().push(line);
        }
        Ok(Draft { work, summary, newly_active: 0, lines })
    }

    /// Publishes some invitees; returns the activity of each before and after the run.
    async fn publish_invitees<'w>(
        &self,
        touched: &'w [TouchedInvitee],
        draft: &Draft<'_>,
    ) -> Result<Vec<ActivityChange<'w>>, StepError> {
        let places: Vec<_> =
            touched.iter().map(|t| (self.inviter, t.bound_at, &t.invitee)).collect();
        let mut known = self.app.table.referrals_at(&places).await?;
        let mut done = Vec::new();
        let mut entries = Vec::new();
        for touched in touched {
            let InviteeChange { change, entry } =
                self.change(touched, draft, known.remove(&touched.invitee))?;
            match entry {
                Some(entry) => entries.push((change, entry)),
                None => done.push(change),
            }
        }
        let items: Vec<_> = entries.iter().map(|(_, entry)| (self.inviter, entry)).collect();
        let attempts = self.app.table.save_referrals(&items).await?;
        for ((change, _), attempt) in entries.into_iter().zip(attempts) {
            done.push(match attempt {
                Attempt::Done(()) => change,
                Attempt::Conflict => self.publish_invitee(change.touched, draft).await?,
            });
        }
        Ok(done)
    }

    /// Publishes an invitee; returns the invitee's activity before and after the run.
    async fn publish_invitee<'w>(
        &self,
        touched: &'w TouchedInvitee,
        draft: &Draft<'_>,
    ) -> Result<ActivityChange<'w>, StepError> {
        let exhausted = || StepError::Unfinished("an invitee kept changing".to_owned());
        let place = [(self.inviter, touched.bound_at, &touched.invitee)];
        retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
            let known = self.app.table.referrals_at(&place).await?.remove(&touched.invitee);
            let InviteeChange { change, entry } = self.change(touched, draft, known)?;
            let saved = match entry {
                None => Attempt::Done(()),
                Some(entry) => self.app.table.save_referral(self.inviter, &entry).await?,
            };
            Ok(saved.map(|()| change))
        })
        .await
    }

    /// Returns an invitee's activity before and after the run, by the known entry.
    pub(crate) fn change<'w>(
        &self,
        touched: &'w TouchedInvitee,
        draft: &Draft<'_>,
        known: Option<Versioned<Referral>>,
    ) -> Result<InviteeChange<'w>, StepError> {
        let Self { day, seq, .. } = *self;
        let before = known.as_ref().and_then(|r| r.value.activity.before(seq)).cloned();
        let before = before.unwrap_or_default();
        let after = summary::activity_after(&before, day, touched, draft.lines_of(touched))
            .map_err(StepError::overflow(day))?;
        let is_written = known.as_ref().is_some_and(|r| r.value.activity.is_applied(seq));
        let shared = summary::shared_usd(draft.lines_of(touched));
        let next = |shared| self.next_referral(touched, known, after.clone(), shared);
        let entry = (!is_written).then(|| shared.and_then(next)).transpose();
        let entry = entry.map_err(StepError::overflow(day))?;
        Ok(InviteeChange { change: ActivityChange { touched, before, after }, entry })
    }

    fn next_referral(
        &self,
        touched: &TouchedInvitee,
        known: Option<Versioned<Referral>>,
        activity: ReferralActivity,
        shared_usd: Amount,
    ) -> Result<Versioned<Referral>, Overflow> {
        let Self { day, seq, .. } = *self;
        match known {
            Some(Versioned { value, revision }) => {
                let value = value.next(seq, activity, (day, shared_usd))?;
                Ok(Versioned { value, revision })
            }
            None => Ok(Versioned::new(Referral {
                uid: touched.invitee.clone(),
                code: touched.code.clone(),
                origin: touched.origin,
                bound_at: touched.bound_at,
                activity: TwoVersionCell::new(seq, activity),
                shared_by_day: SharedByDay::default().next(seq, day, shared_usd)?,
            })),
        }
    }

    async fn publish_totals(&self, draft: &Draft<'_>) -> Result<(), StepError> {
        let exhausted = || StepError::Unfinished("an affiliate's totals kept changing".to_owned());
        retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
            let known = self.app.table.totals(self.inviter).await?;
            match self.next_totals(known, draft)? {
                None => Ok(Attempt::Done(())),
                Some(next) => Ok(self.app.table.save_totals(self.inviter, &next).await?),
            }
        })
        .await
    }

    /// Returns the totals after the run; `None` if they are written.
    ///
    /// # Errors
    /// [`StepError::Unfinished`] if the affiliate is parked.
    pub(crate) fn next_totals(
        &self,
        known: Versioned<StoredTotals>,
        draft: &Draft<'_>,
    ) -> Result<Option<Versioned<StoredTotals>>, StepError> {
        let Self { day, seq, .. } = *self;
        let StoredTotals { slots, parked } = known.value;
        if parked.is_some_and(|mark| mark.from < seq || !self.repairs) {
            return Err(StepError::Unfinished("an affiliate was parked meanwhile".to_owned()));
        }
        if slots.as_ref().is_some_and(|slots| slots.is_applied(seq)) {
            return Ok(None);
        }
        let before = slots.as_ref().and_then(|slots| slots.before(seq)).cloned();
        let before = before.unwrap_or_default();
        let after = summary::totals_after(before, &draft.summary, draft.newly_active)
            .map_err(StepError::overflow(day))?;
        let slots = match slots {
            Some(slots) => slots.next(seq, after),
            None => TwoVersionCell::new(seq, after),
        };
        let value = StoredTotals { slots: Some(slots), parked };
        Ok(Some(Versioned { value, revision: known.revision }))
    }
}
