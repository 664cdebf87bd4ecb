//! `operator archive` and `operator restore`: the fees of days leave the table, and return.

mod place;

pub use place::{ArchivePlace, OpenArchive, S3Archive};

use archive::Store;
use archiving::{Archived, ArchivedFees, Mode, archive_day, restore_day};
use lambda::App;
use nightly::{ArchiveFailure, ArchivedBatch, FeeArchive, NoArchive};
use storage::{ArchivedDay, SHARDS, Shard};
use types::Day;

use crate::format::count;
use crate::{AwsOptions, Console, Days, Failure, Outcome};

const BAR: &str = "  {bar:40} {pos}/{len} shards, {msg}";

/// The archive that a command reads, if it names one.
pub(crate) struct OperatorArchive<'a> {
    app: &'a App,
    store: Option<OpenArchive>,
}

impl<'a> OperatorArchive<'a> {
    pub(crate) async fn open(app: &'a App, place: Option<ArchivePlace>, aws: &AwsOptions) -> Self {
        let store = match place {
            Some(place) => Some(OpenArchive::open(place, aws).await),
            None => None,
        };
        Self { app, store }
    }
}

impl FeeArchive for OperatorArchive<'_> {
    async fn fees(
        &self,
        day: Day,
        shard: Shard,
        archived: &ArchivedDay,
    ) -> Result<ArchivedBatch, ArchiveFailure> {
        let assets = &self.app.programme.commission.assets;
        match &self.store {
            Some(store) => ArchivedFees::new(store, assets).fees(day, shard, archived).await,
            None => NoArchive.fees(day, shard, archived).await,
        }
    }
}

/// Archives each of the days, and with `delete` removes their fees from the table.
pub(crate) async fn archive(
    app: &App,
    target: &str,
    days: Days,
    to: &impl Store,
    delete: bool,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    if delete {
        console.ask(target, format_args!("removes the archived fees of {days}."))?;
    }
    let mode = if delete { Mode::Move } else { Mode::Copy };
    // Each shard is written and verified, and with `delete` removed.
    let passes = if delete { 3 } else { 2 };
    let bar = console.bar(days.count() * u64::from(SHARDS) * passes, BAR);
    for day in days.iter() {
        bar.set_message(day.to_string());
        let archived = archive_day(app, to, day, mode, || bar.inc(1)).await;
        if archived.is_err() {
            bar.finish_and_clear();
        }
        let archived = archived?;
        bar.suspend(|| report(&archived, mode).iter().for_each(|line| console.say(line)));
    }
    bar.finish_and_clear();
    Ok(Outcome::Clean)
}

fn report(archived: &Archived, mode: Mode) -> Vec<String> {
    let Archived { day, records, bytes, totals, deleted } = archived;
    let kinds: Vec<_> = records.iter().map(|(kind, rows)| format!("{rows} {kind}")).collect();
    let kinds = kinds.join(", ");
    let mut text = vec![format!("{day}  archived and read back: {kinds}; {bytes} bytes")];
    text.extend(totals.iter().map(|(asset, totals)| {
        let (fees, commission, shared) = (&totals.fees, &totals.commission, &totals.shared);
        format!("  {asset}: fees {fees}, commission {commission}, shared {shared}, as booked")
    }));
    if mode == Mode::Move {
        let chunks = count(*deleted, "chunk");
        text.push(format!("  {chunks} of fees are in the archive only"));
    }
    text
}

/// Returns the fees of an archived day to the table.
pub(crate) async fn restore(
    app: &App,
    target: &str,
    day: Day,
    from: &impl Store,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    console.ask(target, format_args!("writes the archived fees of {day} back."))?;
    let bar = console.bar(u64::from(SHARDS), BAR);
    let restored = restore_day(app, from, day, || bar.inc(1)).await;
    bar.finish_and_clear();
    let records = count(restored?.records, "record");
    console.say(format_args!("{day}  {records} restored: the next night books the late ones"));
    Ok(Outcome::Clean)
}
