//! Tables whose calls fail as a DynamoDB in trouble fails.

use std::sync::Arc;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use dynamodb_embedded::Faults;
use lambda::ApiApp;
use storage::Table;

use crate::test_app::TestApp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Every call is throttled.
    Throttled,
    /// Every call fails.
    Broken,
    /// Reads succeed, and conditional writes find their item changed.
    Contended,
}

impl Trouble {
    /// Returns the context of the app with the failing table.
    pub fn in_context(self, app: &TestApp) -> ApiApp {
        let config = app.engine.faulty_config(Arc::new(self));
        let config = config.retry_config(RetryConfig::disabled());
        app.context.with_table(Table::new(config, app.engine.table_name()))
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
