//! `PATCH /v1/links/{code}`: another label, another default.

use http_api::{Call, Code, Problem, Response, reply};
use lambda::{App, OrProblem};
use serde::{Deserialize, Deserializer};
use storage::{Link, Links, retry_on_conflict};
use types::{LinkCode, Malformed};

use crate::label::Label;
use crate::view::ListedLink;
use crate::{MAX_ATTEMPTS, affiliate};

/// The fields that are given; the others stay as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// `null` removes the label.
    #[serde(default, deserialize_with = "given")]
    label: Option<Option<Label>>,
    #[serde(default, deserialize_with = "given")]
    default: Option<True>,
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
    if change.label.is_none() && change.default.is_none() {
        return Err(Problem::bad("body", "Nothing to change: give `label` or `default`."));
    }
    let conflict = || Problem::from(Code::Conflict);
    let (link, links) = retry_on_conflict(MAX_ATTEMPTS, conflict, || async {
        let mut links = affiliate::links(app, call).await?;
        let link = apply(&change, &code, &mut links.value)?;
        let saved = app.table.save_links(&call.caller, &links).await.or_problem()?;
        Ok::<_, Problem>(saved.map(|()| (link, links.value)))
    })
    .await?;
    let default = links.default.as_ref() == Some(&code);
    reply::ok(&ListedLink::new(&link, default, &app.programme.links))
}

/// Changes one of the links; answers it as it then is.
fn apply(change: &Change, code: &LinkCode, links: &mut Links) -> Result<Link, Problem> {
    let link = links.links.iter_mut().find(|link| link.facts.code == *code);
    let link = link.ok_or_else(not_yours)?;
    if let Some(label) = &change.label {
        link.label = label.clone().map(String::from);
    }
    if change.default.is_some() {
        links.default = Some(code.clone());
    }
    Ok(link.clone())
}

/// The same for the code of another owner and for one that does not exist.
pub(crate) fn not_yours() -> Problem {
    Problem::new(Code::NotFound).parameter("code").detail("You have no link with this code.")
}
