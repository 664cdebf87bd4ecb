//! The publishing: writes a committed run to the affiliate view, under its number, which is not
//! visible yet.

use std::collections::{BTreeMap, BTreeSet};

use commission::{Line, Overflow};
use lambda::{App, Deadline};
use serde::{Deserialize, Serialize};
use storage::{
    Attempt, Found, MAX_ATTEMPTS, ParkOutcome, Pending, Referral, ReferralActivity, Shard,
    StoredTotals, Summary, TouchedInvitee, TwoVersionCell, Versioned, Work, bounded_concurrency,
    bucket, retry_on_conflict,
};
use types::{Day, Timestamp, Uid};

use crate::committed::Part;
use crate::lost_work::{self, RunWork};
use crate::parking;
use crate::summary;
use crate::{StepError, check_time};

/// Invitees whose items are read in one call.
const INVITEES_READ_AT_ONCE: usize = 100;
/// Invitees of one affiliate that are written concurrently. They share a partition, which accepts a
/// thousand writes a second: at 5 ms a write this is just below.
const INVITEES_AT_ONCE: usize = 4;
/// Affiliates that are written concurrently: each has a separate partition.
const AFFILIATES_AT_ONCE: usize = 8;

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
    let publish_one = async |inviter, work| {
        if queue(app, inviter, pending, &waiting).await? == ParkOutcome::Parked {
            return Ok(Outcome::Waits);
        }
        let publisher =
            Publisher { app, inviter, day, seq, deadline, committed_at, repairs: false };
        match publisher.publish(work).await {
            Err(error) if error.is_final() => Ok(Outcome::Failed(inviter, error)),
            done => done.map(|()| Outcome::Published),
        }
    };
    let readable = statements.iter().filter(|(inviter, _)| !lost.contains_key(*inviter));
    let work = readable.map(|(inviter, work)| publish_one(inviter, work));
    let outcomes = bounded_concurrency(AFFILIATES_AT_ONCE, work).await?;
    let affiliates = outcomes.iter().filter(|it| matches!(it, Outcome::Published)).count();
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
struct ActivityChange<'w> {
    touched: &'w TouchedInvitee,
    before: ReferralActivity,
    after: ReferralActivity,
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

