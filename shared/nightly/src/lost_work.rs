//! Shard deltas of a committed run that cannot be read when it is published. The affiliates that
//! they may concern are parked, all others read the run, and later nights continue.
//!
//! The lines were committed, so their shard must not be booked again as if they were not. A
//! placeholder in the booked deltas defers the shard until an operator restores the chunk, or
//! withdraws the run for a parked affiliate, which gives the chunk up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use lambda::App;
use storage::{Found, Pending, Shard, ShardReport, StoredWork, UnreadableWork, WorkPlace, bucket};
use types::{Day, Uid};

use crate::committed::Part;
use crate::{StepError, telemetry};

/// The deltas of a run that a publishing worker reads.
pub(crate) struct RunWork {
    /// The readable chunks.
    pub(crate) found: Vec<Found>,
    /// The affiliates that the lost chunks may concern, with the reason.
    pub(crate) lost: BTreeMap<Uid, StepError>,
}

/// Reads the shard deltas of a run for one part of its publishing.
pub(crate) async fn read(app: &App, pending: &Pending, part: Part) -> Result<RunWork, StepError> {
    let table = &app.table;
    let reports = table.readable_shard_reports(&pending.run).await?;
    let wanted = |report: &ShardReport| match part.copies(report.shard) {
        true => 0..=u16::MAX,
        false => part.buckets(),
    };
    let stored = table.readable_work(&pending.run, &reports.reports, wanted).await?;
    let StoredWork { mut found, mut unreadable } = stored;
    // Without its report a shard may concern any affiliate.
    unreadable.extend(reports.unreadable.into_iter().map(|(shard, error)| {
        let place = WorkPlace { shard, chunk: 0, buckets: 0..=u16::MAX };
        UnreadableWork { place, error }
    }));
    let mut lost = BTreeMap::new();
    for UnreadableWork { place, error } in unreadable {
        let (day, seq) = (pending.day, pending.seq);
        if let Some(work) = table.booked_copy(day, seq, &place).await? {
            found.push(Found { shard: place.shard.number(), chunk: place.chunk, work });
            continue;
        }
        telemetry::work_lost(app, day, seq, place.shard, &error);
        let error = Arc::new(error);
        let buckets = match part.copies(place.shard.number()) {
            true => {
                table.hold_place(day, seq, &place).await?;
                place.buckets
            }
            false => {
                let (chunk, of_part) = (place.buckets, part.buckets());
                *chunk.start().max(of_part.start())..=*chunk.end().min(of_part.end())
            }
        };
        for affiliate in affiliates(app, day, place.shard, &buckets).await? {
            lost.insert(affiliate, StepError::Corrupt(error.clone()));
        }
    }
    found.sort_by_key(|found| (found.shard, found.chunk));
    Ok(RunWork { found, lost })
}

/// Returns the affiliates of some buckets that may have lines in a day's shard: the inviters of all
/// invitees with fees, bindings or booked lines in it. The lost lines belong to some of them.
async fn affiliates(
    app: &App,
    day: Day,
    shard: Shard,
    buckets: &RangeInclusive<u16>,
) -> Result<BTreeSet<Uid>, StepError> {
    let table = &app.table;
    let mut invitees: BTreeSet<Uid> = BTreeSet::new();
    let stored = table.readable_fees(day, shard, &BTreeSet::new()).await?;
    invitees.extend(stored.batch.fees.invitees().cloned());
    let bound = table.new_bindings(day, shard).await?;
    invitees.extend(bound.into_iter().map(|relation| relation.invitee));
    // The placeholder of this run does not decode, and other chunks may not either. The readable
    // chunks add invitees that no longer have fees.
    for work in table.readable_booked(day, shard).await? {
        invitees.extend(work.lines.into_iter().map(|line| line.key.invitee));
    }
    let accounts = table.readable_accounts(&invitees).await?;
    let inviters = accounts.known.into_values().filter_map(|account| account.value.relation);
    let inviters = inviters.map(|relation| relation.inviter);
    Ok(inviters.filter(|inviter| buckets.contains(&bucket(inviter))).collect())
}

/// Gives up the lost chunks of a run, if it has any, so that the next night books their lines
/// again. Keeps them if an affiliate that is parked with the run had published it before: the
/// publishing worker could still read the chunks, and their lines would be booked twice.
///
/// # Errors
/// If the table fails.
pub(crate) async fn give_up(app: &App, day: Day, seq: u64) -> Result<(), StepError> {
    for run in app.table.parked().await?.iter().filter(|run| run.seq == seq) {
        let published = app.table.summaries(&run.uid, day, day, seq).await?;
        if published.iter().any(|summary| summary.seq == seq) {
            return Ok(());
        }
    }
    for shard in Shard::all() {
        if app.table.give_up_places(day, shard, seq).await? {
            app.table.touch(day, shard, &format!("given-up-{seq}")).await?;
        }
    }
    Ok(())
}
