//! `POST /v1/links`: a new link.

use commission::{Rate, SharedCommission};
use http_api::{Call, Code, Problem, Response, reply};
use lambda::{App, OrProblem, idempotent, new_answer, replay};
use policy::Programme;
use serde::Deserialize;
use storage::{Attempt, KeyedRequest, LinkOutcome, retry_on_conflict};
use types::{Market, Timestamp};

use crate::add::{self, Draft, NewLink};
use crate::label::Label;
use crate::view::ListedLink;
use crate::{MAX_ATTEMPTS, affiliate, stopped};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MakeLinkBody {
    label: Option<Label>,
    shared_commission: Option<Shared>,
    #[serde(default)]
    default: bool,
}

/// Both parts; `"0"` if nothing is shared.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    spot: Rate,
    futures: Rate,
}

pub(crate) async fn answer<R>(app: &App, call: &Call<R>) -> Result<Response, Problem> {
    idempotent(app, call, async |request| make(app, call, request).await).await
}

/// Makes the link and records the answer in one transaction, so that a repeated request makes no
/// second one.
async fn make<R>(
    app: &App,
    call: &Call<R>,
    request: Option<&KeyedRequest>,
) -> Result<Response, Problem> {
    let new_link = new_link(call.json()?, &app.programme, call.now)?;
    stopped::check(app, &call.caller).await?;
    let conflict = || Problem::from(Code::Conflict);
    retry_on_conflict(MAX_ATTEMPTS, conflict, || async {
        let links = affiliate::links(app, call).await?;
        let Some(Draft { link, default, links }) = add::draft(app, call, links, &new_link)? else {
            return Ok(Attempt::Conflict);
        };
        let response = reply::created(&ListedLink::new(&link, default, &app.programme.links))?;
        let answer = request.map(|request| new_answer(request, &response));
        let made = app.table.make_link_once(&call.caller, &link, &links, answer.as_ref()).await;
        match (made.or_problem()?, request) {
            (LinkOutcome::Made, _) => Ok(Attempt::Done(response)),
            (LinkOutcome::Answered(earlier), Some(request)) => {
                replay(request, earlier).map(Attempt::Done)
            }
            _ => Ok(Attempt::Conflict),
        }
    })
    .await
}

fn new_link(link: MakeLinkBody, programme: &Programme, now: Timestamp) -> Result<NewLink, Problem> {
    let shared = match link.shared_commission {
        Some(Shared { spot, futures }) => {
            check(Market::Spot, spot, programme, now)?;
            check(Market::Futures, futures, programme, now)?;
            SharedCommission { spot, futures }
        }
        None => SharedCommission::default(),
    };
    Ok(NewLink { label: link.label.map(String::from), shared, default: link.default })
}

fn check(market: Market, rate: Rate, programme: &Programme, now: Timestamp) -> Result<(), Problem> {
    let rules = &programme.commission;
    rules.allows_shared(market, rate, now).map_err(|error| {
        let field = format!("sharedCommission.{market}");
        let detail = format!("`{field}`: {error}.");
        Problem::bad(field, detail).with("allowed", &rules.shared_choices(market, now))
    })
}
