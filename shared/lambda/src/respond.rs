//! Answers a request of the API, and records it in the log and the metrics.

use http_api::{
    Admit, Answered, Call, Caller, Code, NO_ROUTE, Problem, Request, Response, Routes, serve,
};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

use crate::{ApiApp, Dimension, InvocationStats, Metric, MetricSet, Stopwatch};

/// Answers a request by the handler, or with the problem that prevents the call, as
/// [`http_api::serve`] does.
///
/// Logs one line for each request: method, route pattern, status, code, milliseconds, number and
/// time of calls to the table, whether it was the first of its process, the API's id of the
/// request, and the caller's pseudonym; never a path, an id of a person, a token or a body. On
/// Lambda the line is in the runtime's span, with the ids of invocation and trace. `measured` adds
/// the function's metrics.
pub async fn respond<R, C, H, F, M>(
    app: &ApiApp,
    routes: &Routes<R>,
    request: Request,
    handler: H,
    measured: M,
) -> Response
where
    R: Copy,
    C: Admit,
    H: FnOnce(Call<R, C>) -> F,
    F: Future<Output = Result<Response, Problem>>,
    M: FnOnce(&Answered) -> MetricSet,
{
    let watch = Stopwatch::start(app);
    let origin = RequestOrigin::of(app, &request);
    let answered = serve(routes, request, app.clock.now(), handler).await;
    let effort = watch.effort();
    log(&answered, &origin, &effort);
    let measures = measures(&answered, &effort).and(measured(&answered));
    app.metrics.record(app.clock.now(), &measures);
    answered.response
}

/// Refuses a request that did not pass through CloudFront, and records it as any other. Its route
/// is not looked up.
pub(crate) fn refuse_origin(app: &ApiApp, request: &Request) -> Response {
    let watch = Stopwatch::start(app);
    let problem = Problem::new(Code::Forbidden).detail(NOT_THROUGH_CLOUDFRONT);
    let answered = Answered {
        method: request.method().clone(),
        pattern: NO_ROUTE,
        code: Some(problem.code()),
        response: problem.into_response(),
    };
    let effort = watch.effort();
    log(&answered, &RequestOrigin::of(app, request), &effort);
    app.metrics.record(app.clock.now(), &measures(&answered, &effort));
    answered.response
}

const NOT_THROUGH_CLOUDFRONT: &str = "This API is reached by the page's address only.";

/// The facts by which a line of the log is joined with others.
struct RequestOrigin {
    api_request: Option<String>,
    /// The caller's pseudonym.
    subject: Option<String>,
}

impl RequestOrigin {
    fn of(app: &ApiApp, request: &Request) -> Self {
        let subject = Caller::of(request).ok().map(|caller| app.signer.pseudonym(&caller.0));
        Self { api_request: api_request_id(request), subject }
    }
}

/// Returns the id that API Gateway gave the request. It is in the access log and in the answer's
/// header `apigw-requestid`, so that a caller can quote it.
fn api_request_id(request: &Request) -> Option<String> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    }
}

fn log(answered: &Answered, origin: &RequestOrigin, effort: &InvocationStats) {
    tracing::info!(
        method = answered.method.as_str(),
        route = answered.pattern,
        status = answered.status(),
        code = answered.code.map(Code::as_str),
        milliseconds = effort.milliseconds,
        table_calls = effort.table.calls,
        table_milliseconds = effort.table_milliseconds(),
        cold = effort.cold,
        api_request = origin.api_request,
        subject = origin.subject,
        "request"
    );
}

