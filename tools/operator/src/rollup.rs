//! `operator rollup`: books days by the steps of the night.

use std::collections::BTreeMap;

use commission::{Asset, Assets};
use indicatif::ProgressBar;
use lambda::App;
use nightly::{DayPlan, StepError, booked_from, plan_day};
use storage::{Money, SHARDS};
use types::Day;

use crate::format::{amount, count, usd};
use crate::steps::{self, Booked};
use crate::{Console, Days, Failure, Outcome};

const BAR: &str = "  {bar:40} {pos}/{len} shards, {msg}";

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
    let bar = console.bar(0, BAR);
    let mut books = Books { app, console, bar, runs: 0, look_at_it: false, total: BTreeMap::new() };
    let outcome = books.all(days, night).await;
    books.bar.finish_and_clear();
    books.tell_total();
    outcome.map(|()| Outcome::of(!books.look_at_it))
}

struct Books<'a, 'd> {
    app: &'a App,
    console: &'a mut Console<'d>,
    bar: ProgressBar,
    runs: usize,
    look_at_it: bool,
    total: BTreeMap<Asset, Money>,
}

impl Books<'_, '_> {
    async fn all(&mut self, days: Days, night: bool) -> Result<(), Failure> {
        if !night {
            self.bar.inc_length(days.count() * u64::from(SHARDS));
        }
        for day in days.iter() {
            match night {
                true => self.night(day).await?,
                false => self.book(&plan_day(self.app, day).await?).await?,
            }
        }
        Ok(())
    }

    async fn night(&mut self, day: Day) -> Result<(), Failure> {
        let mut more = None;
        loop {
            let plan = steps::plan_night(self.app, day, more).await?;
            let shards: usize = plan.days.iter().map(|day| day.shards.len()).sum();
            self.bar.inc_length(shards as u64);
            for day in &plan.days {
                self.book(day).await?;
            }
            if let Some(quarter) = plan.quarter {
                let evaluated = steps::evaluate(self.app, quarter).await?;
                self.say(crate::evaluate::outcome_text(quarter, &evaluated));
                if evaluated.not_evaluated > 0 {
                    self.look_at_it = true;
                    let left_out = count(evaluated.not_evaluated, "affiliate");
                    self.say(format!(
                        "{quarter}  {left_out} left out: `evaluate {quarter}` names them"
                    ));
                }
            }
            more = plan.more;
            if more.is_none() {
                return Ok(());
            }
        }
    }

    async fn book(&mut self, plan: &DayPlan) -> Result<(), Failure> {
        let day = plan.day;
        self.bar.set_message(day.to_string());
        match steps::book(self.app, plan, &self.bar).await? {
            Booked::Run(seq) => self.tell_run(day, seq).await?,
            Booked::Part(seq, reason) => {
                self.tell_run(day, seq).await?;
                self.tell_set_aside(day, "in part", &reason);
            }
            Booked::ExcludedCounts(reason) => {
                self.tell_set_aside(day, "and nothing booked", &reason)
            }
            Booked::Nothing => self.say(format!("{day}  nothing to add")),
            Booked::Superseded => self.say(format!("{day}  another run was first")),
        }
        Ok(())
    }

    fn tell_set_aside(&mut self, day: Day, how: &str, reason: &str) {
        self.look_at_it = true;
        self.say(format!("{day}  set aside, {how}: {reason}"));
    }

    async fn tell_run(&mut self, day: Day, seq: u64) -> Result<(), Failure> {
        let assets = &self.app.programme.commission.assets;
        let record = self.app.table.day(day).await?.value;
        let lines = record.runs.iter().find(|run| run.seq == seq).map_or(0, |run| run.lines);
        let report = self.app.table.run_report(day, seq).await?.unwrap_or_default();
        let mut sum = Money::default();
        for (asset, money) in report.booked {
            sum = sum.plus(&money)?;
            let total = self.total.entry(asset).or_default();
            *total = total.plus(&money)?;
        }
        self.runs += 1;
        let (commission, shared) = (usd(sum.commission_usd, assets), usd(sum.shared_usd, assets));
        let lines = count(lines, "line");
        self.say(format!("{day}  run {seq}: {lines}, commission {commission}, shared {shared}"));
        Ok(())
    }

    fn say(&mut self, line: String) {
        let console = &mut self.console;
        self.bar.suspend(|| console.say(line));
    }

    fn tell_total(&mut self) {
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
        let columns = [money.fees, money.commission, money.shared]
            .map(|sum| format!("{:>28}", amount(sum, *asset, assets)));
        columns.concat()
    });
    std::iter::once(head).chain(rows).collect()
}
