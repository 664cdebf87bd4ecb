//! A queue full of fees, ingested batch by batch and booked by the night. Some batches are
//! redelivered. Nothing is lost if the night's proof equals that of the generated fees.

use std::path::Path;

use commission::{Conservation, fold};
use storage::FeeBatch;

use crate::Failure;
use crate::engine::TestApp;
use crate::ingest_events::{EVENTS_PER_BATCH, batches, charged, ingest_all};
use crate::made::MadeDay;
use crate::measure::{Figures, Watch, forget_peak_memory, peak_memory_mb};

pub async fn run(fees: u64, file: &Path) -> Result<(), Failure> {
    let made = MadeDay::of(fees)?;
    let app = TestApp::in_file(&made, file, false).await?;
    app.open_accounts(&made).await?;
    let mut figures = Figures::of("backlog", fees);

    forget_peak_memory()?;
    let watch = Watch::start();
    let events = made.fees().map(|fee| Ok(charged(&fee?.1, &app)));
    let latencies = ingest_all(&app, batches(events, &app, EVENTS_PER_BATCH)).await?;
    figures.note("takeIn", watch.stop());
    figures.note("takeInPeakMemoryMb", peak_memory_mb());
    figures.note("batches", latencies.count());
    figures.note("batch", latencies.percentiles());

    forget_peak_memory()?;
    let watch = Watch::start();
    let report = nightly::Driver::new(&app.context).run_day(made.day).await?;
    figures.note("rollup", watch.stop());
    figures.note("rollupPeakMemoryMb", peak_memory_mb());
    figures.note("lines", report.lines);

    let seq = report.seq().ok_or("nothing was booked")?;
    let booked = app.context.table.run_report(made.day, seq).await?.ok_or("no proof was kept")?;
    let made = proof_of(&made)?;
    if booked.due != made {
        return Err(format!("made was {made:#?}\nbooked was {:#?}", booked.due).into());
    }
    figures.print();
    Ok(())
}

/// Returns the proof of a day's fees, computed without queue and table.
fn proof_of(made: &MadeDay) -> Result<Conservation, Failure> {
    let mut batch = FeeBatch::default();
    for fee in made.fees() {
        let (arrival, fee) = fee?;
        batch.push(arrival, &fee)?;
    }
    let rules = programme::programme()?.commission;
    let folded = fold(made.day, &batch.fees, &[], &made.relations()?, &rules)?;
    Ok(Conservation::of(&folded)?)
}
