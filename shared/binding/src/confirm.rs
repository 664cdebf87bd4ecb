//! `POST /v1/bind`: the bind.

use eligibility::EligibilityReport;
use http_api::{Call, Code, OpenError, Problem, Purpose, Response, reply};
use lambda::{ApiApp, App, OrProblem, idempotent, new_answer, replay};
use serde::Deserialize;
use storage::{Attempt, BindOutcome, KeyedRequest, MAX_ATTEMPTS, retry_on_conflict};
use types::Reason;

use crate::confirmation_token::ConfirmationToken;
use crate::context::BindContext;
use crate::stopped;
use crate::view::{self, BindingView};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    confirmation: String,
}

pub(crate) async fn answer<R>(app: &ApiApp, call: &Call<R>) -> Result<Response, Problem> {
    idempotent(app, call, async |request| bind(app, call, request).await).await
}

/// Evaluates and writes, until the account does not change between the two.
async fn bind<R>(
    app: &ApiApp,
    call: &Call<R>,
    request: Option<&KeyedRequest>,
) -> Result<Response, Problem> {
    let confirmed = confirmed(app, call)?;
    stopped::check(app, &confirmed.code).await?;
    let owner = confirmed.owner(app, &call.caller).await?;
    let conflict = || Problem::from(Code::Conflict);
    retry_on_conflict(MAX_ATTEMPTS, conflict, || async {
        let context = BindContext::read(app, &call.caller, &confirmed.code, owner.as_ref()).await?;
        match context.is_made() {
            true => made_before(app, call, request).await,
            false => make(app, call, context, request).await,
        }
    })
    .await
}

fn confirmed<R>(app: &ApiApp, call: &Call<R>) -> Result<ConfirmationToken, Problem> {
    let Confirmation { confirmation } = call.json()?;
    let opened = app.signer.open(Purpose::Confirmation, &call.caller, &confirmation, call.now);
    opened.map_err(OpenError::of_confirmation)
}

/// A repetition: the same answer as the first time. A key that has no answer yet gets this one, so
/// that it keeps it should the binding be found void.
async fn made_before<R>(
    app: &App,
    call: &Call<R>,
    request: Option<&KeyedRequest>,
) -> Result<Attempt<Response>, Problem> {
    let binding = app.table.binding(&call.caller).await.or_problem()?;
    let Some(binding) = binding else { return Ok(Attempt::Conflict) };
    let response = reply::ok(&BindingView::new(&binding))?;
    let Some(request) = request else { return Ok(Attempt::Done(response)) };
    let answer = new_answer(request, &response);
    match app.table.record_answer(&answer).await.or_problem()? {
        None => Ok(Attempt::Done(response)),
        Some(earlier) => replay(request, earlier).map(Attempt::Done),
    }
}

/// Makes the binding, unless the account was changed since it was read.
async fn make<R>(
    app: &App,
    call: &Call<R>,
    context: BindContext,
    request: Option<&KeyedRequest>,
) -> Result<Attempt<Response>, Problem> {
    let report = context.evaluate(&app.programme.eligibility, call.now);
    if let Some(reason) = report.refusal() {
        return Err(refused(reason, &report));
    }
    let Some((account, binding)) = context.binding(report.rule, call.now) else {
        return Err(Reason::UnknownAccount.into());
    };
    let response = reply::created(&BindingView::new(&binding))?;
    let answer = request.map(|request| new_answer(request, &response));
    match app.table.bind_once(&account, &binding, answer.as_ref()).await.or_problem()? {
        BindOutcome::Bound => Ok(Attempt::Done(response)),
        BindOutcome::Changed => Ok(Attempt::Conflict),
    }
}

/// Returns the refusal: the first unmet check is its code, and all checks are listed. An account
/// that is bound already is a conflict; any other refusal is 422, also of reasons that have another
/// status elsewhere.
fn refused(reason: Reason, report: &EligibilityReport) -> Problem {
    let problem = match reason {
        Reason::AlreadyBound => Problem::new(reason),
        _ => Problem::new(reason).unprocessable(),
    };
    let problem = problem.with("rule", &report.rule).with("checks", &view::checks(report));
    match report.eligible_from() {
        Some(instant) => problem.with("eligibleFrom", &instant),
        None => problem,
    }
}
