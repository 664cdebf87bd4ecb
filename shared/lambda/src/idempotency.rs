//! Requests with an `Idempotency-Key`: the same request, the same answer.

use http_api::{Call, Code, Problem, Response, reply};
use storage::{KeyedRequest, NewAnswer, RecordedAnswer, short_sha256};

use crate::{App, OrProblem};

/// Answers a request by the handler. With an `Idempotency-Key` the handler receives the keyed
/// request and records its success in the transaction of its writes; a refused request then gets
/// the recorded answer, if there is one.
///
/// The recorded answer is looked up after the handler and not before, so that a first request costs
/// no further call. Only successes are recorded: a refused request changed nothing, and may be sent
/// again.
///
/// # Errors
/// `bad_request` for a malformed key, `idempotency_key_reused` for another body, and the handler's.
pub async fn idempotent<R>(
    app: &App,
    call: &Call<R>,
    handler: impl AsyncFnOnce(Option<&KeyedRequest>) -> Result<Response, Problem>,
) -> Result<Response, Problem> {
    let Some(key) = call.idempotency_key()? else { return handler(None).await };
    let request = KeyedRequest {
        caller: call.caller.clone(),
        route: call.route_key(),
        key: key.to_owned(),
        body_digest: short_sha256(call.body()),
        at: call.now,
    };
    match handler(Some(&request)).await {
        Err(problem) if may_be_answered(problem.code()) => {
            match app.table.recorded_answer(&request).await.or_problem()? {
                Some(answer) => replay(&request, answer),
                None => Err(problem),
            }
        }
        outcome => outcome,
    }
}

/// Returns the answer as it is recorded for its request.
#[must_use]
pub fn new_answer<'a>(request: &'a KeyedRequest, response: &Response) -> NewAnswer<'a> {
    let text = String::from_utf8_lossy(response.body().as_ref()).into_owned();
    NewAnswer { request, status: response.status().as_u16(), text }
}

/// Returns the recorded answer of a request.
///
/// # Errors
/// `idempotency_key_reused` if it answered another body.
pub fn replay(request: &KeyedRequest, answer: RecordedAnswer) -> Result<Response, Problem> {
    if answer.body_digest != request.body_digest {
        return Err(Problem::new(Code::IdempotencyKeyReused).parameter("Idempotency-Key"));
    }
    reply::replayed(answer.status, answer.text)
}

/// Returns whether a refused request may have been answered before. A table that is throttled or
/// fails is not asked again, and a problem that [`replay`] made has been looked up.
const fn may_be_answered(code: Code) -> bool {
    !matches!(code, Code::Throttled | Code::Internal | Code::IdempotencyKeyReused)
}
