//! A whole table at once, as no function may read it: for tests that compare, and for copies that
//! outlive a release.

use serde_json::{Value, json};

use crate::dispatch::{read, write};
use crate::{Engine, EngineError};

impl Engine {
    /// All items of a table in DynamoDB's JSON, in no order.
    ///
    /// # Errors
    /// [`EngineError::Dump`] if the engine is not in the process, or there is no such table.
    pub fn items(&self, table: &str) -> Result<Vec<Value>, EngineError> {
        let failed = |error: dynoxide::DynoxideError| EngineError::Dump(error.to_string());
        let database = self.database().map_err(EngineError::Dump)?;
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let request = json!({ "TableName": table, "ExclusiveStartKey": start });
            let page = database.scan(read(request.to_string().as_bytes()).map_err(failed)?);
            let page = write(&page.map_err(failed)?).map_err(failed)?;
            let mut page: Value = serde_json::from_str(&page)
                .map_err(|error| EngineError::Dump(error.to_string()))?;
            if let Some(Value::Array(found)) = page.get_mut("Items").map(Value::take) {
                items.extend(found);
            }
            start = page.get_mut("LastEvaluatedKey").map(Value::take).unwrap_or_default();
            if start.is_null() {
                return Ok(items);
            }
        }
    }

    /// Puts items in DynamoDB's JSON into a table, and replaces existing ones.
    ///
    /// # Errors
    /// [`EngineError::Dump`] if the engine is not in the process, the table does not exist, or an
    /// item is malformed.
    pub fn put(
        &self,
        table: &str,
        items: impl IntoIterator<Item = Value>,
    ) -> Result<(), EngineError> {
        let failed = |error: dynoxide::DynoxideError| EngineError::Dump(error.to_string());
        let database = self.database().map_err(EngineError::Dump)?;
        for item in items {
            let request = json!({ "TableName": table, "Item": item }).to_string();
            database.put_item(read(request.as_bytes()).map_err(failed)?).map_err(failed)?;
        }
        Ok(())
    }
}
