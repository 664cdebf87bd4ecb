//! A table that fails: its client's calls are answered as a DynamoDB in trouble would.

use std::sync::Arc;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use dynamodb_embedded::Faults;
use lambda::App;
use storage::Table;

use crate::test_app::TestApp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Every call is one too many.
    Throttled,
    /// Every call fails.
    Broken,
    /// Somebody else is always faster: reads are good, conditional writes find their item changed.
    Contended,
}

impl Trouble {
    /// The world's app over the failing table.
    pub fn in_app(self, world: &TestApp) -> App {
        let config = world.engine.faulty_config(Arc::new(self));
        let config = config.retry_config(RetryConfig::disabled());
        App { table: Table::new(config, world.engine.table_name()), ..world.app.clone() }
    }
}

impl Faults for Trouble {
    fn next(&self, operation: &str) -> Option<dynamodb_embedded::Fault> {
        let error = match (self, operation) {
            (Self::Throttled, _) => "ThrottlingException",
            (Self::Broken, _) => "ResourceNotFoundException",
            (Self::Contended, "PutItem") => "ConditionalCheckFailedException",
            (Self::Contended, "TransactWriteItems") => "TransactionCanceledException",
            (Self::Contended, _) => return None,
        };
        Some(dynamodb_embedded::Fault::Refused(error))
    }
}
