//! The reversal of the booked lines under void bindings. It covers only the days with such lines,
//! and reads none of their fees.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use commission::{Conservation, Fold, Lines, prove_lines};
use lambda::App;
use serde::{Deserialize, Serialize};
use storage::{
    Account, ExcludedCounts, Shard, ShardState, TableError, VoidedBinding, bounded_concurrency,
};
use types::{Day, Uid};

use crate::fold::{ShardFound, Sources};
use crate::plan::{Cursor, DayPlan, run_name};
use crate::{StepError, parking, telemetry};

/// The mode of a run that does not book the whole accrual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Reverses the booked lines under void bindings, and nothing else.
    Reversal,
}

/// Shards of days that are read concurrently.
const SHARDS_AT_ONCE: usize = 8;
/// The minimum lifetime of a marker, in days. A fold that read the account before it was void may
/// be committed later, by an execution that is retried; the marker outlives it.
const KEPT_DAYS: i64 = 2;

/// Plans the reversals that `cursor` leaves, of days before the night's whole days and in their
/// order. Excludes the shards in `folded`, whose fold reverses the lines. Removes the markers of
/// bindings without booked lines. Keeps the markers whose records cannot be read.
pub(crate) async fn plan(
    app: &App,
    cursor: Cursor,
    folded: &BTreeMap<Day, BTreeSet<u8>>,
) -> Result<Vec<DayPlan>, StepError> {
    let markers = app.table.voided_bindings().await?;
    let looked = look(app, &markers.known, cursor.before).await?;
    let mut days: BTreeMap<Day, BTreeSet<u8>> = BTreeMap::new();
    for (day, shard) in looked.booked {
        let anew = folded.get(&day).is_some_and(|shards| shards.contains(&shard.number()));
        if !anew && cursor.reversed.is_none_or(|reversed| reversed < day) {
            days.entry(day).or_default().insert(shard.number());
        }
    }
    telemetry::unreadable_plan(app, markers.unreadable.saturating_add(looked.unreadable));
    let now = app.clock.now();
    for marker in markers.known.iter().filter(|marker| !looked.open.contains(&marker.invitee)) {
        if marker.voided_at.plus_days(KEPT_DAYS) <= now {
            app.table.clear_voided(marker).await?;
        }
    }
    let plan = |(day, shards): (Day, BTreeSet<u8>)| {
        let (run, shards) = (run_name(app, day)?, shards.into_iter().collect());
        Ok(DayPlan { day, run, shards, mode: Some(Mode::Reversal) })
    };
    days.into_iter().map(plan).collect()
}

/// The days and shards with booked lines under void bindings.
#[derive(Default)]
struct Looked {
    booked: BTreeSet<(Day, Shard)>,
    /// Invitees with booked lines, or whose records cannot all be read.
    open: BTreeSet<Uid>,
    /// The number of records that cannot be read.
    unreadable: usize,
}

/// Finds the booked lines under void bindings on days before `first`. Reads only the days on which
/// the inviter has lines of the invitee's link. Cost: 1 query per marker, and 1 per day and shard.
async fn look(app: &App, markers: &[VoidedBinding], first: Day) -> Result<Looked, StepError> {
    let head = app.table.head().await?.value;
    let parked = parking::affiliates(app, head.parked).await?;
    let read = markers
        .iter()
        .map(async |marker| readable(days_of(app, marker, first, head.visible).await));
    let mut looked = Looked::default();
    let mut places: BTreeMap<(Day, Shard), BTreeSet<Uid>> = BTreeMap::new();
    for (marker, days) in markers.iter().zip(bounded_concurrency(SHARDS_AT_ONCE, read).await?) {
        let Some(days) = days else {
            looked.skip([marker.invitee.clone()]);
            continue;
        };
        // A waiting run of the inviter may hold lines, and has no summary.
        if parked.contains(&marker.inviter) {
            looked.open.insert(marker.invitee.clone());
        }
        for day in days {
            let invitees = places.entry((day, Shard::of(&marker.invitee))).or_default();
            invitees.insert(marker.invitee.clone());
        }
    }
    let read = places.into_iter().map(async |((day, shard), invitees)| {
        let booked = readable(app.table.booked(day, shard).await)?;
        Ok::<_, StepError>((day, shard, invitees, booked))
    });
    for (day, shard, invitees, booked) in bounded_concurrency(SHARDS_AT_ONCE, read).await? {
        let Some(booked) = booked else {
            looked.skip(invitees);
            continue;
        };
        let booked = Sources::of_booked(booked, &invitees).booked_lines(day)?;
        for (key, _) in booked.iter() {
            looked.booked.insert((day, shard));
            looked.open.insert(key.invitee.clone());
        }
    }
    Ok(looked)
}

impl Looked {
    fn skip(&mut self, invitees: impl IntoIterator<Item = Uid>) {
        self.open.extend(invitees);
        self.unreadable = self.unreadable.saturating_add(1);
    }
}

/// Returns the value; `None` if it cannot be read at any retry.
pub(crate) fn readable<T>(read: Result<T, TableError>) -> Result<Option<T>, StepError> {
    match read {
        Err(error) if error.is_unreadable() => Ok(None),
        read => Ok(Some(read?)),
    }
}

/// Returns the days since a binding on which its inviter has lines of its link.
async fn days_of(
    app: &App,
    marker: &VoidedBinding,
    first: Day,
    visible: u64,
) -> Result<BTreeSet<Day>, TableError> {
    let (from, to) = (marker.bound_at.day(), first.previous());
    if from > to {
        return Ok(BTreeSet::new());
    }
    let summaries = app.table.summaries(&marker.inviter, from, to, visible).await?;
    let of_link = summaries.iter().filter(|run| run.summary.links.contains_key(&marker.code));
    Ok(of_link.map(|run| run.day).collect())
}

/// Computes the reversal of a shard of a day: takes back the booked lines under void bindings.
pub(crate) async fn work_out(
    app: &App,
    day: Day,
    shard: Shard,
    state: &ShardState,
) -> Result<ShardFound, StepError> {
    let markers = app.table.voided_bindings().await?;
    let marked = markers.known.into_iter().map(|marker| marker.invitee);
    let marked: BTreeSet<Uid> = marked.filter(|uid| Shard::of(uid) == shard).collect();
    let stored = app.table.readable_accounts(&marked).await?;
    telemetry::unreadable(app, day, shard, &stored.unreadable, &[]);
    let is_void = |account: &Account| {
        account.relation.as_ref().is_some_and(|relation| relation.voided_at.is_some())
    };
    let void = stored.known.into_iter().filter(|(_, account)| is_void(&account.value));
    let accounts: HashMap<Uid, _> = void.collect();
    let voided: BTreeMap<Uid, u64> = accounts.keys().map(|uid| (uid.clone(), 0)).collect();
    let mut sources = match state.day.value.runs.is_empty() {
        true => Sources::default(),
        false => {
            let booked = app.table.booked(day, shard).await?;
            Sources::of_booked(booked, &voided.keys().cloned().collect())
        }
    };
    sources.accounts = accounts;
    let fold = Fold { voided, ..Fold::default() };
    let booked = sources.booked_lines(day)?;
    let lines = Lines::of(&fold, &booked, false).map_err(StepError::overflow(day))?;
    prove_lines(&fold.due, &booked, &lines).map_err(StepError::refused(day))?;
    Ok(ShardFound {
        work: sources.work(lines, &fold),
        due: Conservation::default(),
        excluded: ExcludedCounts::default(),
        // The dirty marker concerns fees, and a reversal reads none.
        touched: None,
    })
}