impl Publisher<'_> {
    pub(crate) async fn publish(&self, work: &Work) -> Result<(), StepError> {
        let Self { day, seq, committed_at, .. } = *self;
        let overflow = StepError::overflow(day);
        let mut summary = summary::of_lines(&work.lines, committed_at).map_err(&overflow)?;
        let mut by_invitee: BTreeMap<&Uid, Vec<&Line>> = BTreeMap::new();
        for line in &work.lines {
            by_invitee.entry(&line.key.invitee).or_default().push(line);
        }
        let mut newly_active: i32 = 0;
        for touched in work.invitees.chunks(INVITEES_READ_AT_ONCE) {
            check_time(self.app, self.deadline)?;
            for change in self.publish_invitees(touched, &by_invitee).await? {
                let ActivityChange { touched, before, after } = change;
                let change = i32::from(after.has_traded()) - i32::from(before.has_traded());
                newly_active =
                    newly_active.checked_add(change).ok_or(Overflow).map_err(&overflow)?;
                summary::count_invitee(&mut summary, day, touched, &before, &after)
                    .map_err(&overflow)?;
            }
        }
        self.publish_totals(&summary, newly_active).await?;
        let table = &self.app.table;
        Ok(table.publish_day(self.inviter, day, seq, summary, &work.lines).await?)
    }

    /// Publishes some invitees; returns the activity of each before and after the run.
    async fn publish_invitees<'w>(
        &self,
        touched: &'w [TouchedInvitee],
        lines: &BTreeMap<&Uid, Vec<&Line>>,
    ) -> Result<Vec<ActivityChange<'w>>, StepError> {
        let places: Vec<_> =
            touched.iter().map(|t| (self.inviter, t.bound_at, &t.invitee)).collect();
        let mut known = self.app.table.referrals_at(&places).await?;
        let publish_one = async |touched: &'w TouchedInvitee, known| {
            let lines = lines.get(&touched.invitee).map_or(&[][..], Vec::as_slice);
            self.publish_invitee(touched, lines, known).await
        };
        let work =
            touched.iter().map(|touched| publish_one(touched, known.remove(&touched.invitee)));
        bounded_concurrency(INVITEES_AT_ONCE, work).await
    }

    /// Publishes an invitee; returns the invitee's activity before and after the run.
    async fn publish_invitee<'w>(
        &self,
        touched: &'w TouchedInvitee,
        lines: &[&Line],
        known: Option<Versioned<Referral>>,
    ) -> Result<ActivityChange<'w>, StepError> {
        let Self { day, seq, .. } = *self;
        let exhausted = || StepError::Unfinished("an invitee kept changing".to_owned());
        let place = [(self.inviter, touched.bound_at, &touched.invitee)];
        let mut read_before = Some(known);
        retry_on_conflict(MAX_ATTEMPTS, exhausted, || {
            let (read_before, place) = (read_before.take(), &place);
            async move {
                let known = match read_before {
                    Some(known) => known,
                    None => self.app.table.referrals_at(place).await?.remove(&touched.invitee),
                };
                let before = known.as_ref().and_then(|r| r.value.activity.before(seq)).cloned();
                let before = before.unwrap_or_default();
                let after = summary::activity_after(&before, day, touched, lines)
                    .map_err(StepError::overflow(day))?;
                let seen = known.as_ref().is_some_and(|r| r.value.activity.is_applied(seq));
                let next = self.next_referral(touched, known, after.clone());
                let saved = match seen {
                    true => Attempt::Done(()),
                    false => self.app.table.save_referral(self.inviter, &next).await?,
                };
                Ok(saved.map(|()| ActivityChange { touched, before, after }))
            }
        })
        .await
    }

    fn next_referral(
        &self,
        touched: &TouchedInvitee,
        known: Option<Versioned<Referral>>,
        activity: ReferralActivity,
    ) -> Versioned<Referral> {
        match known {
            Some(Versioned { value, revision }) => {
                let activity = value.activity.next(self.seq, activity);
                Versioned { value: Referral { activity, ..value }, revision }
            }
            None => Versioned::new(Referral {
                uid: touched.invitee.clone(),
                code: touched.code.clone(),
                origin: touched.origin,
                bound_at: touched.bound_at,
                activity: TwoVersionCell::new(self.seq, activity),
            }),
        }
    }

    async fn publish_totals(&self, summary: &Summary, newly_active: i32) -> Result<(), StepError> {
        let Self { day, seq, .. } = *self;
        let after = |before| {
            let after = summary::totals_after(before, summary, newly_active);
            after.map_err(StepError::overflow(day))
        };
        let exhausted = || StepError::Unfinished("an affiliate's totals kept changing".to_owned());
        retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
            let known = self.app.table.totals(self.inviter).await?;
            let StoredTotals { slots, parked } = known.value;
            if parked.is_some_and(|mark| mark.from < seq || !self.repairs) {
                return Err(StepError::Unfinished("an affiliate was parked meanwhile".to_owned()));
            }
            if slots.as_ref().is_some_and(|slots| slots.is_applied(seq)) {
                return Ok(Attempt::Done(()));
            }
            let before = slots.as_ref().and_then(|slots| slots.before(seq)).cloned();
            let after = after(before.unwrap_or_default())?;
            let slots = match slots {
                Some(slots) => slots.next(seq, after),
                None => TwoVersionCell::new(seq, after),
            };
            let value = StoredTotals { slots: Some(slots), parked };
            let next = Versioned { value, revision: known.revision };
            Ok(self.app.table.save_totals(self.inviter, &next).await?)
        })
        .await
    }
}
