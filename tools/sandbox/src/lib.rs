//! The whole recall programme in one process, started by `cargo run`.
//!
//! It replaces AWS and the exchange, and nothing else. The routes and the table are those of
//! `template.yaml`, the rules those of `programme.toml`, and every request, event and night passes
//! through the functions' own handlers.
//!
//! ```no_run
//! use sandbox::{Options, Sandbox};
//!
//! # async fn doc() -> Result<(), sandbox::StartError> {
//! let options = Options { port: 0, empty: true, no_page: true, ..Options::default() };
//! let running = Sandbox::start(options).await?;
//! println!("the API is at {}", running.api_url());
//! running.stop().await
//! # }
//! ```

mod data_dir;
mod error;
mod gateway;
mod issuer;
mod load;
mod open;
mod options;
mod page;
mod progress;
mod queue;
mod ready;
mod routes;
mod running;
pub mod sample;
mod services;

pub use error::StartError;
pub use gateway::{FunctionsUrl, FunctionsUrlError};
pub use options::Options;
pub use running::{Running, Sandbox};
