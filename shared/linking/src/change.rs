//! `PATCH /v1/links/{code}`: another label, another default, into the archive or out of it.

use http_api::{Call, Code, Problem, Response, reply};
use lambda::{App, OrProblem};
use serde::{Deserialize, Deserializer};
use storage::{Link, Links, retry_on_conflict};
use types::{LinkCode, Malformed, Timestamp};

use crate::label::Label;
use crate::view::ListedLink;
use crate::{MAX_ATTEMPTS, affiliate};

/// The most changes of an affiliate's links on a UTC day. All other writes of a user are bounded:
/// docs/decisions/2026-11-27-limits-per-subject.md
const MAX_CHANGES_PER_DAY: u32 = 100;

/// The fields that are given; the others stay as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// `null` removes the label.
    #[serde(default, deserialize_with = "given")]
    label: Option<Option<Label>>,
    #[serde(default, deserialize_with = "given")]
    default: Option<True>,
    /// An archived link is as usable as before. Its owner has put it aside.
    #[serde(default, deserialize_with = "given")]
    archived: Option<bool>,
}

impl Change {
    fn is_empty(&self) -> bool {
        self.label.is_none() && self.default.is_none() && self.archived.is_none()
    }
}

/// A link stops being the default when another one becomes it, never by itself.
#[derive(Deserialize)]
#[serde(try_from = "bool")]
struct True;

impl TryFrom<bool> for True {
    type Error = Malformed;

    fn try_from(value: bool) -> Result<Self, Malformed> {
        let expected = "expected true; to take the default away, give it to another link";
        if value { Ok(Self) } else { Err(Malformed(expected.to_owned())) }
    }
}

/// Distinguishes a field that is `null` from one that is absent.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

pub(crate) async fn answer<R>(app: &App, call: &Call<R>) -> Result<Response, Problem> {
    let code: LinkCode = call.path("code")?;
    let change: Change = call.json()?;
    if change.is_empty() {
        let detail = "Nothing to change: give `label`, `default` or `archived`.";
        return Err(Problem::bad("body", detail));
    }
    let conflict = || Problem::from(Code::Conflict);
    let (link, links) = retry_on_conflict(MAX_ATTEMPTS, conflict, || async {
        let mut links = affiliate::links(app, call).await?;
        let link = apply(&change, &code, &mut links.value)?;
        count(&mut links.value, call.now)?;
        let saved = app.table.save_links(&call.caller, &links).await.or_problem()?;
        Ok::<_, Problem>(saved.map(|()| (link, links.value)))
    })
    .await?;
    let default = links.default.as_ref() == Some(&code);
    reply::ok(&ListedLink::new(&link, default, &app.programme.links))
}

/// Changes one of the links; answers it as it then is.
///
/// # Errors
/// `not_found`; `bad_request` if the default link would be an archived one.
fn apply(change: &Change, code: &LinkCode, links: &mut Links) -> Result<Link, Problem> {
    let link = links.links.iter_mut().find(|link| link.facts.code == *code);
    let link = link.ok_or_else(not_yours)?;
    if let Some(label) = &change.label {
        link.label = label.clone().map(String::from);
    }
    if let Some(archived) = change.archived {
        link.archived = archived;
    }
    if change.default.is_some() {
        links.default = Some(code.clone());
    }
    if link.archived && links.default.as_ref() == Some(code) {
        return Err(archived_default(change));
    }
    Ok(link.clone())
}

/// The refusal of a change after which the default link would be archived.
fn archived_default(change: &Change) -> Problem {
    if change.archived == Some(true) {
        let detail = "The default link cannot be archived: make another link the default first.";
        return Problem::bad("archived", detail);
    }
    Problem::bad("default", "An archived link cannot be the default: restore it first.")
}

/// Counts the change in the item that it writes, which costs no further call.
///
/// # Errors
/// `throttled` until the day ends.
fn count(links: &mut Links, now: Timestamp) -> Result<(), Problem> {
    let today = now.day();
    if links.count_change(today) <= MAX_CHANGES_PER_DAY {
        return Ok(());
    }
    let left = u64::try_from(today.end().millis_since(now)).unwrap_or_default().div_ceil(1000);
    let detail = format!("Links can be changed {MAX_CHANGES_PER_DAY} times on a day (UTC).");
    Err(Problem::new(Code::Throttled).detail(detail).retry_after(left))
}

/// The same for the code of another owner and for one that does not exist.
pub(crate) fn not_yours() -> Problem {
    Problem::new(Code::NotFound).parameter("code").detail("You have no link with this code.")
}
