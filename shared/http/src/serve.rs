//! The border of a function: from a request to an answer, and one line in the log.

use std::time::Instant;

use lambda_http::{Request, RequestExt};
use terms::Timestamp;

use crate::{Call, Caller, Code, Entry, Problem, Query, Response, Routes};

/// Stands for the route in the log where there is none: a path may hold anything, also an id.
const NO_ROUTE: &str = "-";

/// Answers a request by the handler, or by the problem that keeps it from the handler.
///
/// In this order: 404 for an unknown path and 405 for an unknown method, 401 without a caller,
/// 400 for unknown or repeated query parameters. Each request leaves one line: method, route
/// pattern, status, code and milliseconds; never a path, an id, a token or a body.
pub async fn serve<R, H, F>(
    routes: &Routes<R>,
    request: Request,
    now: Timestamp,
    handler: H,
) -> Response
where
    R: Copy,
    H: FnOnce(Call<R>) -> F,
    F: Future<Output = Result<Response, Problem>>,
{
    let started = Instant::now();
    let method = request.method().clone();
    let (route, outcome) = match admit(routes, request, now) {
        Ok(call) => (call.pattern, handler(call).await),
        Err((route, problem)) => (route, Err(problem)),
    };
    let code = outcome.as_ref().err().map(Problem::code);
    let response = outcome.unwrap_or_else(Problem::into_response);
    let status = response.status().as_u16();
    let code = code.map(Code::as_str);
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(method = method.as_str(), route, status, code, milliseconds, "request");
    response
}

/// The call that the request makes, or the route's pattern and why it is none.
fn admit<R: Copy>(
    routes: &Routes<R>,
    request: Request,
    now: Timestamp,
) -> Result<Call<R>, (&'static str, Problem)> {
    let (entry, path) = routes
        .find(request.method().as_str(), path_of(&request))
        .map_err(|problem| (NO_ROUTE, problem))?;
    let (caller, query) =
        read(&entry, &request, now).map_err(|problem| (entry.pattern(), problem))?;
    let (route, pattern) = (entry.route(), entry.pattern());
    Ok(Call { route, caller: caller.0, now, query, pattern, path, request })
}

fn read<R: Copy>(
    entry: &Entry<R>,
    request: &Request,
    now: Timestamp,
) -> Result<(Caller, Query), Problem> {
    let caller = Caller::of(request, now)?;
    let query = match request.query_string_parameters_ref() {
        Some(given) => Query::read(given, entry.query_names())?,
        None => Query::default(),
    };
    Ok((caller, query))
}

/// The path as the API has it, without a stage.
fn path_of(request: &Request) -> &str {
    match request.raw_http_path() {
        "" => request.uri().path(),
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use terms::Reason;

    use super::*;
    use crate::{get, post, reply, testing};

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
        let response = serve(&ROUTES, request, testing::now(), answer).await;
        let body = serde_json::from_slice(response.body().as_ref()).unwrap();
        (response.status().as_u16(), body)
    }

    fn request(method: &str, target: &str) -> Request {
        testing::request_of("caller-7", method, target, &[], "")
    }

    #[tokio::test]
    async fn the_handler_is_told_the_caller_of_the_token() {
        let (status, body) = ask(request("GET", "/v1/things/9?limit=3")).await;
        assert_eq!((status, body["caller"].as_str()), (200, Some("caller-7")));
    }

    #[tokio::test]
    async fn paths_methods_callers_and_parameters_are_refused_in_this_order() {
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

    /// Collects what is logged.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    async fn logged(request: Request) -> Vec<String> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        ask(request).await;
        drop(guard);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_request_leaves_one_line_with_its_pattern_and_no_id() {
        let lines = logged(request("GET", "/v1/things/id-900?limit=3")).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = &lines[0];
        assert!(line.contains("method=\"GET\" route=\"/v1/things/{id}\" status=200"), "{line}");
        assert!(!line.contains("id-900") && !line.contains("caller-7"), "{line}");
    }

    #[tokio::test]
    async fn a_refusal_leaves_its_code_and_an_unknown_path_is_not_written_down() {
        let refused = logged(request("POST", "/v1/refuse")).await;
        assert!(refused[0].contains("status=409 code=\"already_bound\""), "{refused:?}");
        let unknown = logged(request("GET", "/v1/users/id-900")).await;
        assert!(unknown[0].contains("route=\"-\" status=404"), "{unknown:?}");
    }

    #[tokio::test]
    async fn a_fault_leaves_its_cause_once_and_then_the_line() {
        let lines = logged(request("GET", "/v1/fail")).await;
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("disk of secrets") && lines[0].contains("ERROR"), "{lines:?}");
        assert!(lines[1].contains("status=500 code=\"internal\""), "{lines:?}");
    }
}
