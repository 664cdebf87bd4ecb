//! A DynamoDB endpoint for one process, which counts its calls and kills it at one of them.

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

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The call has reached nobody.
    Before,
    /// The call is done; nobody is told.
    After,
}

/// At which of the calls from now on, the first being 0, the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// The call.
    pub at: usize,
    /// Before or after it is done.
    pub when: When,
}

/// The endpoint. Clones are the same.
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
    /// Serves the engine at a free port, as long as the runtime of the caller lives.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn serve(engine: Engine) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (state, killed) = (Mutex::default(), Notify::new());
        let shared = Arc::new(Shared { engine, state, killed });
        let routes = Router::new().route("/", post(call)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, shared })
    }

    /// What `AWS_ENDPOINT_URL_DYNAMODB` holds.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Begins to count anew, and kills the process at a call if it gets so far.
    pub fn arm(&self, kill: Option<Kill>) {
        let mut state = self.shared.lock();
        (state.calls, state.kill) = (0, kill);
    }

    /// How many calls there were since the count began.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.shared.lock().calls
    }

    /// The process whose calls these are, in place of the one before, which is ended.
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

    /// Whether the call that comes now is the one at which to kill, and when.
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

/// `kill -9`, and its end awaited: from here on it does nothing any more.
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
