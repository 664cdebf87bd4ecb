//! `operator quarantine`: lists, shows and replays events that could not be ingested.

use ingestion::{EventOutcome, EventReport, Message};
use lambda::App;
use serde_json::Value;
use storage::Quarantined;
use types::Day;

use crate::format::count;
use crate::{Console, Days, Failure, Outcome, QuarantineCommand};

/// Without days, so many back are looked at.
const USUAL_DAYS: i32 = 30;
/// Characters of an entry's digest that are shown; any unambiguous beginning is understood.
const SHOWN: usize = 8;
/// Entries that are replayed together.
const BATCH: usize = 100;
/// Entries that no replay changes: another body under a known identity, and corrections that the
/// fold could not apply to the stored fee.
const NOT_REPLAYED: [&str; 3] =
    ["identity_conflict", "correction_without_fee", "inexact_correction"];
/// Entries that are replayed one by one: an operator must know the origin of a message whose
/// signature was refused.
const REPLAYED_BY_ID: [&str; 2] = ["unsigned", "signature_invalid"];

/// Lists, shows or replays.
pub(crate) async fn quarantine(
    app: &App,
    target: &str,
    command: QuarantineCommand,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    match command {
        QuarantineCommand::List { days } => list(app, days, console).await,
        QuarantineCommand::Show { id } => show(app, &id, console).await,
        QuarantineCommand::Replay { which, all } => {
            let entries = match (&which, all) {
                (Some(id), false) => vec![find(app, id).await?],
                (days, _) => entries(app, days_of(app, days.as_deref())?).await?,
            };
            replay(app, target, entries, all, console).await
        }
    }
}

async fn list(
    app: &App,
    days: Option<Days>,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let days = days.unwrap_or_else(|| usual(app));
    let entries = entries(app, days).await?;
    for entry in &entries {
        let (id, at) = (id(entry), entry.at);
        console.say(format_args!("{id}  {at}  {}: {}", entry.reason, entry.detail));
    }
    console.note(format_args!("{}, {days}", entries_counted(entries.len())));
    Ok(Outcome::Clean)
}

async fn show(app: &App, id: &str, console: &mut Console<'_>) -> Result<Outcome, Failure> {
    let entry = find(app, id).await?;
    console.say(format_args!("id      {}.{}", entry.at.day(), entry.digest()));
    console.say(format_args!("came    {}", entry.at));
    console.say(format_args!("reason  {}", entry.reason));
    console.say(format_args!("detail  {}\n", entry.detail));
    let parsed: Option<Value> = serde_json::from_str(&entry.body).ok();
    let pretty = parsed.and_then(|event| serde_json::to_string_pretty(&event).ok());
    console.say(pretty.unwrap_or(entry.body));
    Ok(Outcome::Clean)
}

async fn replay(
    app: &App,
    target: &str,
    entries: Vec<Quarantined>,
    all: bool,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let (conflicts, entries): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| NOT_REPLAYED.contains(&entry.reason.as_str()));
    if !all && !conflicts.is_empty() {
        let sentence = "another body of an identity that stands, or a correction that does not fit \
                        its fee, stays so however often it comes; where a fee is wrong, send a \
                        correction with its day and in the decimals of its asset";
        return Err(Failure::InvalidInput(sentence.to_owned()));
    }
    if !conflicts.is_empty() {
        let conflicts = entries_counted(conflicts.len());
        console.note(format_args!("skipped, as no replay changes them: {conflicts}"));
    }
    let (unverified, entries): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| all && REPLAYED_BY_ID.contains(&entry.reason.as_str()));
    if !unverified.is_empty() {
        let skipped = entries_counted(unverified.len());
        console.note(format_args!("skipped, as a signature was refused; replay by id: {skipped}"));
    }
    let nothing_skipped = conflicts.is_empty() && unverified.is_empty();
    if entries.is_empty() {
        console.note("nothing to replay");
        return Ok(Outcome::of(nothing_skipped));
    }
    let what = entries_counted(entries.len());
    console.ask(target, format_args!("ingests {what} of the quarantine again."))?;
    let mut taken = 0;
    for batch in entries.chunks(BATCH) {
        taken += bring(app, batch, console).await?;
    }
    let stay = entries.len() - taken;
    console.note(format_args!("{} ingested, {stay} kept", entries_counted(taken)));
    Ok(Outcome::of(stay == 0 && nothing_skipped))
}

