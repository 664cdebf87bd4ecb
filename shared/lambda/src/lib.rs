//! The context of every function, and its creation from the environment.
//!
//! ```no_run
//! use http_api::{Request, Response};
//! use lambda::ApiApp;
//!
//! # async fn handle(app: &ApiApp, _: Request) -> Response { let _ = app; unimplemented!() }
//! // The complete `main` of an API function:
//! async fn run() -> Result<(), lambda::StartupFailure> {
//!     lambda::serve(handle).await
//! }
//! # fn main() { let _ = run; }
//! ```

mod api_function;
mod app;
mod aws;
mod clock;
mod deadline;
mod idempotency;
mod keys;
mod metrics;
mod origin;
mod random;
mod respond;
mod secret;
mod start;
mod stopwatch;
#[cfg(test)]
mod testing;
mod traces;

pub use app::{ApiApp, App, OrProblem};
pub use aws::Service;
pub use clock::{Clock, ManualClock};
pub use deadline::Deadline;
pub use idempotency::{idempotent, new_answer, replay};
pub use keys::{KeyRing, SecretKeys, SecretKeysError};
pub use metrics::{
    CapturedMetrics, Dimension, FUNCTION, Metric, MetricSet, Metrics, NAMESPACE, STACK, VERSION,
};
pub use random::{EntropyError, RandomSource};
pub use respond::respond;
pub use secret::SecretError;
pub use start::{
    StartError, StartupFailure, keys_of_secret, optional_variable, sdk_config, serve, start_worker,
    variable,
};
pub use stopwatch::{InvocationStats, Stopwatch};
