//! An embedded DynamoDB engine behind the real SDK, for tests and the sandbox.
//!
//! The SDK builds and retries its requests as usual; only the HTTP call is answered by
//! `dynoxide-rs`, whose methods use the API's JSON. Requests are not signed: signatures would not
//! be checked, and take a quarter of a call's time in a debug build. No function depends on this
//! crate.

mod call_meter;
mod connector;
mod create;
mod dispatch;
mod dump;
mod faults;
mod observer;
mod remote;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Region};
use aws_smithy_runtime_api::client::http::{HttpClient, SharedHttpConnector, http_client_fn};
use dynoxide::Database;

use crate::connector::Connector;
use crate::dispatch::{Tokens, dispatch};
use crate::remote::Remote;

pub use call_meter::CallStats;
pub use create::{CreateError, create_table};
pub use faults::{Fault, Faults};
pub use observer::Observer;
pub use remote::ENDPOINT;

/// Why the engine could not be opened or served.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The data file is not a database, or cannot be read or written.
    #[error("the data file cannot be opened: {0}")]
    Open(String),
    /// The data could not be written to a file.
    #[error("the data file cannot be written: {0}")]
    Save(String),
    /// A table could not be read or written as a whole.
    #[error("the table cannot be copied: {0}")]
    Dump(String),
    /// The HTTP endpoint stopped with an error.
    #[error("the DynamoDB endpoint failed: {0}")]
    Serve(String),
    /// The table of a test could not be made.
    #[error(transparent)]
    Table(#[from] CreateError),
    /// A variable for tests has an unexpected value.
    #[error("{0}")]
    Variable(String),
}

/// Where an engine's data are.
#[derive(Clone)]
enum Backend {
    Embedded(Database),
    Remote(Arc<Remote>),
}

/// The name of the table in the process.
const TABLE: &str = "recall";

/// The embedded engine. Clones share one database and its call statistics.
#[derive(Clone)]
pub struct Engine {
    backend: Backend,
    call_stats: Arc<Mutex<CallStats>>,
    counts_capacity: bool,
    tokens: Tokens,
    observer: Option<Arc<dyn Observer>>,
}

impl Engine {
    /// An engine whose data are gone when it is dropped.
    ///
    /// # Errors
    /// [`EngineError::Open`] if SQLite cannot make an in-memory database.
    pub fn memory() -> Result<Self, EngineError> {
        Self::over(Database::memory())
    }

    /// An engine over a data file, which is made if it is missing.
    ///
    /// # Errors
    /// [`EngineError::Open`] if the file is damaged or cannot be written.
    pub fn on_disk(path: &Path) -> Result<Self, EngineError> {
        Self::over(Database::new(&path.to_string_lossy()))
    }

    fn over(database: dynoxide::Result<Database>) -> Result<Self, EngineError> {
        let database = database.map_err(|error| EngineError::Open(error.to_string()))?;
        Ok(Self::at(Backend::Embedded(database)))
    }

    fn at(backend: Backend) -> Self {
        let (call_stats, tokens) = (Arc::default(), Tokens::Kept);
        Self { backend, call_stats, counts_capacity: false, tokens, observer: None }
    }

    /// Returns the engine of a test, with the template's table: an embedded one; or, if
    /// [`ENDPOINT`] is set, a remote DynamoDB, on which the table has a unique name and is deleted
    /// with the last clone of the engine.
    ///
    /// # Errors
    /// If the endpoint is malformed or the table cannot be created.
    pub async fn with_table() -> Result<Self, EngineError> {
        let engine = match Remote::from_environment()? {
            Some(remote) => Self::at(Backend::Remote(Arc::new(remote))),
            None => Self::memory()?,
        };
        let template = sam_template::Template::embedded();
        let template = template.map_err(|error| EngineError::Variable(error.to_string()))?;
        create_table(&engine.client(), engine.table_name(), &template.table).await?;
        Ok(engine)
    }

    /// The name of the table that [`Engine::with_table`] makes.
    #[must_use]
    pub fn table_name(&self) -> &str {
        match &self.backend {
            Backend::Embedded(_) => TABLE,
            Backend::Remote(remote) => remote.table_name(),
        }
    }

    fn database(&self) -> Result<&Database, String> {
        match &self.backend {
            Backend::Embedded(database) => Ok(database),
            Backend::Remote(_) => Err("only an engine in the process can do that".to_owned()),
        }
    }

