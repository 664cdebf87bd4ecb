//! What a function is given.

use std::sync::Arc;

use http_api::{Code, Problem, Signer};
use policy::Programme;
use storage::{Table, TableError};

use crate::{Clock, Metrics, RandomSource};

/// All that a function needs beside its event. Cheap to clone; clones share everything.
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
    /// Confirmations and cursors.
    pub signer: Signer,
    /// Where measures are taken down.
    pub metrics: Metrics,
}

/// Turns a failure of the table into the problem that tells the caller what to do about it.
pub trait OrProblem<T> {
    /// The value; or `throttled` or `conflict`, which are worth a retry; or `internal`.
    fn or_problem(self) -> Result<T, Problem>;
}

impl<T> OrProblem<T> for Result<T, TableError> {
    fn or_problem(self) -> Result<T, Problem> {
        self.map_err(|error| match error {
            TableError::Throttled(_) => worth_a_retry(&error, Code::Throttled),
            TableError::Contended(_) => worth_a_retry(&error, Code::Conflict),
            TableError::Corrupt { .. }
            | TableError::UnknownSchemaVersion { .. }
            | TableError::Rejected(_)
            | TableError::Service(_) => Problem::internal(&error),
        })
    }
}

fn worth_a_retry(error: &TableError, code: Code) -> Problem {
    tracing::warn!(%error, "a request must be repeated");
    Problem::new(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(error: TableError) -> &'static str {
        Err::<(), _>(error).or_problem().unwrap_err().code().as_str()
    }

    #[test]
    fn what_passes_by_itself_asks_for_a_retry_and_the_rest_is_our_fault() {
        assert_eq!(code(TableError::Throttled("slow down".into())), "throttled");
        assert_eq!(code(TableError::Contended("links")), "conflict");
        assert_eq!(code(TableError::Service("unreachable".into())), "internal");
        assert_eq!(code(TableError::Corrupt { what: "link", why: "".into() }), "internal");
    }
}
