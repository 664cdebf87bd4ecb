//! A whole day, booked by the function's own steps in one invocation.

use std::collections::BTreeMap;

use storage::{FeeBatch, Shard};

use crate::Failure;
use crate::engine::TestApp;
use crate::made::{FEES_PER_CHUNK, MadeDay};
use crate::measure::{Figures, Watch};

pub async fn run(fees: u64) -> Result<(), Failure> {
    let made = MadeDay::of(fees)?;
    let app = TestApp::after(&made, false).await?;
    app.open_accounts(&made).await?;
    store_fees(&app, &made, FEES_PER_CHUNK).await?;
    let _before = app.engine.take_call_stats();
    let watch = Watch::start();
    let report = nightly::Driver::new(&app.context).run_day(made.day).await?;
    let mut figures = Figures::of("day", fees);
    figures.note("rollup", watch.stop());
    let stats = app.engine.take_call_stats();
    figures.note("engineSeconds", stats.busy.as_secs_f64());
    figures.note("calls", stats.calls.values().sum::<usize>());
    figures.note("lines", report.lines);
    figures.print();
    Ok(())
}

/// Books the day of one affiliate, and reads its dashboard.
pub async fn affiliate(invitees: u64) -> Result<(), Failure> {
    let made = MadeDay::of_one_inviter(invitees)?;
    let app = TestApp::after(&made, false).await?;
    app.open_accounts(&made).await?;
    store_fees(&app, &made, FEES_PER_CHUNK).await?;
    let _before = app.engine.take_call_stats();
    let mut figures = Figures::of("affiliate", invitees);
    let watch = Watch::start();
    let report = nightly::Driver::new(&app.context).run_day(made.day).await?;
    figures.note("rollup", watch.stop());
    figures.note("lines", report.lines);
    figures.note("rollupCalls", app.engine.take_call_stats().calls.values().sum::<usize>());
    let (inviter, table) = (MadeDay::inviter(0)?, &app.context.table);
    let watch = Watch::start();
    let visible = table.affiliate_state(&inviter).await?.head.visible;
    let days = table.summaries(&inviter, made.day.plus(-364), made.day, visible).await?;
    figures.note("dashboard", watch.stop());
    figures.note("dashboardCalls", app.engine.take_call_stats().calls.values().sum::<usize>());
    figures.note("activeInvitees", days.iter().map(|day| day.summary.active).sum::<u32>());
    figures.print();
    Ok(())
}

/// Stores the day's fees by shard, with the given number of fees in each full chunk.
pub async fn store_fees(
    app: &TestApp,
    made: &MadeDay,
    fees_per_chunk: usize,
) -> Result<(), Failure> {
    let mut waiting: BTreeMap<Shard, FeeBatch> = BTreeMap::new();
    for fee in made.fees() {
        let (arrival, fee) = fee?;
        let shard = Shard::of(&fee.uid);
        let batch = waiting.entry(shard).or_default();
        batch.push(arrival, &fee)?;
        if batch.fees.len() >= fees_per_chunk {
            let batch = std::mem::take(batch);
            app.context.table.add_fees(made.day, shard, &batch).await?;
        }
    }
    for (shard, batch) in waiting {
        app.context.table.add_fees(made.day, shard, &batch).await?;
    }
    Ok(())
}
