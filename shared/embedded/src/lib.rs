//! A DynamoDB engine in the process, behind the real SDK: for tests and the sandbox.
//!
//! The SDK builds and retries its requests as ever; only the last step, the HTTP call, is answered
//! here by `dynoxide-rs`, whose methods take and give the API's own JSON. Requests are not signed:
//! nobody would check it, and it is a quarter of what a call costs in a debug build. No function
//! depends on this crate.

mod connector;
mod create;
mod dispatch;
mod faults;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use dynoxide::Database;

use crate::connector::Connector;

pub use create::{CreateError, create_table};
pub use faults::{Fault, Faults};

/// Why the engine could not be opened or served.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The data file is not a database, or cannot be read or written.
    #[error("the data file cannot be opened: {0}")]
    Open(String),
    /// The data could not be written to a file.
    #[error("the data file cannot be written: {0}")]
    Save(String),
    /// The HTTP endpoint stopped with an error.
    #[error("the DynamoDB endpoint failed: {0}")]
    Serve(String),
}

/// The embedded engine. Clones share one database and one count of calls.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    calls: Arc<Mutex<BTreeMap<String, usize>>>,
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
        Ok(Self { database, calls: Arc::default() })
    }

    /// Writes all data into a new file, for [`Engine::on_disk`] to go on with.
    ///
    /// # Errors
    /// [`EngineError::Save`] if the file is there already or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), EngineError> {
        let saved = self.database.vacuum_into(&path.to_string_lossy());
        saved.map_err(|error| EngineError::Save(error.to_string()))
    }

    /// A real SDK client whose requests are answered by this engine.
    #[must_use]
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        self.client_over(None)
    }

    /// The same, where calls go wrong as `faults` say.
    #[must_use]
    pub fn faulty_client(&self, faults: Arc<dyn Faults>) -> aws_sdk_dynamodb::Client {
        self.client_over(Some(faults))
    }

    fn client_over(&self, faults: Option<Arc<dyn Faults>>) -> aws_sdk_dynamodb::Client {
        let connector = SharedHttpConnector::new(Connector::new(self.clone(), faults));
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("local"))
            .allow_no_auth()
            .endpoint_url("http://embedded.invalid")
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    /// How often each operation was called since the last time this was asked.
    #[must_use]
    pub fn take_calls(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
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
        dynoxide::server::serve_with_shutdown(listener, self.database.clone(), shutdown)
            .await
            .map_err(EngineError::Serve)
    }

    fn count(&self, operation: &str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(operation.to_owned()).or_default() += 1;
    }
}
