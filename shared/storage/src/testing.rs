//! Helpers of this crate's tests.

use dynamodb_embedded::{Engine, create_table};
use sam_template::Template;

use crate::access::Table;

/// Returns an empty table of a separate engine.
pub(crate) async fn table() -> Table {
    let engine = Engine::memory().unwrap();
    let definition = Template::embedded().unwrap().table;
    create_table(&engine.client(), "recall", &definition).await.unwrap();
    Table::new(engine.config(), "recall")
}
