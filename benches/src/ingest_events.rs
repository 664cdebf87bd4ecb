//! Fee events through `ingest`, as a full queue brings them, with their accounts known.

use commission::Fee;
use ingest::Message;
use serde_json::json;

use crate::Failure;
use crate::engine::World;
use crate::made::MadeDay;
use crate::measure::{Figures, Watch};

/// Events in a message, and messages in a batch: what a queue's largest batches bring.
const EVENTS_PER_MESSAGE: usize = 100;
const MESSAGES_PER_BATCH: usize = 100;

pub async fn run(fees: u64, capacity: bool) -> Result<(), Failure> {
    let made = MadeDay::of(fees)?;
    let world = World::after(&made, capacity).await?;
    world.open_accounts(&made).await?;
    let messages = messages(&made, &world)?;
    let _before = world.engine.take_spent();
    let watch = Watch::start();
    for batch in messages.chunks(MESSAGES_PER_BATCH) {
        ingest::take_in(&world.app, batch).await?;
    }
    let mut figures = Figures::of("ingest", fees);
    figures.note("takeIn", watch.stop());
    let spent = world.engine.take_spent();
    figures.note("engineSeconds", spent.busy.as_secs_f64());
    figures.note("calls", spent.calls.values().sum::<usize>());
    figures.note("halfUnitsRead", spent.half_units_read());
    figures.note("halfUnitsWritten", spent.half_units_written());
    figures.print();
    Ok(())
}

fn messages(made: &MadeDay, world: &World) -> Result<Vec<Message>, Failure> {
    let events = made.fees().map(|fee| Ok(event(&fee?.1, world)));
    let events: Vec<_> = events.collect::<Result<_, Failure>>()?;
    let sent_at = world.app.clock.now();
    let messages = events.chunks(EVENTS_PER_MESSAGE).zip(1..);
    Ok(messages
        .map(|(events, number)| Message {
            id: number.to_string(),
            sent_at,
            body: json!(events).to_string(),
        })
        .collect())
}

fn event(fee: &Fee, world: &World) -> serde_json::Value {
    let assets = &world.app.programme.commission.assets;
    let decimals = assets.decimals(fee.asset);
    json!({
        "specversion": "1.0",
        "source": "/exchange/fees",
        "id": fee.trade_id,
        "type": "exchange.fee.charged.v1",
        "time": fee.at,
        "data": {
            "tradeId": fee.trade_id,
            "uid": fee.uid,
            "product": fee.product,
            "kind": fee.kind,
            "asset": fee.asset,
            "amount": fee.amount.display(decimals).to_string(),
            "amountUsd": fee.amount_usd.display(assets.usd()).to_string(),
            "volumeUsd": fee.volume_usd.display(assets.usd()).to_string(),
            "vipLevel": fee.vip,
            "broker": fee.broker,
            "at": fee.at,
        },
    })
}
