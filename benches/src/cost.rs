//! The calls, capacity and bytes of each kind of work, counted for the cost model.
//!
//! `cargo xtask cost` multiplies them with a load and with prices. Everything is counted and
//! nothing timed, so that the figures are the same on every machine.

use commission::Fee;
use dynamodb_embedded::CallStats;
use lambda::Deadline;
use serde_json::{Value, json};
use storage::{ActivityPart, SHARDS};
use types::Uid;

use crate::Failure;
use crate::day::store_fees;
use crate::engine::{HALF_PAST_MIDNIGHT, TABLE, TestApp};
use crate::ingest_events::{EVENTS_PER_BATCH, batches, charged};
use crate::made::MadeDay;
use crate::measure::Figures;

/// Events in a batch where a million arrive in a day, and the queue waits for five seconds.
const SMALL_BATCH: usize = 58;
/// Users without inviter, and the fees of each over the day: as many as the average payer has.
const UNBOUND_USERS: u64 = 1_000;
const UNBOUND_FEES: u64 = 40;
/// Fees of the counted night, which follows a day of the same payers. Its costs grow in proportion: a
/// payer has 50 fees on average in each day.
const NIGHT_FEES: u64 = 100_000;
/// Attribute of the time at which the table deletes an item, as in template.yaml.
const EXPIRES_AT: &str = "expiresAt";
/// DynamoDB's overhead of an item, in bytes of billed storage.
const ITEM_OVERHEAD: u64 = 100;

/// Counts all kinds of work, and prints them as one line of JSON.
pub async fn run() -> Result<(), Failure> {
    let mut figures = Figures::of("cost", NIGHT_FEES);
    figures.note("ingestBound", ingest_bound(EVENTS_PER_BATCH * 2, EVENTS_PER_BATCH).await?);
    figures.note("ingestSmallBatches", ingest_bound(SMALL_BATCH * 10, SMALL_BATCH).await?);
    let (unbound, their_night) = ingest_unbound().await?;
    figures.note("ingestUnbound", unbound);
    figures.note("nightOfUnbound", their_night);
    figures.note("emptyNight", night(0).await?);
    figures.note("night", night(NIGHT_FEES).await?);
    figures.print();
    Ok(())
}

/// Counts batches of bound users' fees.
///
/// No payer is twice in a batch: on a large day, ten thousand fees in a row are of nearly as many
/// payers.
async fn ingest_bound(events: usize, events_per_batch: usize) -> Result<Value, Failure> {
    let made = MadeDay::of(events_per_batch as u64 * 50)?;
    let app = TestApp::after(&made, true).await?;
    app.open_accounts(&made).await?;
    let payers = (0..made.invitees()).cycle().map(MadeDay::uid);
    ingest(&app, &made, payers, events, events_per_batch).await
}

/// Counts the fees of users without inviter, each user once in a batch, over the day; and the
/// application of their last activity by the night.
async fn ingest_unbound() -> Result<(Value, Value), Failure> {
    let made = MadeDay::of(UNBOUND_USERS * UNBOUND_FEES)?;
    let app = TestApp::after(&made, true).await?;
    app.open_dormant(&made, UNBOUND_USERS).await?;
    let payers = (0..UNBOUND_USERS).cycle().map(MadeDay::dormant);
    let users = usize::try_from(UNBOUND_USERS)?;
    let events = usize::try_from(UNBOUND_FEES)? * users;
    let ingested = ingest(&app, &made, payers, events, users).await?;
    let deferred_on = app.context.clock.now().day();
    for part in ActivityPart::all() {
        ingestion::apply_deferred(&app.context, deferred_on, part, Deadline::NONE).await?;
    }
    let stats = app.engine.take_call_stats();
    let more = json!({ "events": events, "batches": ActivityPart::COUNT, "expiringBytes": 0 });
    Ok((ingested, counted(&stats, more)))
}

