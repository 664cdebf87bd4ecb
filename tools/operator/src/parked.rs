//! `operator parked`: affiliates whose part of a run cannot be published.

use std::collections::BTreeMap;

use lambda::App;
use nightly::{Repaired, RepairedRun, Withdrawn, repair, withdraw};
use storage::ParkedRun;
use types::{Quarter, Uid};

use crate::format::count;
use crate::{Console, Failure, Outcome, ParkedCommand};

/// Lists, repairs or withdraws.
pub(crate) async fn parked(
    app: &App,
    target: &str,
    command: ParkedCommand,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    match command {
        ParkedCommand::List => list(app, console).await,
        ParkedCommand::Repair { uid } => repair_one(app, target, &uid, console).await,
        ParkedCommand::Withdraw { uid, why } => {
            withdraw_one(app, target, &uid, &why, console).await
        }
    }
}

async fn list(app: &App, console: &mut Console<'_>) -> Result<Outcome, Failure> {
    let runs = app.table.parked().await?;
    let mut affiliates: BTreeMap<&Uid, usize> = BTreeMap::new();
    for run in &runs {
        *affiliates.entry(&run.uid).or_default() += 1;
        let ParkedRun { uid, day, seq, at, reason, .. } = run;
        let reason = run.withdrawn.as_ref().map_or_else(
            || reason.clone(),
            |why| format!("its withdrawal is to be finished: {why}"),
        );
        console.say(format_args!("{uid}  run {day}.{seq}, since {at}: {reason}"));
    }
    let (affiliates, runs) = (count(affiliates.len(), "affiliate"), count(runs.len(), "run"));
    console.note(format_args!("{affiliates} parked, {runs} not published"));
    Ok(Outcome::Clean)
}

async fn repair_one(
    app: &App,
    target: &str,
    uid: &Uid,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let runs = waiting(app, uid).await?.len();
    let what = format!("publishes {} of affiliate {uid}, one after the other.", count(runs, "run"));
    console.ask(target, what)?;
    let Repaired { runs, evaluated } = repair(app, uid).await?;
    for RepairedRun { run, lines } in runs {
        console.say(format_args!("{}  run {}: {}", run.day, run.seq, count(lines, "line")));
    }
    tell_evaluated(&evaluated, console);
    Ok(Outcome::Clean)
}

async fn withdraw_one(
    app: &App,
    target: &str,
    uid: &Uid,
    why: &str,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let waiting = waiting(app, uid).await?;
    let Some(first) = waiting.first() else { return Err(none_waits(uid)) };
    let (day, seq) = (first.day, first.seq);
    let what = format!(
        "withdraws run {day}.{seq} of affiliate {uid}; the next night books the amounts due."
    );
    console.ask(target, what)?;
    let Withdrawn { run, lines, shards, waiting, evaluated } = withdraw(app, uid, why).await?;
    let (lines, shards) = (count(lines, "line"), count(shards.len(), "shard"));
    console.say(format_args!("{}  run {}: {lines} withdrawn, {shards} marked", run.day, run.seq));
    tell_evaluated(&evaluated, console);
    if waiting > 0 {
        console.note(format_args!(
            "{} still not published: repair the affiliate",
            count(waiting, "run")
        ));
    }
    Ok(Outcome::of(waiting == 0))
}

async fn waiting(app: &App, uid: &Uid) -> Result<Vec<ParkedRun>, Failure> {
    let waiting = app.table.parked_runs(uid).await?;
    if waiting.is_empty() { Err(none_waits(uid)) } else { Ok(waiting) }
}

fn none_waits(uid: &Uid) -> Failure {
    Failure::InvalidInput(format!("affiliate {uid} is not parked"))
}

fn tell_evaluated(quarters: &[Quarter], console: &mut Console<'_>) {
    for quarter in quarters {
        console.say(format_args!("{quarter}  evaluated"));
    }
}
