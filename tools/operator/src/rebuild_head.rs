//! `operator rebuild-head`: makes the ledger's head of the days' records.

use lambda::App;
use nightly::{Rebuilding, rebuild_head, save_rebuilt_head};
use types::Day;

use crate::format::count;
use crate::{Console, Failure, Outcome};

/// Rebuilds the head from the records since a day, and writes it after a confirmation.
pub(crate) async fn rebuild(
    app: &App,
    target: &str,
    since: Day,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let rebuilt = match rebuild_head(app, since).await? {
        Rebuilding::Rebuilt(rebuilt) => rebuilt,
        Rebuilding::Readable => {
            return Err(Failure::InvalidInput("the ledger's head can be read".to_owned()));
        }
        Rebuilding::NoRuns => {
            return Err(Failure::InvalidInput(format!("no day since {since} has a run")));
        }
    };
    let head = &rebuilt.head.value;
    console.note(format_args!("The present head cannot be used: {}.", rebuilt.reason));
    let closed = head.closed_through.map_or_else(|| "no day".to_owned(), |day| day.to_string());
    console.say(format_args!("run {} is committed, run {} visible", head.committed, head.visible));
    console.say(format_args!("days are closed through {closed}"));
    for day in head.set_aside.keys() {
        console.say(format_args!("{day}  has no run: deferred, the next night tries it"));
    }
    if head.parked > 0 {
        console.say(format_args!("{} parked", count(head.parked as usize, "affiliate")));
    }
    console.ask(target, "replaces the ledger's head by this one.")?;
    save_rebuilt_head(app, &rebuilt).await?;
    console.note("Start a night, and verify the newest days.");
    Ok(Outcome::Clean)
}
