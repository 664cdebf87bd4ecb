//! Fee events of existing accounts through `ingest`, in the batches of a full queue.

use std::time::Instant;

use commission::Fee;
use ingestion::{EventOutcome, Message};
use serde_json::{Value, json};
use types::Timestamp;

use crate::Failure;
use crate::engine::TestApp;
use crate::made::MadeDay;
use crate::measure::{Figures, Latencies, Watch};

/// Events in a message.
const EVENTS_PER_MESSAGE: usize = 100;
/// Events in a batch: 4 of the 6 MB that an invocation may have.
pub const EVENTS_PER_BATCH: usize = 10_000;

pub async fn run(fees: u64, capacity: bool) -> Result<(), Failure> {
    let made = MadeDay::of(fees)?;
    let app = TestApp::after(&made, capacity).await?;
    app.open_accounts(&made).await?;
    let batches =
        batches(made.fees().map(|fee| Ok(charged(&fee?.1, &app))), &app, EVENTS_PER_BATCH);
    let batches: Vec<_> = batches.collect::<Result<_, _>>()?;
    let _before = app.engine.take_call_stats();
    let watch = Watch::start();
    for batch in &batches {
        ingestion::ingest(&app.context, batch).await?;
    }
    let mut figures = Figures::of("ingest", fees);
    figures.note("takeIn", watch.stop());
    let stats = app.engine.take_call_stats();
    figures.note("engineSeconds", stats.busy.as_secs_f64());
    figures.note("calls", stats.calls.values().sum::<usize>());
    figures.note("halfUnitsRead", stats.half_units_read());
    figures.note("halfUnitsWritten", stats.half_units_written());
    figures.print();
    Ok(())
}

/// Ingests batches, every tenth twice, as after a time-out. Returns the duration of each.
///
/// # Errors
/// If an event is not ingested.
pub async fn ingest_all(
    app: &TestApp,
    batches: impl Iterator<Item = Result<Vec<Message>, Failure>>,
) -> Result<Latencies, Failure> {
    let mut latencies = Latencies::default();
    for (number, batch) in batches.enumerate() {
        let batch = batch?;
        for _ in 0..=usize::from(number % 10 == 9) {
            let begun = Instant::now();
            let reports = ingestion::ingest(&app.context, &batch).await?;
            latencies.add(begun.elapsed());
            if let Some(lost) =
                reports.iter().find(|report| report.outcome != EventOutcome::Ingested)
            {
                return Err(format!("not ingested: {lost:?}").into());
            }
        }
    }
    Ok(latencies)
}

/// Returns events in batches of the queue, generated lazily.
pub fn batches(
    mut events: impl Iterator<Item = Result<Value, Failure>>,
    app: &TestApp,
    events_per_batch: usize,
) -> impl Iterator<Item = Result<Vec<Message>, Failure>> {
    let (sent_at, mut number) = (app.context.clock.now(), 0);
    std::iter::from_fn(move || {
        let batch: Result<Vec<Value>, Failure> = events.by_ref().take(events_per_batch).collect();
        let messages = batch.map(|events| messages(&events, sent_at, &mut number));
        messages.map(|messages| (!messages.is_empty()).then_some(messages)).transpose()
    })
}

fn messages(events: &[Value], sent_at: Timestamp, number: &mut u64) -> Vec<Message> {
    let message = |events: &[Value]| {
        *number += 1;
        Message { id: number.to_string(), sent_at, body: json!(events).to_string() }
    };
    events.chunks(EVENTS_PER_MESSAGE).map(message).collect()
}

/// Returns the event of a fee.
pub fn charged(fee: &Fee, app: &TestApp) -> Value {
    let assets = &app.context.programme.commission.assets;
    let charge = &fee.charge;
    let decimals = assets.decimals(charge.asset);
    json!({
        "specversion": "1.0",
        "source": "/exchange/fees",
        "id": fee.trade_id,
        "type": "exchange.fee.charged.v1",
        "time": charge.at,
        "data": {
            "tradeId": fee.trade_id,
            "uid": fee.uid,
            "product": charge.product,
            "kind": charge.kind,
            "asset": charge.asset,
            "amount": charge.amount.display(decimals).to_string(),
            "amountUsd": charge.amount_usd.display(assets.usd()).to_string(),
            "volumeUsd": charge.volume_usd.display(assets.usd()).to_string(),
            "vipLevel": charge.vip,
            "broker": charge.broker,
            "at": charge.at,
        },
    })
}
