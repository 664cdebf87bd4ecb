//! The publishing for groups of affiliates: a call carries the items of many of them.
//!
//! Every write has the same condition as in [`Publisher::publish`], by which a repeated or late
//! publisher changes nothing. An affiliate with any obstacle is left: publishing it alone retries,
//! and confines its failure to it.

use std::collections::HashMap;

use lambda::App;
use storage::{Attempt, NewDay, Referral, StoredTotals, Versioned, Work, bounded_concurrency};
use types::{Timestamp, Uid};

use crate::publish::{AFFILIATES_AT_ONCE, Draft, Publisher};
use crate::{StepError, check_time};

/// The most invitees of a group of affiliates: their entries are read in two calls.
const INVITEES_PER_GROUP: usize = 200;
/// The most lines of a group of affiliates, since their items are all held in memory.
const LINES_PER_GROUP: usize = 20_000;
/// The most affiliates of a group: their totals are read in one call.
const AFFILIATES_PER_GROUP: usize = 100;

/// One affiliate's part of a run.
type Part<'w> = (&'w Uid, &'w Work);

/// The result of publishing groups.
pub(crate) struct PublishedGroups<'w> {
    /// The number of affiliates that are published.
    pub(crate) affiliates: usize,
    /// The parts to be published alone.
    pub(crate) left: Vec<Part<'w>>,
}

/// Publishes parts of a run in groups; returns those that are to be published alone: large ones,
/// and those that were changed meanwhile, cannot be read or are refused.
pub(crate) async fn publish<'w>(
    publisher: impl Fn(&'w Uid) -> Publisher<'w>,
    parts: Vec<Part<'w>>,
) -> Result<PublishedGroups<'w>, StepError> {
    let affiliates = parts.len();
    let (small, mut left): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_small);
    let groups = groups(small);
    let write = groups.iter().map(|group| publish_group(&publisher, group));
    for of_group in bounded_concurrency(AFFILIATES_AT_ONCE, write).await? {
        left.extend(of_group);
    }
    Ok(PublishedGroups { affiliates: affiliates - left.len(), left })
}

fn is_small((_, work): &Part<'_>) -> bool {
    work.invitees.len() <= INVITEES_PER_GROUP && work.lines.len() <= LINES_PER_GROUP
}

fn groups(parts: Vec<Part<'_>>) -> Vec<Vec<Part<'_>>> {
    let mut groups: Vec<Vec<Part<'_>>> = Vec::new();
    let (mut invitees, mut lines) = (0, 0);
    for part in parts {
        (invitees, lines) = (invitees + part.1.invitees.len(), lines + part.1.lines.len());
        let fits = invitees <= INVITEES_PER_GROUP && lines <= LINES_PER_GROUP;
        match groups.last_mut().filter(|group| fits && group.len() < AFFILIATES_PER_GROUP) {
            Some(group) => group.push(part),
            None => {
                (invitees, lines) = (part.1.invitees.len(), part.1.lines.len());
                groups.push(vec![part]);
            }
        }
    }
    groups
}

/// An affiliate of a group.
struct Member<'w> {
    part: Part<'w>,
    publisher: Publisher<'w>,
    draft: Draft<'w>,
    entries: Vec<Versioned<Referral>>,
    totals: Option<Versioned<StoredTotals>>,
}

/// Publishes a group; returns the parts that are to be published alone.
async fn publish_group<'w>(
    publisher: &impl Fn(&'w Uid) -> Publisher<'w>,
    group: &[Part<'w>],
) -> Result<Vec<Part<'w>>, StepError> {
    let Some(first) = group.first().map(|(inviter, _)| publisher(inviter)) else {
        return Ok(Vec::new());
    };
    check_time(first.app, first.deadline)?;
    let mut left = Vec::new();
    match write_group(publisher, &first, group, &mut left).await {
        // The failing item is of one affiliate: each is published alone.
        Err(error) if error.is_final() => Ok(group.to_vec()),
        written => written.map(|()| left),
    }
}

async fn write_group<'w>(
    publisher: &impl Fn(&'w Uid) -> Publisher<'w>,
    first: &Publisher<'w>,
    group: &[Part<'w>],
    left: &mut Vec<Part<'w>>,
) -> Result<(), StepError> {
    let (app, day, seq) = (first.app, first.day, first.seq);
    let mut members = Vec::new();
    let (mut referrals, mut totals) = read(app, group).await?;
    for (inviter, work) in group {
        let publisher = publisher(inviter);
        let mut draft = publisher.draft(work)?;
        let mut entries = Vec::new();
        for touched in &work.invitees {
            let known = referrals.remove(&touched.invitee);
            let changed = publisher.change(touched, &draft, known)?;
            draft.count(day, &changed.change).map_err(StepError::overflow(day))?;
            entries.extend(changed.entry);
        }
        let known = totals.remove(*inviter).unwrap_or_default();
        match publisher.next_totals(known, &draft) {
            Ok(totals) => {
                let part = (*inviter, *work);
                members.push(Member { part, publisher, draft, entries, totals });
            }
            Err(_parked_or_overflow) => left.push((*inviter, *work)),
        }
    }
    let members = write_entries(app, members, left).await?;
    let members = write_totals(app, members, left).await?;
    let days = members.into_iter().map(|member| NewDay {
        affiliate: member.publisher.inviter,
        summary: member.draft.summary,
        lines: &member.draft.work.lines,
    });
    Ok(app.table.publish_days(day, seq, days.collect()).await?)
}

/// What a group's affiliates have in the table.
type Found = (HashMap<Uid, Versioned<Referral>>, HashMap<Uid, Versioned<StoredTotals>>);

async fn read(app: &App, group: &[Part<'_>]) -> Result<Found, StepError> {
    let places: Vec<(&Uid, Timestamp, &Uid)> = group
        .iter()
        .flat_map(|(inviter, work)| {
            work.invitees.iter().map(|touched| (*inviter, touched.bound_at, &touched.invitee))
        })
        .collect();
    let referrals = app.table.referrals_at(&places).await?;
    let totals = app.table.totals_of(group.iter().map(|(inviter, _)| *inviter)).await?;
    Ok((referrals, totals))
}

/// Writes the entries of the members; returns the members without conflict.
async fn write_entries<'w>(
    app: &App,
    members: Vec<Member<'w>>,
    left: &mut Vec<Part<'w>>,
) -> Result<Vec<Member<'w>>, StepError> {
    let entries: Vec<_> = members
        .iter()
        .flat_map(|of| of.entries.iter().map(|entry| (of.publisher.inviter, entry)))
        .collect();
    let mut all_done = all_done(app.table.save_referrals(&entries).await?);
    Ok(keep(members, |member| all_done(member.entries.len()), left))
}

