//! The part of Lambda's Runtime API that a function needs: the next event, its response, its error.

use std::io::Result;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::{get, post};
use lambda::Clock;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

/// The time limit of an invocation.
const TIMEOUT_MILLIS: i64 = 60_000;

/// A function's response to an event, or its error.
pub type Answer = std::result::Result<Value, Value>;

/// The API of one execution environment, which processes one event at a time.
pub struct RuntimeApi {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Value>,
    answers: Mutex<mpsc::UnboundedReceiver<Answer>>,
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl RuntimeApi {
    /// Serves the API at a free port until the caller's runtime ends.
    ///
    /// # Errors
    /// If no port is available.
    pub async fn serve() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (events, coming) = mpsc::unbounded_channel();
        let (going, answers) = mpsc::unbounded_channel();
        let shared = Shared { events: Mutex::new(coming), answers: going };
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(error))
            .with_state(Arc::new(shared));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, events, answers: Mutex::new(answers) })
    }

    /// Returns the value of `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Passes an event to the function and waits for its answer, which may never arrive.
    pub async fn invoke(&self, event: Value) -> Option<Answer> {
        self.events.send(event).ok()?;
        self.answers.lock().await.recv().await
    }
}

type Next = (HeaderMap, String);

async fn next(State(shared): State<Arc<Shared>>) -> std::result::Result<Next, StatusCode> {
    let event = shared.events.lock().await.recv().await.ok_or(StatusCode::GONE)?;
    let deadline = Clock::system().now().plus_millis(TIMEOUT_MILLIS).millis();
    let mut headers = HeaderMap::new();
    headers.insert("lambda-runtime-aws-request-id", HeaderValue::from_static("one"));
    let arn = "arn:aws:lambda:local:000000000000:function:local";
    headers.insert("lambda-runtime-invoked-function-arn", HeaderValue::from_static(arn));
    let deadline = HeaderValue::from_str(&deadline.to_string());
    headers.insert(
        "lambda-runtime-deadline-ms",
        deadline.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?,
    );
    Ok((headers, event.to_string()))
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(_): Path<String>,
    body: String,
) -> StatusCode {
    answered(&shared, Ok(json(&body)))
}

async fn error(State(shared): State<Arc<Shared>>, body: String) -> StatusCode {
    answered(&shared, Err(json(&body)))
}

fn answered(shared: &Shared, answer: Answer) -> StatusCode {
    match shared.answers.send(answer) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::GONE,
    }
}

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| body.into())
}
