//! Admits requests and answers them.

use lambda_http::http::Method;
use lambda_http::{Request, RequestExt};
use types::Timestamp;

use crate::{Admit, Call, Code, Entry, Problem, Query, Response, Routes};

/// Replaces the route in logs and metrics if there is none: the path itself may contain an id.
pub const NO_ROUTE: &str = "-";

/// An answer, with the facts about it that may be logged.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub response: Response,
    /// The request's method.
    pub method: Method,
    /// The pattern of the route's path, as `/v1/links/{code}`, or [`NO_ROUTE`].
    pub pattern: &'static str,
    /// The code, where the answer is a problem.
    pub code: Option<Code>,
}

impl Answered {
    /// The answer's status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The route as API Gateway writes it, as `PATCH /v1/links/{code}`, or [`NO_ROUTE`].
    #[must_use]
    pub fn route(&self) -> String {
        match self.pattern {
            NO_ROUTE => NO_ROUTE.to_owned(),
            pattern => format!("{} {pattern}", self.method),
        }
    }
}

/// Answers a request by the handler, or by the problem that keeps it from the handler.
///
/// In this order: 404 for an unknown path and 405 for an unknown method, 401 without a caller,
/// 400 for unknown or repeated query parameters. The handler's argument says which callers the
/// routes admit: users, or [`Anyone`](crate::Anyone).
pub async fn serve<R, C, H, F>(
    routes: &Routes<R>,
    request: Request,
    now: Timestamp,
    handler: H,
) -> Answered
where
    R: Copy,
    C: Admit,
    H: FnOnce(Call<R, C>) -> F,
    F: Future<Output = Result<Response, Problem>>,
{
    let method = request.method().clone();
    let (pattern, outcome) = match admit(routes, request, now) {
        Ok(call) => (call.pattern, handler(call).await),
        Err(Refused { pattern, problem }) => (pattern, Err(problem)),
    };
    let code = outcome.as_ref().err().map(Problem::code);
    let response = outcome.unwrap_or_else(Problem::into_response);
    Answered { response, method, pattern, code }
}

/// A request that no handler answers.
struct Refused {
    /// The pattern of its route, or [`NO_ROUTE`].
    pattern: &'static str,
    problem: Problem,
}

fn admit<R: Copy, C: Admit>(
    routes: &Routes<R>,
    request: Request,
    now: Timestamp,
) -> Result<Call<R, C>, Refused> {
    let (entry, path) = routes
        .find(request.method().as_str(), path_of(&request))
        .map_err(|problem| Refused { pattern: NO_ROUTE, problem })?;
    let (route, pattern) = (entry.route(), entry.pattern());
    let (caller, query) = read(&entry, &request).map_err(|problem| Refused { pattern, problem })?;
    Ok(Call { route, caller, now, query, pattern, path, request })
}

fn read<R: Copy, C: Admit>(entry: &Entry<R>, request: &Request) -> Result<(C, Query), Problem> {
    let caller = C::admit(request)?;
    let query = match request.query_string_parameters_ref() {
        Some(given) => Query::read(given, entry.query_names())?,
        None => Query::default(),
    };
    Ok((caller, query))
}

/// The path as the API has it, without a stage.
pub(crate) fn path_of(request: &Request) -> &str {
    match request.raw_http_path() {
        "" => request.uri().path(),
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use types::Reason;

    use super::*;
    use crate::{Anyone, get, post, reply, testing};

    #[derive(Clone, Copy)]
    enum Route {
        Show,
        Refuse,
        Fail,
    }

    const ROUTES: Routes<Route> = Routes(&[
        get("/v1/things/{id}", Route::Show).query(&["limit"]),
        post("/v1/refuse", Route::Refuse),
        get("/v1/fail", Route::Fail),
    ]);

    async fn answer(call: Call<Route>) -> Result<Response, Problem> {
        match call.route {
            Route::Show => reply::ok(&json!({ "caller": call.caller.as_str() })),
            Route::Refuse => Err(Reason::AlreadyBound.into()),
            Route::Fail => Err(Problem::internal(&std::io::Error::other("disk of secrets"))),
        }
    }

    async fn ask(request: Request) -> (u16, Value) {
        let Answered { response, .. } = serve(&ROUTES, request, testing::now(), answer).await;
        let body = serde_json::from_slice(response.body().as_ref()).unwrap();
        (response.status().as_u16(), body)
    }

    fn request(method: &str, target: &str) -> Request {
        testing::request_of("caller-7", method, target, &[], "")
    }

    #[tokio::test]
    async fn handler_gets_caller_of_token() {
        let (status, body) = ask(request("GET", "/v1/things/9?limit=3")).await;
        assert_eq!((status, body["caller"].as_str()), (200, Some("caller-7")));
    }

    #[tokio::test]
    async fn refusals_have_order() {
        let nobody = |method, target| testing::request(method, target, &[], "");
        let cases = [
            (nobody("GET", "/v1/nothing?x=1"), 404, "not_found"),
            (nobody("DELETE", "/v1/things/9?x=1"), 405, "method_not_allowed"),
            (nobody("GET", "/v1/things/9?x=1"), 401, "unauthenticated"),
            (request("GET", "/v1/things/9?x=1"), 400, "bad_request"),
            (request("POST", "/v1/refuse"), 409, "already_bound"),
            (request("GET", "/v1/fail"), 500, "internal"),
        ];
        for (request, status, code) in cases {
            let (found, body) = ask(request).await;
            assert_eq!((found, body["code"].as_str()), (status, Some(code)));
            assert_eq!(body["status"], status);
        }
    }

    #[tokio::test]
    async fn public_route_needs_no_token() {
        let public =
            async |call: Call<Route, Anyone>| reply::ok(&json!({ "of": call.caller == Anyone }));
        for (target, status) in [("/v1/things/9", 200), ("/v1/things/9?x=1", 400)] {
            let request = testing::request("GET", target, &[], "");
            let answered = serve(&ROUTES, request, testing::now(), public).await;
            assert_eq!(answered.status(), status, "{target}");
        }
    }

    #[tokio::test]
    async fn unknown_path_is_not_logged() {
        let told = async |method, target| {
            let request = request(method, target);
            let answered = serve(&ROUTES, request, testing::now(), answer).await;
            (answered.route(), answered.status(), answered.code.map(Code::as_str))
        };
        let found = told("GET", "/v1/things/id-900?limit=3").await;
        assert_eq!(found, ("GET /v1/things/{id}".to_owned(), 200, None));
        let refused = told("POST", "/v1/refuse").await;
        assert_eq!(refused, ("POST /v1/refuse".to_owned(), 409, Some("already_bound")));
        for target in ["/v1/users/id-900", "/v1/refuse"] {
            assert_eq!(told("GET", target).await.0, NO_ROUTE);
        }
    }
}
