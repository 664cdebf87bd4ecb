//! Writing and reading fees: in chunks, and the alternative of one item per fee.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use commission::{Arrival, Fee, Fees};
use dynamodb_embedded::CallStats;
use serde::{Deserialize, Serialize};
use storage::Shard;

use crate::Failure;
use crate::engine::{TABLE, TestApp};
use crate::made::MadeDay;
use crate::measure::{Figures, Watch};

/// Writes fees in chunks of a thousand, as `ingest` does, and reads them as a worker does.
pub async fn chunked(fees: u64, capacity: bool) -> Result<(), Failure> {
    let (made, app) = empty(fees, capacity).await?;
    let shard = Shard::new(0).ok_or("no shard")?;
    let mut figures = Figures::of("chunked", fees);
    let watch = Watch::start();
    for batch in made.batches() {
        app.context.table.add_fees(made.day, shard, &batch?).await?;
    }
    note(&mut figures, "write", &watch, &app.engine.take_call_stats());
    let watch = Watch::start();
    let read = app.context.table.fees(made.day, shard).await?;
    note(&mut figures, "read", &watch, &app.engine.take_call_stats());
    figures.note("found", read.fees.len());
    figures.print();
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct FeeItem {
    pk: String,
    sk: String,
    arrival: u64,
    #[serde(flatten)]
    fee: Fee,
}

/// Writes one item per fee. Its identity is the key, so that a repetition is no second item.
pub async fn per_item(fees: u64, capacity: bool) -> Result<(), Failure> {
    let (made, app) = empty(fees, capacity).await?;
    let client = app.engine.client();
    let pk = format!("F#{}#00", made.day);
    let mut figures = Figures::of("perItem", fees);
    let watch = Watch::start();
    let mut waiting: HashMap<String, WriteRequest> = HashMap::new();
    for fee in made.fees() {
        let (Arrival(arrival), fee) = fee?;
        let sk = format!("{}#{}", fee.uid, fee.trade_id);
        let item = FeeItem { pk: pk.clone(), sk: sk.clone(), arrival, fee };
        let put = PutRequest::builder().set_item(Some(serde_dynamo::to_item(item)?)).build()?;
        waiting.insert(sk, WriteRequest::builder().put_request(put).build());
        if waiting.len() == 25 {
            let requests = waiting.drain().map(|(_, request)| request).collect();
            client.batch_write_item().request_items(TABLE, requests).send().await?;
        }
    }
    if !waiting.is_empty() {
        let requests = waiting.into_values().collect();
        client.batch_write_item().request_items(TABLE, requests).send().await?;
    }
    note(&mut figures, "write", &watch, &app.engine.take_call_stats());
    let watch = Watch::start();
    let mut read = Fees::default();
    let mut pages = client
        .query()
        .table_name(TABLE)
        .consistent_read(true)
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(pk))
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let items: Vec<FeeItem> = serde_dynamo::from_items(page?.items.unwrap_or_default())?;
        for item in items {
            read.push(Arrival(item.arrival), &item.fee)?;
        }
    }
    note(&mut figures, "read", &watch, &app.engine.take_call_stats());
    figures.note("found", read.len());
    figures.print();
    Ok(())
}

fn note(figures: &mut Figures, part: &str, watch: &Watch, stats: &CallStats) {
    figures.note(part, watch.stop());
    figures.note(&format!("{part}EngineSeconds"), stats.busy.as_secs_f64());
    figures.note(&format!("{part}HalfUnits"), stats.half_units_read() + stats.half_units_written());
    figures.note(&format!("{part}Calls"), stats.calls.values().sum::<usize>());
}

async fn empty(fees: u64, capacity: bool) -> Result<(MadeDay, TestApp), Failure> {
    let made = MadeDay::of(fees)?;
    let app = TestApp::after(&made, capacity).await?;
    let _before = app.engine.take_call_stats();
    Ok((made, app))
}
