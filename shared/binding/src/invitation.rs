//! `GET /v1/invitation?ref=CODE`: the invitation of a link before sign-in.
//!
//! The route needs no token, so that the answer has only facts that belong to everyone with the
//! link: the masked owner and the share. A code that does not exist, a link that cannot bind an
//! existing user now and a stopped link have one answer. It reveals neither which of them applies
//! nor the reason. A stop of all binds changes no answer: the window says it.

use std::time::Duration;

use commission::SharedCommission;
use eligibility::{Bind, Rules};
use http_api::{Anyone, Call, Problem, Response, reply};
use lambda::{App, OrProblem};
use policy::Presentation;
use serde::Serialize;
use storage::{Account, Link};
use types::{LinkCode, Origin, Reason, Timestamp};

/// How long caches may keep the answer. A link changes only when its owner's account does, or by its
/// switch.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(60);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invitation<'a> {
    live: bool,
    inviter: Option<String>,
    shared_commission: Option<SharedCommission>,
    programme: &'a Presentation,
}

/// Cost: 2 calls, 2 read units; 1 less for a link that was lately seen or does not exist.
pub(crate) async fn answer<R>(app: &App, call: &Call<R, Anyone>) -> Result<Response, Problem> {
    let code: LinkCode = call.query.required("ref")?;
    let link = live_link(app, &code, call.now).await?;
    let invitation = Invitation {
        live: link.is_some(),
        inviter: link.as_ref().map(|link| link.facts.owner.masked()),
        shared_commission: link.map(|link| link.shared),
        programme: &app.programme.presentation,
    };
    reply::public(&invitation, MAX_AGE)
}

/// Returns the link of a code if existing users can be bound by it now.
pub(crate) async fn live_link(
    app: &App,
    code: &LinkCode,
    now: Timestamp,
) -> Result<Option<Link>, Problem> {
    if app.switches().await.links.contains_key(code) {
        return Ok(None);
    }
    let Some(link) = app.table.link(code).await.or_problem()? else { return Ok(None) };
    let owner = app.table.account(&link.facts.owner).await.or_problem()?;
    let rules = &app.programme.eligibility;
    let live = owner.is_some_and(|owner| is_live(&link, &owner.value, rules, now));
    Ok(Some(link).filter(|_| live))
}

/// Returns whether all checks are met that need no more than the link and its owner.
fn is_live(link: &Link, owner: &Account, rules: &Rules, at: Timestamp) -> bool {
    let bind = Bind {
        link: Some(&link.facts),
        inviter: Some(&owner.facts),
        invitee: None,
        origin: Origin::Recall,
        at,
    };
    let checks = eligibility::evaluate(&bind, rules).checks;
    // Without an invitee this one check is never met.
    checks.iter().all(|check| check.met || check.reason == Reason::UnknownAccount)
}