/// Ingests entries again; ingested ones leave the quarantine.
async fn bring(
    app: &App,
    entries: &[Quarantined],
    console: &mut Console<'_>,
) -> Result<usize, Failure> {
    // Sent when it first came: a fee keeps its place in the order of arrival.
    let message = |entry: &Quarantined| Message {
        id: id(entry),
        sent_at: entry.at,
        body: entry.body.clone(),
    };
    let messages: Vec<Message> = entries.iter().map(message).collect();
    let now = app.clock.now();
    let reports = ingestion::ingest(app, &messages).await?;
    let mut taken = 0;
    for (number, entry) in entries.iter().enumerate() {
        let mine = |report: &&EventReport| {
            report.message == number && report.outcome != EventOutcome::Ingested
        };
        let id = id(entry);
        match reports.iter().find(mine).map(|report| &report.outcome) {
            None | Some(EventOutcome::Ingested) => {
                app.table.release(entry).await?;
                taken += 1;
                console.say(format_args!("{id}  ingested"));
            }
            Some(EventOutcome::Retry { reason }) => {
                console.say(format_args!("{id}  not yet: {}", reason.sentence()));
            }
            Some(EventOutcome::Quarantined { reason, detail }) => {
                let kept = Quarantined {
                    reason: (*reason).to_owned(),
                    detail: detail.clone(),
                    body: entry.body.clone(),
                    at: now,
                };
                keep_where_it_was(app, entry, &kept).await?;
                console.say(format_args!("{id}  refused again: {reason}: {detail}"));
            }
        }
    }
    Ok(taken)
}

/// Ingest quarantines a refused event under the current day; an entry stays under the day of its
/// arrival.
async fn keep_where_it_was(
    app: &App,
    entry: &Quarantined,
    kept: &Quarantined,
) -> Result<(), Failure> {
    let same = (entry.at.day(), &entry.reason) == (kept.at.day(), &kept.reason);
    match same {
        true => app.table.quarantine(entry).await?,
        false => drop(app.table.release(kept).await?),
    }
    Ok(())
}

async fn entries(app: &App, days: Days) -> Result<Vec<Quarantined>, Failure> {
    let mut entries = Vec::new();
    for day in days.iter() {
        let mut of_day = app.table.quarantined(day).await?;
        of_day.sort_by(|a, b| (a.at, &a.body).cmp(&(b.at, &b.body)));
        entries.extend(of_day);
    }
    Ok(entries)
}

async fn find(app: &App, id: &str) -> Result<Quarantined, Failure> {
    let malformed = || {
        Failure::InvalidInput(
            "expected an entry's id as it is listed, as 2026-11-20.1f3c9a2b".into(),
        )
    };
    let (day, beginning) = id.split_once('.').ok_or_else(malformed)?;
    let day: Day = day.parse().map_err(|_| malformed())?;
    let mut entries = app.table.quarantined(day).await?;
    entries.retain(|entry| !beginning.is_empty() && entry.digest().starts_with(beginning));
    match (entries.pop(), entries.len()) {
        (Some(entry), 0) => Ok(entry),
        (None, _) => {
            Err(Failure::InvalidInput(format!("there is no entry {id} in the quarantine")))
        }
        (Some(_), others) => Err(Failure::InvalidInput(format!(
            "{} entries begin with {id}; say more of it",
            others + 1
        ))),
    }
}

fn days_of(app: &App, days: Option<&str>) -> Result<Days, Failure> {
    let Some(days) = days else { return Ok(usual(app)) };
    days.parse()
        .map_err(|_| Failure::InvalidInput("with --all, expected a day or FROM..TO".to_owned()))
}

fn usual(app: &App) -> Days {
    let last = app.clock.now().day();
    Days { first: last.plus(1 - USUAL_DAYS), last }
}

fn id(entry: &Quarantined) -> String {
    let digest: String = entry.digest().chars().take(SHOWN).collect();
    format!("{}.{digest}", entry.at.day())
}

fn entries_counted(number: usize) -> String {
    if number == 1 { "1 entry".to_owned() } else { count(number, "entrie") }
}
