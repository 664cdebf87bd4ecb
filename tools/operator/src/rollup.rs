//! `operator rollup`: books days by the steps of the night.

use std::collections::BTreeMap;
use std::time::Duration;

use commission::{Asset, Assets, Split};
use indicatif::ProgressBar;
use lambda::App;
use nightly::{
    DayOutcome, DayPlan, DayReport, Driver, Evaluated, Observer, Reconciled, Retry, StepError,
    booked_from,
};
use storage::{Money, SHARDS};
use types::{Day, Quarter};

use crate::format::{amount, count, usd};
use crate::{Console, Days, Failure, Outcome};

const BAR: &str = "  {bar:40} {pos}/{len} shards, {msg}";

/// Repeats a step for half a minute after transient errors.
pub(crate) const RETRY: Retry =
    Retry::Backoff { first: Duration::from_millis(500), last: Duration::from_secs(16) };

/// Books each of the days, or runs the nightly job of each.
pub(crate) async fn rollup(
    app: &App,
    target: &str,
    days: Days,
    night: bool,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    if app.clock.now() < booked_from(days.last) {
        return Err(StepError::DayNotOver(days.last).into());
    }
    let what = if night { "runs the nightly job of" } else { "books the unbooked amounts of" };
    console.ask(target, format_args!("{what} {days}."))?;
    let shards = if night { 0 } else { days.count() * u64::from(SHARDS) };
    let bar = console.bar(shards, BAR);
    let mut report =
        Report { app, console, bar, runs: 0, outcome: Outcome::Clean, total: BTreeMap::new() };
    let mut driver = Driver::new(app).retrying(RETRY).in_tasks().observed_by(&mut report);
    let mut done = Ok(());
    for day in days.iter() {
        done = match night {
            true => driver.run_night(day).await.map(drop),
            false => driver.run_day(day).await.map(drop),
        };
        if done.is_err() {
            break;
        }
    }
    report.bar.finish_and_clear();
    report.print_total();
    done.map(|()| report.outcome)
}

/// Prints each run when it is booked.
struct Report<'a, 'd> {
    app: &'a App,
    console: &'a mut Console<'d>,
    bar: ProgressBar,
    runs: usize,
    outcome: Outcome,
    total: BTreeMap<Asset, Money>,
}

impl Observer for &mut Report<'_, '_> {
    type Error = Failure;

    fn planned(&mut self, days: &[DayPlan]) {
        let shards: usize = days.iter().map(|day| day.shards.len()).sum();
        self.bar.inc_length(shards as u64);
    }

    fn day_started(&mut self, day: Day) {
        self.bar.set_message(day.to_string());
    }

    fn shard_folded(&mut self) {
        self.bar.inc(1);
    }

    async fn day_ended(&mut self, report: &DayReport) -> Result<(), Failure> {
        let day = report.day;
        match &report.outcome {
            DayOutcome::Booked { seq, deferred } => {
                self.print_run(report, *seq).await?;
                if let Some(reason) = deferred {
                    self.print_deferred(day, "in part", reason);
                }
            }
            DayOutcome::Deferred(reason) => self.print_deferred(day, "and nothing booked", reason),
            DayOutcome::NothingDue => self.say(format!("{day}  nothing to add")),
            DayOutcome::Superseded => self.say(format!("{day}  another run was first")),
        }
        Ok(())
    }

    fn quarter_evaluated(&mut self, quarter: Quarter, evaluated: &Evaluated) {
        self.say(crate::evaluate::outcome_text(quarter, evaluated));
        if evaluated.not_evaluated > 0 {
            self.outcome = Outcome::NeedsAttention;
            let left_out = count(evaluated.not_evaluated, "affiliate");
            self.say(format!("{quarter}  {left_out} left out: `evaluate {quarter}` names them"));
        }
    }

    fn reconciled(&mut self, day: Day, found: Reconciled) {
        self.say(format!("{day}  reconciled: {}", count(found.differences, "difference")));
        if found.differences > 0 {
            self.outcome = Outcome::NeedsAttention;
            self.say(format!("{day}  `verify` of the affiliates' days names them"));
        }
    }
}

impl Report<'_, '_> {
    fn print_deferred(&mut self, day: Day, how: &str, reason: &str) {
        self.outcome = Outcome::NeedsAttention;
        self.say(format!("{day}  set aside, {how}: {reason}"));
    }

    async fn print_run(&mut self, day: &DayReport, seq: u64) -> Result<(), Failure> {
        let assets = &self.app.programme.commission.assets;
        let DayReport { day, lines, .. } = *day;
        let report = self.app.table.run_report(day, seq).await?.unwrap_or_default();
        let mut sum = Money::default();
        for (asset, money) in report.booked {
            sum = sum.plus(&money)?;
            let total = self.total.entry(asset).or_default();
            *total = total.plus(&money)?;
        }
        self.runs += 1;
        let (commission, shared) =
            (usd(sum.in_usd.commission, assets), usd(sum.in_usd.shared, assets));
        let lines = count(lines, "line");
        self.say(format!("{day}  run {seq}: {lines}, commission {commission}, shared {shared}"));
        Ok(())
    }

    fn say(&mut self, line: String) {
        let console = &mut self.console;
        self.bar.suspend(|| console.say(line));
    }

    fn print_total(&mut self) {
        if self.total.is_empty() {
            return;
        }
        let assets = &self.app.programme.commission.assets;
        self.console.say(format_args!("\nBooked in all, by {}:", count(self.runs, "run")));
        for line in table(&self.total, assets) {
            self.console.say(line);
        }
    }
}

fn table(total: &BTreeMap<Asset, Money>, assets: &Assets) -> Vec<String> {
    let head = ["fees", "commission", "shared"].map(|name| format!("{name:>28}")).concat();
    let rows = total.iter().map(|(asset, money)| {
        let Split { fees, commission, shared } = money.in_asset;
        let columns =
            [fees, commission, shared].map(|sum| format!("{:>28}", amount(sum, *asset, assets)));
        columns.concat()
    });
    std::iter::once(head).chain(rows).collect()
}