/// Returns a function that takes the next so many attempts, and returns whether all are done.
fn all_done(attempts: Vec<Attempt>) -> impl FnMut(usize) -> bool {
    let mut attempts = attempts.into_iter();
    move |count| {
        // All of them are consumed, also after a conflict, since those of the next member follow.
        let next: Vec<Attempt> = attempts.by_ref().take(count).collect();
        next.iter().all(Attempt::is_done)
    }
}

/// Writes the totals of the members; returns the members without conflict.
async fn write_totals<'w>(
    app: &App,
    members: Vec<Member<'w>>,
    left: &mut Vec<Part<'w>>,
) -> Result<Vec<Member<'w>>, StepError> {
    let totals: Vec<_> = members
        .iter()
        .filter_map(|of| of.totals.as_ref().map(|totals| (of.publisher.inviter, totals)))
        .collect();
    let mut attempts = app.table.save_totals_of(&totals).await?.into_iter();
    let is_done = |member: &Member<'_>| {
        member.totals.is_none() || attempts.next().is_some_and(|attempt: Attempt| attempt.is_done())
    };
    Ok(keep(members, is_done, left))
}

/// Returns the members of which all writes are made; the others are left.
fn keep<'w>(
    members: Vec<Member<'w>>,
    mut is_done: impl FnMut(&Member<'w>) -> bool,
    left: &mut Vec<Part<'w>>,
) -> Vec<Member<'w>> {
    let mut kept = Vec::new();
    for member in members {
        match is_done(&member) {
            true => kept.push(member),
            false => left.push(member.part),
        }
    }
    kept
}

#[cfg(test)]
pub(crate) mod tests {
    use commission::{Cause, Line, LineKey, Outcome, Sums};
    use types::{LinkCode, Origin, Product, Reason};

    use super::*;

    fn work(invitees: usize) -> Work {
        let code: LinkCode = "ABCD2345".parse().unwrap();
        let touched = |number: usize| storage::TouchedInvitee {
            inviter: "inviter".parse().unwrap(),
            invitee: format!("invitee-{number}").parse().unwrap(),
            code: code.clone(),
            origin: Origin::Recall,
            bound_at: Timestamp::EPOCH,
            voided_at: None,
            newly_bound: true,
            newly_active: false,
            newly_inactive: false,
            trades: None,
        };
        Work { lines: Vec::new(), invitees: (0..invitees).map(touched).collect() }
    }

    fn sizes(invitees: &[usize]) -> Vec<Vec<usize>> {
        let uid: Uid = "affiliate".parse().unwrap();
        let works: Vec<Work> = invitees.iter().map(|count| work(*count)).collect();
        let parts: Vec<Part<'_>> = works.iter().map(|work| (&uid, work)).collect();
        let size = |(_, work): &Part<'_>| work.invitees.len();
        groups(parts).iter().map(|group| group.iter().map(size).collect()).collect()
    }

    #[test]
    fn group_ends_at_its_invitees() {
        assert_eq!(sizes(&[]), [[0; 0]; 0]);
        assert_eq!(sizes(&[150, 50, 1, 199, 1]), [vec![150, 50], vec![1, 199], vec![1]]);
        assert_eq!(sizes(&[1; 250]).iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
    }

    #[test]
    fn member_with_a_conflict_is_left() {
        let (done, conflict) = (Attempt::Done(()), Attempt::Conflict);
        let attempts = vec![done, conflict, done, done, conflict, done, done];
        let mut all_done = all_done(attempts);
        assert_eq!([2, 0, 2, 2, 1].map(&mut all_done), [false, true, true, false, true]);
    }

    #[test]
    fn large_part_is_published_alone() {
        let uid: Uid = "affiliate".parse().unwrap();
        assert!(is_small(&(&uid, &work(INVITEES_PER_GROUP))));
        assert!(!is_small(&(&uid, &work(INVITEES_PER_GROUP + 1))));
    }

    pub(crate) fn line() -> Line {
        Line {
            key: LineKey {
                inviter: "affiliate".parse().unwrap(),
                invitee: "invitee".parse().unwrap(),
                product: Product::Spot,
                asset: "BTC".parse().unwrap(),
                outcome: Outcome::Zero { reason: Reason::ALL[0] },
            },
            code: "ABCD2345".parse().unwrap(),
            origin: Origin::Recall,
            sums: Sums::default(),
            cause: Cause::Booked,
            why: Vec::new(),
        }
    }

    #[test]
    fn group_ends_at_its_lines() {
        let uid: Uid = "affiliate".parse().unwrap();
        let third = Work { lines: vec![line(); LINES_PER_GROUP / 3], invitees: Vec::new() };
        let groups = groups(vec![(&uid, &third); 7]);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    }
}
