//! The functions as real processes: their binaries, with a Lambda Runtime API and a DynamoDB
//! endpoint in this process.
//!
//! The endpoint counts the calls of a process and can kill it with SIGKILL before or after any of
//! them, so a kill is exact and repeatable.

mod binaries;
mod dynamodb;
mod function;
mod runtime_api;

#[cfg(test)]
mod kills;
#[cfg(test)]
mod story;
#[cfg(test)]
#[allow(dead_code, reason = "shared with the other tests, of which each uses a part")]
#[path = "../test_app.rs"]
mod test_app;

pub use binaries::{binary, build};
pub use dynamodb::{DynamoDb, Kill, When};
pub use function::{Died, Function};
pub use runtime_api::{Answer, RuntimeApi};
