//! The readers of events, in turn over the same messages of fees, without the table.

use ingestion::{Message, Reader, count_readable};

use crate::Failure;
use crate::engine::TestApp;
use crate::ingest_events::{EVENTS_PER_BATCH, batches, charged};
use crate::made::MadeDay;
use crate::measure::{Figures, processor_time};

#[expect(clippy::float_arithmetic, reason = "measurements and no money")]
pub async fn run(fees: u64, runs: u64) -> Result<(), Failure> {
    let made = MadeDay::of(fees)?;
    let app = TestApp::after(&made, false).await?;
    let events = made.fees().map(|fee| Ok(charged(&fee?.1, &app)));
    let batches = batches(events, &app, EVENTS_PER_BATCH).collect::<Result<Vec<_>, _>>()?;
    let messages: Vec<Message> = batches.into_iter().flatten().collect();
    let bytes: usize = messages.iter().map(|message| message.body.len()).sum();
    let (mut one_pass, mut field_by_field) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        one_pass.push(micros(Reader::OnePass, &app, &messages, fees)?);
        field_by_field.push(micros(Reader::FieldByField, &app, &messages, fees)?);
    }
    let mut figures = Figures::of("read", fees);
    figures.note("runs", runs);
    figures.note("bytesPerEvent", (bytes as f64 / fees as f64).round());
    figures.note("onePassMicros", median(one_pass));
    figures.note("fieldByFieldMicros", median(field_by_field));
    figures.print();
    Ok(())
}

/// Returns the microseconds that a reader takes for one event.
#[expect(clippy::float_arithmetic, reason = "measurements and no money")]
fn micros(reader: Reader, app: &TestApp, messages: &[Message], fees: u64) -> Result<f64, Failure> {
    let (programme, now) = (&app.context.programme, app.context.clock.now());
    let before = processor_time();
    let read = messages.iter().map(|message| count_readable(reader, programme, message, now));
    let read: usize = read.sum();
    let used = processor_time().saturating_sub(before);
    if u64::try_from(read) != Ok(fees) {
        return Err(format!("{reader:?} read {read} of {fees} events").into());
    }
    Ok(used.as_secs_f64() * 1e6 / fees as f64)
}

fn median(mut runs: Vec<f64>) -> Option<f64> {
    runs.sort_by(f64::total_cmp);
    runs.get(runs.len() / 2).copied()
}
