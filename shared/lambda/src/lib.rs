//! What every function is given, and how the real ones are made from the environment.
//!
//! ```no_run
//! use http_api::{Request, Response};
//! use lambda::App;
//!
//! # async fn handle(app: &App, _: Request) -> Response { let _ = app; unimplemented!() }
//! // The whole of an API function's `main`:
//! async fn run() -> Result<(), lambda::StartupFailure> {
//!     lambda::serve(handle).await
//! }
//! # fn main() { let _ = run; }
//! ```

mod app;
mod aws;
mod clock;
mod deadline;
mod idempotency;
mod metrics;
mod random;
mod respond;
mod start;
mod stopwatch;

pub use app::{App, OrProblem};
pub use aws::Service;
pub use clock::{Clock, ManualClock};
pub use deadline::Deadline;
pub use idempotency::{idempotent, new_answer, replay};
pub use metrics::{CapturedMetrics, Dimension, Metric, MetricSet, Metrics, NAMESPACE, STACK};
pub use random::{EntropyError, RandomSource};
pub use respond::respond;
pub use start::{
    StartError, StartupFailure, init_logging, sdk_config, serve, start_worker, variable,
};
pub use stopwatch::{InvocationStats, Stopwatch};
