//! `GET /v1/bind?ref=CODE`: the confirmation window.

use std::time::Duration;

use commission::SharedCommission;
use http_api::{Call, OrInternal, Problem, Purpose, Response, reply};
use lambda::{ApiApp, OrProblem};
use policy::Presentation;
use serde::Serialize;
use storage::Link;
use types::{LinkCode, Origin, Reason, Timestamp};

use crate::confirmation_token::ConfirmationToken;
use crate::context::BindContext;
use crate::stopped;
use crate::view::{self, CheckView};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Window<'a> {
    code: &'a LinkCode,
    inviter: String,
    origin: Origin,
    shared_commission: SharedCommission,
    eligible: bool,
    rule: &'a str,
    checks: Vec<CheckView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eligible_from: Option<Timestamp>,
    #[serde(flatten)]
    leave: Option<Leave>,
    programme: &'a Presentation,
}

/// The confirmation with which an eligible user binds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Leave {
    confirmation: String,
    expires_at: Timestamp,
}

pub(crate) async fn answer<R>(app: &ApiApp, call: &Call<R>) -> Result<Response, Problem> {
    let code: LinkCode = call.query.required("ref")?;
    stopped::check(app, &code).await?;
    let link = app.table.link(&code).await.or_problem()?;
    let link = link.ok_or_else(|| Problem::new(Reason::UnknownLink).parameter("ref"))?;
    let context = BindContext::read(app, &call.caller, &code, Some(&link.facts.owner)).await?;
    let report = context.evaluate(&app.programme.eligibility, call.now);
    let eligible = report.eligible();
    let mut response = reply::ok(&Window {
        code: &code,
        inviter: link.facts.owner.masked(),
        origin: Origin::Recall,
        shared_commission: link.shared,
        eligible,
        rule: &report.rule,
        checks: view::checks(&report),
        eligible_from: report.eligible_from(),
        leave: eligible.then(|| leave(app, call, &link)).transpose()?,
        programme: &app.programme.presentation,
    })?;
    // For the metrics: the answer itself is a success.
    if let Some(reason) = report.refusal() {
        response.extensions_mut().insert(reason);
    }
    Ok(response)
}

fn leave<R>(app: &ApiApp, call: &Call<R>, link: &Link) -> Result<Leave, Problem> {
    let expires_at = after(call.now, app.programme.confirmation_valid_for);
    let confirmed = ConfirmationToken::of(link, &app.signer, &call.caller);
    let sealed = app.signer.seal(Purpose::Confirmation, &call.caller, &confirmed, expires_at);
    Ok(Leave { confirmation: sealed.or_internal()?, expires_at })
}

fn after(instant: Timestamp, time: Duration) -> Timestamp {
    instant.plus_millis(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}
