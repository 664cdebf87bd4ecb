//! A whole day, booked by the function's own steps.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use nightly::{Committed, DayPlan, Folded, Plan, Step};
use serde_json::{Value, json};
use storage::{FeeBatch, Shard};
use types::Day;

use crate::Failure;
use crate::engine::{HALF_PAST_MIDNIGHT, TestApp};
use crate::made::{FEES_PER_CHUNK, MadeDay};
use crate::measure::{Figures, Watch, forget_peak_memory, peak_memory_mb, processor_time};

/// Books a day, or with `second` the day after it with fees of the same payers, whose entries are
/// known then. The table is in memory, or in a new file.
pub async fn run(
    fees: u64,
    second: bool,
    capacity: bool,
    file: Option<&Path>,
) -> Result<(), Failure> {
    let mut made = MadeDay::of(fees)?;
    let app = match file {
        Some(file) => TestApp::in_file(&made, file, capacity).await?,
        None => TestApp::after(&made, capacity).await?,
    };
    app.open_accounts(&made).await?;
    store_fees(&app, &made, FEES_PER_CHUNK).await?;
    if second {
        nightly::Driver::new(&app.context).run_day(made.day).await?;
        made.day = made.day.next();
        app.clock.stop_at(made.day.end().plus_millis(HALF_PAST_MIDNIGHT));
        store_fees(&app, &made, FEES_PER_CHUNK).await?;
    }
    let mut figures = Figures::of("day", fees);
    figures.note("second", second);
    let mut night = Night::after(&app, made.day);
    let lines = night.book().await?;
    figures.note("lines", lines);
    figures.note("invitees", made.invitees());
    for (step, usage) in night.usage {
        figures.note(step, usage.to_json());
    }
    if let Some(file) = file {
        figures.note("fileMb", std::fs::metadata(file)?.len() >> 20);
    }
    figures.print();
    Ok(())
}

/// A night whose steps are those of the state machine. The driver of `nightly` folds several shards
/// at once; here every worker runs alone, so that time and memory are its own.
struct Night<'a> {
    app: &'a TestApp,
    day: Day,
    usage: BTreeMap<&'static str, Usage>,
}

/// The usage of all calls of a step.
#[derive(Default)]
struct Usage {
    workers: u32,
    wall: Duration,
    longest: Duration,
    processor: Duration,
    engine: Duration,
    calls: usize,
    half_units_read: u64,
    half_units_written: u64,
    peak_memory_mb: u64,
}

impl Usage {
    fn to_json(&self) -> Value {
        json!({
            "workers": self.workers,
            "seconds": self.wall.as_secs_f64(),
            "longestWorkerSeconds": self.longest.as_secs_f64(),
            "processorSeconds": self.processor.as_secs_f64(),
            "engineSeconds": self.engine.as_secs_f64(),
            "calls": self.calls,
            "readUnits": self.half_units_read / 2,
            "writeUnits": self.half_units_written / 2,
            "peakMemoryMb": self.peak_memory_mb,
        })
    }
}

impl<'a> Night<'a> {
    fn after(app: &'a TestApp, day: Day) -> Self {
        let _before = app.engine.take_call_stats();
        Self { app, day, usage: BTreeMap::new() }
    }

    /// Books the day; returns the number of lines.
    async fn book(&mut self) -> Result<u64, Failure> {
        let plan = self.step(json!({ "step": "plan", "day": self.day })).await?;
        let plan: Plan = serde_json::from_value(plan)?;
        let mut lines = 0;
        for DayPlan { day, run, shards, .. } in plan.days {
            for shard in &shards {
                let input = json!({ "step": "fold", "day": day, "run": run, "shard": shard });
                let folded: Folded = serde_json::from_value(self.step(input).await?)?;
                lines += folded.lines;
            }
            let input = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
            let committed: Committed = serde_json::from_value(self.step(input).await?)?;
            for range in committed.ranges {
                let seq = committed.seq;
                self.step(json!({ "step": "publish", "seq": seq, "range": range })).await?;
            }
            self.step(json!({ "step": "finish", "seq": committed.seq })).await?;
        }
        Ok(lines)
    }

    async fn step(&mut self, input: Value) -> Result<Value, Failure> {
        let name = Step::read(&input)?.name();
        forget_peak_memory()?;
        let (started, before) = (Instant::now(), processor_time());
        let answer = nightly::handle(&self.app.context, &input).await?;
        let (wall, stats) = (started.elapsed(), self.app.engine.take_call_stats());
        let usage = self.usage.entry(name).or_default();
        usage.workers += 1;
        usage.wall += wall;
        usage.longest = usage.longest.max(wall);
        usage.processor += processor_time().saturating_sub(before);
        usage.engine += stats.busy;
        usage.calls += stats.calls.values().sum::<usize>();
        usage.half_units_read += stats.half_units_read();
        usage.half_units_written += stats.half_units_written();
        usage.peak_memory_mb = usage.peak_memory_mb.max(peak_memory_mb());
        Ok(answer)
    }
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
