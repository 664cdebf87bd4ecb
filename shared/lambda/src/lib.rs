//! What every function is given, and how the real ones are made from the environment.
//!
//! ```no_run
//! use http_api::{Request, Response};
//! use lambda::App;
//!
//! # async fn handle(app: &App, _: Request) -> Response { let _ = app; unimplemented!() }
//! // The whole of an API function's `main`:
//! async fn run() -> Result<(), lambda::Failure> {
//!     lambda::serve(handle).await
//! }
//! # fn main() { let _ = run; }
//! ```

mod app;
mod aws;
mod clock;
mod effort;
mod entropy;
mod idempotency;
mod metrics;
mod respond;
mod start;

pub use app::{App, OrProblem};
pub use aws::Service;
pub use clock::{Clock, Dial};
pub use effort::{Effort, Watch};
pub use entropy::{Entropy, EntropyError};
pub use idempotency::{idempotent, new_answer, replay};
pub use metrics::{Dimension, Ledger, Measures, Metric, Metrics, NAMESPACE, STACK};
pub use respond::respond;
pub use start::{Failure, StartError, init_logging, sdk_config, serve, start_worker, variable};