/// Returns the metrics of every request. A request that a kill switch refused is no fault: a
/// deployment that repairs the cause must not be taken back for it.
fn measures(answered: &Answered, effort: &InvocationStats) -> MetricSet {
    let stopped = answered.code.is_some_and(Code::is_stop);
    let fault = u64::from(answered.status() >= 500 && !stopped);
    let success = u64::from(answered.status() < 400);
    effort.measures().by(
        Dimension::Route,
        answered.route(),
        [
            (Metric::Latency, effort.milliseconds),
            (Metric::Faults, fault),
            (Metric::Successes, success),
        ],
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use http_api::gateway::Claims;
    use http_api::gateway::Incoming;
    use http_api::{Signer, get, post, reply};
    use serde_json::{Value, json};
    use storage::CallStats;
    use types::Reason;

    use super::*;
    use crate::{App, CapturedMetrics, Metrics};

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

    /// Returns an app whose table does not answer, and its captured metrics.
    fn app() -> (ApiApp, CapturedMetrics) {
        let variables = [("TABLE_NAME", "t"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")];
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let (metrics, captured) = Metrics::kept();
        let app = App { metrics, ..App::from_variables(&lookup).unwrap() };
        let signer = Signer::from_keys_text("a key of at least thirty-two bytes").unwrap();
        (ApiApp { app, signer }, captured)
    }

    fn request(app: &App, method: &str, target: &str) -> Request {
        let incoming = Incoming { method, target, headers: &[], body: b"", at: app.clock.now() };
        incoming.request(Some(&Claims::of("caller-7".parse().unwrap()))).unwrap()
    }

    /// Captures the log.
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

    /// The lines of the log that a request leaves, and its line of metrics.
    async fn logged(method: &str, target: &str) -> (Vec<String>, Value) {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        let (app, captured) = app();
        // With a single subscriber, tracing asks the first thread that logs whether an event is
        // wanted, and caches the answer for all threads.
        let _other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        let guard = tracing::subscriber::set_default(subscriber);
        let request = request(&app, method, target);
        respond(&app, &ROUTES, request, answer, |_| MetricSet::default()).await;
        drop(guard);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let measured = captured.lines();
        assert_eq!(measured.len(), 1);
        (text.lines().map(str::to_owned).collect(), serde_json::from_str(&measured[0]).unwrap())
    }

    #[tokio::test]
    async fn request_is_logged_without_ids() {
        let (lines, measured) = logged("GET", "/v1/things/id-900?limit=3").await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = &lines[0];
        assert!(line.contains("method=\"GET\" route=\"/v1/things/{id}\" status=200"), "{line}");
        assert!(line.contains("table_calls=0 table_milliseconds=0 cold=true"), "{line}");
        assert!(!line.contains("id-900") && !line.contains("caller-7"), "{line}");
        let subject = app().0.signer.pseudonym(&"caller-7".parse().unwrap());
        assert!(line.contains(&format!("subject=\"{subject}\"")), "{line}");
        assert_eq!(measured["Route"], "GET /v1/things/{id}");
        assert_eq!((&measured["Faults"], &measured["ColdStarts"]), (&json!(0), &json!(1)));
        assert_eq!(measured["Successes"], 1);
    }

    #[tokio::test]
    async fn unknown_path_is_not_logged() {
        let (refused, _) = logged("POST", "/v1/refuse").await;
        assert!(refused[0].contains("status=409 code=\"already_bound\""), "{refused:?}");
        let (unknown, measured) = logged("GET", "/v1/users/id-900").await;
        assert!(unknown[0].contains("route=\"-\" status=404"), "{unknown:?}");
        assert_eq!(measured["Route"], NO_ROUTE);
        assert_eq!((&measured["Faults"], &measured["Successes"]), (&json!(0), &json!(0)));
    }

    #[test]
    fn request_past_cloudfront_is_forbidden() {
        let (app, captured) = app();
        let refused = refuse_origin(&app, &request(&app, "GET", "/v1/users/id-900"));
        assert_eq!(refused.status(), 403);
        let measured = captured.lines().remove(0);
        assert!(measured.contains("\"Route\":\"-\"") && !measured.contains("id-900"), "{measured}");
    }

    #[tokio::test]
    async fn fault_is_logged_with_its_cause() {
        let (lines, measured) = logged("GET", "/v1/fail").await;
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("disk of secrets") && lines[0].contains("ERROR"), "{lines:?}");
        assert!(lines[1].contains("status=500 code=\"internal\""), "{lines:?}");
        assert_eq!(measured["Faults"], 1);
    }

    #[tokio::test]
    async fn function_metrics_share_line() {
        let (app, captured) = app();
        let request = request(&app, "POST", "/v1/refuse");
        let measured = |answered: &Answered| {
            assert_eq!(answered.code, Some(Code::Reason(Reason::AlreadyBound)));
            MetricSet::of([(Metric::Binds, 3)])
        };
        respond(&app, &ROUTES, request, answer, measured).await;
        assert!(captured.lines()[0].contains("\"Binds\":3"));
    }

    #[test]
    fn table_calls_are_measured() {
        let table = CallStats { calls: 3, retries: 1, time: Duration::from_millis(7) };
        let effort = InvocationStats { milliseconds: 9, table, cold: false };
        let expected = MetricSet::of([
            (Metric::ColdStarts, 0),
            (Metric::TableCalls, 3),
            (Metric::TableRetries, 1),
            (Metric::TableTime, 7),
        ]);
        assert_eq!(effort.measures(), expected);
    }
}