    /// Writes all data into a new file, which [`Engine::on_disk`] can open.
    ///
    /// # Errors
    /// [`EngineError::Save`] if the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), EngineError> {
        let database = self.database().map_err(EngineError::Save)?;
        let saved = database.vacuum_into(&path.to_string_lossy());
        saved.map_err(|error| EngineError::Save(error.to_string()))
    }

    /// A real SDK client whose requests are answered by this engine.
    #[must_use]
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::from_conf(self.config().build())
    }

    /// Returns the configuration of such a client.
    #[must_use]
    pub fn config(&self) -> Builder {
        self.config_over(None)
    }

    /// The same, where calls go wrong as `faults` say.
    #[must_use]
    pub fn faulty_config(&self, faults: Arc<dyn Faults>) -> Builder {
        self.config_over(Some(faults))
    }

    fn config_over(&self, faults: Option<Arc<dyn Faults>>) -> Builder {
        match &self.backend {
            Backend::Embedded(_) => {
                let connector = SharedHttpConnector::new(Connector::new(self.clone(), faults));
                aws_sdk_dynamodb::Config::builder()
                    .behavior_version(BehaviorVersion::v2026_01_12())
                    .region(Region::from_static("local"))
                    .allow_no_auth()
                    .endpoint_url("http://embedded.invalid")
                    .http_client(http_client_fn(move |_, _| connector.clone()))
            }
            Backend::Remote(remote) => {
                let (engine, http) = (self.clone(), remote.http_client());
                remote.config().http_client(http_client_fn(move |settings, components| {
                    let way = http.http_connector(settings, components);
                    let connector = Connector::new(engine.clone(), faults.clone());
                    SharedHttpConnector::new(connector.by_way_of(way))
                }))
            }
        }
    }

    /// The same engine, which also counts the capacity that DynamoDB would charge.
    #[must_use]
    pub fn counting_capacity(mut self) -> Self {
        self.counts_capacity = true;
        self
    }

    /// The same engine, to which every transaction is a new one.
    ///
    /// It keeps a transaction's token for ten minutes, and looks through all that it has at the
    /// next one: after tens of thousands of transactions that takes longer than everything else.
    #[must_use]
    pub fn dropping_tokens(mut self) -> Self {
        self.tokens = Tokens::Dropped;
        self
    }

    /// The same engine; the calls of clients that are made from now on are seen by `observer`.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// How often each operation was called since the last time this was asked.
    #[must_use]
    pub fn take_calls(&self) -> BTreeMap<String, usize> {
        self.take_call_stats().calls
    }

    /// Returns the statistics of the calls since the previous reading.
    #[must_use]
    pub fn take_call_stats(&self) -> CallStats {
        std::mem::take(&mut self.call_stats())
    }

    fn call_stats(&self) -> MutexGuard<'_, CallStats> {
        self.call_stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves the DynamoDB API over HTTP until `shutdown` resolves.
    ///
    /// # Errors
    /// [`EngineError::Serve`] if the listener fails.
    pub async fn serve(
        &self,
        listener: tokio::net::TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EngineError> {
        let database = self.database().map_err(EngineError::Serve)?.clone();
        dynoxide::server::serve_with_shutdown(listener, database, shutdown)
            .await
            .map_err(EngineError::Serve)
    }

    /// Counts a call, and notifies the observer.
    fn notice(&self, operation: &str, body: &[u8]) {
        *self.call_stats().calls.entry(operation.to_owned()).or_default() += 1;
        if let Some(observer) = &self.observer {
            observer.observe(operation, body);
        }
    }

    /// Runs one operation in the process; answers the HTTP status and the JSON body.
    pub fn run(&self, operation: &str, body: &[u8]) -> (u16, String) {
        let Ok(database) = self.database() else { return (500, String::new()) };
        let started = Instant::now();
        let asking = self.counts_capacity.then(|| call_meter::asking_for_capacity(body));
        let body = asking.as_deref().unwrap_or(body);
        let answer = dispatch(database, operation, body, self.tokens);
        let busy = started.elapsed();
        let half_units = if self.counts_capacity { call_meter::half_units(&answer.1) } else { 0 };
        self.call_stats().add(operation, half_units, busy);
        answer
    }
}
