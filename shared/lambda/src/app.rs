//! The context of a function: its table, rules, clock, randomness and metrics.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use http_api::{Code, Problem, Signer};
use policy::Programme;
use storage::{SwitchReading, Switches, Table, TableError};
use types::error_chain;

use crate::{Clock, Metrics, RandomSource};

/// Everything that a function needs in addition to its event. Cheap to clone; clones share it.
///
/// It holds no signing keys: functions that seal or open tokens have an [`ApiApp`].
#[derive(Clone)]
pub struct App {
    /// The one DynamoDB table.
    pub table: Table,
    /// The programme's rules.
    pub programme: Arc<Programme>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: RandomSource,
    /// Receives metrics.
    pub metrics: Metrics,
}

impl App {
    /// Returns the kill switches as they were within the last half a minute. Where they cannot be
    /// read they stay as they were, and the failure is logged. Cost: nothing, or 1 read unit each
    /// half a minute.
    pub async fn switches(&self) -> Arc<Switches> {
        let SwitchReading { switches, failure } = self.table.switches(self.clock.now()).await;
        if let Some(error) = failure {
            let error = error_chain(&error);
            tracing::error!(error, "the kill switches cannot be read, and stay as they were");
        }
        switches
    }
}

/// The context of an API function: an [`App`] with the keys for confirmations and cursors.
#[derive(Clone)]
pub struct ApiApp {
    /// The context without keys.
    pub app: App,
    /// Seals and opens confirmations and cursors.
    pub signer: Signer,
}

impl ApiApp {
    /// Returns the same context with another table.
    #[must_use]
    pub fn with_table(&self, table: Table) -> Self {
        Self { app: App { table, ..self.app.clone() }, signer: self.signer.clone() }
    }
}

impl Deref for ApiApp {
    type Target = App;
    fn deref(&self) -> &App {
        &self.app
    }
}

impl DerefMut for ApiApp {
    fn deref_mut(&mut self) -> &mut App {
        &mut self.app
    }
}

/// Converts errors of the table into problems of the API.
pub trait OrProblem<T> {
    /// Returns the value, or a problem: `throttled` and `conflict` may be retried; all others are
    /// `internal`.
    fn or_problem(self) -> Result<T, Problem>;
}

impl<T> OrProblem<T> for Result<T, TableError> {
    fn or_problem(self) -> Result<T, Problem> {
        self.map_err(|error| match error {
            TableError::Throttled(_) => retryable(&error, Code::Throttled),
            TableError::Contended(_) => retryable(&error, Code::Conflict),
            TableError::Corrupt { .. }
            | TableError::UnknownSchemaVersion { .. }
            | TableError::Rejected(_)
            | TableError::Service(_) => Problem::internal(&error),
        })
    }
}

fn retryable(error: &TableError, code: Code) -> Problem {
    tracing::warn!(error = error_chain(error), "the table asks for a retry");
    Problem::new(code)
}

#[cfg(test)]
mod tests {
    use storage::CallError;

    use super::*;

    fn code(error: TableError) -> &'static str {
        Err::<(), _>(error).or_problem().unwrap_err().code().as_str()
    }

    #[test]
    fn only_transient_errors_may_be_retried() {
        assert_eq!(code(TableError::Throttled(CallError::LeftUndone(8))), "throttled");
        assert_eq!(code(TableError::Contended("links")), "conflict");
        assert_eq!(code(TableError::Service(CallError::Action("unknown".to_owned()))), "internal");
        assert_eq!(code(TableError::Corrupt { what: "link", fault: "empty".into() }), "internal");
    }
}
