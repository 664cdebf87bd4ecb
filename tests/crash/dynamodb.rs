//! A DynamoDB endpoint for one process, which counts the calls and kills the process at one of
//! them.

use std::io::Result;
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use dynamodb_embedded::Engine;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// When the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the call is processed.
    Before,
    /// After the call is processed, before its reply.
    After,
}

/// The call at which the process is killed, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// The call's number.
    pub at: usize,
    /// Before or after it is processed.
    pub when: When,
}

/// The endpoint. Clones share it.
#[derive(Clone)]
pub struct DynamoDb {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    state: Mutex<Guarded>,
    killed: Notify,
}

#[derive(Default)]
struct Guarded {
    calls: usize,
    kill: Option<Kill>,
    process: Option<Child>,
}

impl DynamoDb {
    /// Serves the engine at a free port until the caller's runtime ends.
    ///
    /// # Errors
    /// If no port is available.
    pub async fn serve(engine: Engine) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (state, killed) = (Mutex::default(), Notify::new());
        let shared = Arc::new(Shared { engine, state, killed });
        let routes = Router::new().route("/", post(call)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, shared })
    }

    /// Returns the value of `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Resets the count, and kills the process at the given call.
    pub fn arm(&self, kill: Option<Kill>) {
        let mut state = self.shared.lock();
        (state.calls, state.kill) = (0, kill);
    }

    /// Returns the number of calls since the last reset.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.shared.lock().calls
    }

    /// Sets the process whose calls these are, and ends the previous one.
    pub fn watch(&self, process: Child) {
        let before = self.shared.lock().process.replace(process);
        end(before);
    }

    /// Ends the process.
    pub fn end(&self) {
        let process = self.shared.lock().process.take();
        end(process);
    }

    /// Waits until the process is killed.
    pub async fn killed(&self) {
        self.shared.killed.notified().await;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Guarded> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether to kill at the current call, and when.
    fn count(&self) -> Option<When> {
        let mut state = self.lock();
        let call = state.calls;
        state.calls += 1;
        let kill = state.kill.take_if(|kill| kill.at == call);
        kill.map(|kill| kill.when)
    }

    fn kill(&self) {
        let process = self.lock().process.take();
        end(process);
        self.killed.notify_one();
    }
}

/// Sends SIGKILL and waits for the end of the process.
fn end(process: Option<Child>) {
    let Some(mut process) = process else { return };
    let _gone = process.kill();
    let _status = process.wait();
}

async fn call(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default();
    let when = shared.count();
    if when == Some(When::Before) {
        shared.kill();
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    }
    let (status, answer) = shared.engine.run(operation, &body);
    if when == Some(When::After) {
        shared.kill();
    }
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), answer)
}
