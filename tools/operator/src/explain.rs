//! `operator explain`: an invitee's day, or one line of it, in words.

mod booked;
mod reason_detail;
mod text;
mod view;

use commission::LineKey;
use lambda::App;
use nightly::explain_day;
use types::{Day, Uid};

use crate::archive::OperatorArchive;
use crate::{Console, Failure, Outcome};

use booked::BookedLine;
use view::Explanation;

/// Explains the commission for an invitee's fees of a day.
pub(crate) async fn explain(
    app: &App,
    archive: &OperatorArchive<'_>,
    invitee: &Uid,
    day: Day,
    line: Option<&str>,
    json: bool,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let asked = |sentence: String| Failure::InvalidInput(sentence);
    let account = app.table.account(invitee).await?;
    let account = account.ok_or_else(|| asked(format!("no account {invitee} is known")))?;
    if let Some(main) = &account.value.facts.main_uid {
        let sentence = format!("{invitee} is a sub-account: its trades are those of {main}");
        return Err(asked(sentence));
    }
    let explained = explain_day(app, archive, &account, day).await?;
    let explained = explained.ok_or_else(|| {
        asked(format!("{invitee} has no inviter, and fees of such users are not kept"))
    })?;
    let binding = app.table.binding(invitee).await?;
    let booked = booked::lines(app, &explained.relation, day).await?;
    let only = line.map(|id| find(&booked, id)).transpose()?;
    let view = Explanation::new(app, &explained, binding.as_ref(), &booked, only.as_ref())?;
    if json {
        match serde_json::to_string_pretty(&view) {
            Ok(json) => console.say(json),
            Err(error) => return Err(asked(error.to_string())),
        }
    } else {
        text::of(&view).into_iter().for_each(|line| console.say(line));
    }
    Ok(Outcome::Clean)
}

/// Returns the subject of the line with this id, or this prefix of an id.
fn find(booked: &[BookedLine], id: &str) -> Result<LineKey, Failure> {
    let mut found = booked.iter().filter(|line| line.id.starts_with(id));
    match (found.next(), found.next()) {
        (Some(line), None) => Ok(line.line.key.clone()),
        (None, _) => Err(Failure::InvalidInput(format!(
            "no line {id} is booked on this invitee's fees of that day"
        ))),
        _ => Err(Failure::InvalidInput(format!("several lines begin with {id}; say more of it"))),
    }
}
