//! Maps writes of the table to events. Pure.

use std::collections::BTreeMap;

use commission::{Amount, Asset, Assets, Overflow, Relation, TierInForce};
use policy::Programme;
use storage::{AccountChange, Booked, Change, RunId};
use types::{Timestamp, Uid};

use crate::event::{AssetAmount, Created, Event, EventData, Settled, TierChanged, Voided};

/// Returns the events of a write of the table. `at` is the time of the write.
///
/// # Errors
/// [`Overflow`] if a sum does not fit.
pub fn events(
    change: &Change,
    at: Timestamp,
    programme: &Programme,
) -> Result<Vec<Event>, Overflow> {
    Ok(match change {
        Change::Bound(relation) => vec![created(relation, at)],
        Change::Account(change) => {
            voided(change, at).into_iter().chain(tiers(change, at)).collect()
        }
        Change::Booked(booked) => settled(booked, at, programme)?.into_iter().collect(),
    })
}

/// Returns the event of a binding. An invitee is bound once and for life, and therefore identifies
/// the event.
fn created(relation: &Relation, at: Timestamp) -> Event {
    let data = Created {
        inviter: relation.inviter.clone(),
        invitee: relation.invitee.clone(),
        code: relation.code.clone(),
        origin: relation.origin,
        bound_at: relation.bound_at,
        shared_commission: relation.shared,
    };
    Event::new(EventData::Created(data), relation.invitee.as_str(), at)
}

/// Returns the event of a void binding. A binding is found void once, and stays void.
fn voided(change: &AccountChange, at: Timestamp) -> Option<Event> {
    let voided_at = |relation: &Option<Relation>| relation.as_ref().and_then(|r| r.voided_at);
    if voided_at(&change.before.relation).is_some() {
        return None;
    }
    let voided_at = voided_at(&change.after.relation)?;
    let relation = change.after.relation.as_ref()?;
    let data = Voided {
        inviter: relation.inviter.clone(),
        invitee: relation.invitee.clone(),
        code: relation.code.clone(),
        origin: relation.origin,
        bound_at: relation.bound_at,
        voided_at,
    };
    Some(Event::new(EventData::Voided(data), relation.invitee.as_str(), at))
}

/// Returns the events of changed tiers. An evaluation without a change publishes nothing. A
/// repeated evaluation may change a tier back, so the write is part of the identity.
fn tiers(change: &AccountChange, at: Timestamp) -> impl Iterator<Item = Event> {
    let uid = &change.after.facts.uid;
    let held = |from| change.before.tiers.at(from).copied().unwrap_or_default();
    let entries = change.after.tiers.iter().map(move |(from, after)| (from, held(from), *after));
    entries.filter(|(_, before, after)| before != after).map(move |(from, before, after)| {
        let of = format!("{uid} {from} {}", change.revision);
        Event::new(EventData::TierChanged(tier_changed(uid, from, before, after)), &of, at)
    })
}

fn tier_changed(
    uid: &Uid,
    from: Timestamp,
    before: TierInForce,
    after: TierInForce,
) -> TierChanged {
    TierChanged { uid: uid.clone(), from, before, after }
}

/// Returns the event of a run; `None` if it booked neither commission nor shared commission.
fn settled(
    booked: &Booked,
    at: Timestamp,
    programme: &Programme,
) -> Result<Option<Event>, Overflow> {
    let amounts = amounts(booked, &programme.commission.assets)?;
    let run_id = RunId { day: booked.day, seq: booked.seq };
    let Booked { affiliate, day, part, summary, .. } = booked;
    // The first part has the id of a run without parts.
    let of = match part {
        0 => format!("{affiliate} {run_id}"),
        part => format!("{affiliate} {run_id} {part}"),
    };
    let start = summary.settlement_start(*day);
    let payable_from = start.plus_days(programme.settle_after_days.into());
    let due = !amounts.is_empty();
    let is_split = summary.further_parts > 0;
    let data = Settled {
        uid: affiliate.clone(),
        day: *day,
        run_id,
        payable_from,
        part: is_split.then(|| u32::from(*part) + 1),
        parts: is_split.then(|| u32::from(summary.further_parts) + 1),
        amounts,
    };
    Ok(due.then(|| Event::new(EventData::Settled(data), &of, at)))
}

fn amounts(booked: &Booked, assets: &Assets) -> Result<Vec<AssetAmount>, Overflow> {
    let mut sums: BTreeMap<Asset, (Amount, Amount)> = BTreeMap::new();
    for ((_, asset, _), money) in &booked.summary.cells {
        let (commission, shared) = sums.entry(*asset).or_default();
        *commission = commission.plus(money.in_asset.commission)?;
        *shared = shared.plus(money.in_asset.shared)?;
    }
    sums.retain(|_, sums| *sums != Default::default());
    let in_text = |(asset, (commission, shared)): (Asset, (Amount, Amount))| {
        let decimals = assets.decimals(asset);
        AssetAmount {
            asset,
            commission: commission.display(decimals).to_string(),
            shared: shared.display(decimals).to_string(),
            takes_back: commission < Amount::ZERO,
        }
    };
    Ok(sums.into_iter().map(in_text).collect())
}