/// Ingests a number of fees of the payers in turn.
async fn ingest(
    app: &TestApp,
    made: &MadeDay,
    payers: impl Iterator<Item = Result<Uid, Failure>>,
    events: usize,
    events_per_batch: usize,
) -> Result<Value, Failure> {
    let before = stored(app)?;
    let _before = app.engine.take_call_stats();
    let fees = made.fees().zip(payers).enumerate().take(events).map(|(number, (fee, payer))| {
        let (_, fee) = fee?;
        let trade_id = (9_000_000_000 + number).to_string().parse()?;
        Ok(charged(&Fee { trade_id, uid: payer?, charge: fee.charge }, app))
    });
    for batch in batches(fees, app, events_per_batch) {
        ingestion::ingest(&app.context, &batch?).await?;
    }
    let stats = app.engine.take_call_stats();
    let batches = events.div_ceil(events_per_batch);
    let expiring = stored(app)?.expiring.saturating_sub(before.expiring);
    let more = json!({ "events": events, "batches": batches, "expiringBytes": expiring });
    Ok(counted(&stats, more))
}

/// Counts a night, and the bytes that the day leaves in the table.
async fn night(fees: u64) -> Result<Value, Failure> {
    let made = MadeDay::of(fees)?;
    let app = TestApp::after(&made, true).await?;
    app.open_accounts(&made).await?;
    let accounts = made.invitees() + made.inviters();
    let account_bytes = stored(&app)?.kept / accounts.max(1);
    // A full batch has fees of all shards.
    let per_chunk = EVENTS_PER_BATCH / usize::from(SHARDS);
    store_fees(&app, &made, per_chunk).await?;
    nightly::Driver::new(&app.context).run_day(made.day).await?;
    let mut next = MadeDay::of(fees)?;
    next.day = made.day.next();
    app.clock.stop_at(next.day.end().plus_millis(HALF_PAST_MIDNIGHT));
    let before = stored(&app)?;
    store_fees(&app, &next, per_chunk).await?;
    let _before = app.engine.take_call_stats();
    let report = nightly::Driver::new(&app.context).run_day(next.day).await?;
    let stats = app.engine.take_call_stats();
    let after = stored(&app)?;
    let more = json!({
        "fees": fees,
        "lines": report.lines,
        "affiliates": next.inviters(),
        "accountBytes": account_bytes,
        "keptBytes": after.kept.saturating_sub(before.kept),
        "expiringBytes": after.expiring.saturating_sub(before.expiring),
    });
    Ok(counted(&stats, more))
}

/// Returns the counts of the calls, with further figures.
fn counted(stats: &CallStats, more: Value) -> Value {
    let counts = json!({
        "calls": stats.calls.values().sum::<usize>(),
        "readHalfUnits": stats.half_units_read(),
        "writeHalfUnits": stats.half_units_written(),
    });
    let members = [counts, more].into_iter().filter_map(|value| match value {
        Value::Object(members) => Some(members),
        _ => None,
    });
    Value::Object(members.flatten().collect())
}

/// Billed bytes of the table's items.
#[derive(Default)]
struct Stored {
    /// Bytes of items without expiry.
    kept: u64,
    /// Bytes of items with expiry.
    expiring: u64,
}

fn stored(app: &TestApp) -> Result<Stored, Failure> {
    let mut stored = Stored::default();
    for item in app.engine.items(TABLE)? {
        let item = item.as_object().ok_or("an item is not an object")?;
        let attributes: u64 = item.iter().map(|(name, value)| bytes(name) + size(value)).sum();
        match item.contains_key(EXPIRES_AT) {
            true => stored.expiring += ITEM_OVERHEAD + attributes,
            false => stored.kept += ITEM_OVERHEAD + attributes,
        }
    }
    Ok(stored)
}

/// Returns the billed bytes of a value in DynamoDB's JSON, as its documentation counts them.
fn size(value: &Value) -> u64 {
    let Some((kind, content)) = value.as_object().and_then(|value| value.iter().next()) else {
        return 0;
    };
    match (kind.as_str(), content) {
        ("S", Value::String(text)) => bytes(text),
        ("N", Value::String(digits)) => bytes(digits).div_ceil(2) + 1,
        // Base64 has four characters for three bytes.
        ("B", Value::String(base64)) => bytes(base64) / 4 * 3,
        ("L", Value::Array(values)) => 3 + values.iter().map(|value| size(value) + 1).sum::<u64>(),
        ("M", Value::Object(members)) => {
            3 + members.iter().map(|(name, value)| bytes(name) + size(value) + 1).sum::<u64>()
        }
        _ => 1,
    }
}

fn bytes(text: &str) -> u64 {
    text.len() as u64
}
