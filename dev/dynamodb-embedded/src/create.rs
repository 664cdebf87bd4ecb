//! Makes the table from its definition in the template.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus,
    TimeToLiveSpecification,
};
use sam_template::TableDefinition;

/// Why the table could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The definition lacks something that DynamoDB needs.
    #[error("the table's definition is incomplete")]
    Definition(#[from] BuildError),
    /// DynamoDB refused, or did not answer.
    #[error("the table could not be made: {0}")]
    Service(String),
}

/// Creates the table of a definition. An existing table stays as it is.
///
/// # Errors
/// [`CreateError`] with DynamoDB's message.
pub async fn create_table(
    client: &Client,
    name: &str,
    definition: &TableDefinition,
) -> Result<(), CreateError> {
    let request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes(definition)?))
        .set_key_schema(Some(keys(definition)?));
    match request.send().await.map_err(|error| error.into_service_error()) {
        Ok(made) => {
            let status = made.table_description().and_then(|table| table.table_status());
            if status != Some(&TableStatus::Active) {
                wait_for(client, name).await?;
            }
            set_time_to_live(client, name, definition).await
        }
        Err(CreateTableError::ResourceInUseException(_)) => Ok(()),
        Err(error) => Err(CreateError::Service(DisplayErrorContext(error).to_string())),
    }
}

/// DynamoDB itself takes some seconds.
async fn wait_for(client: &Client, name: &str) -> Result<(), CreateError> {
    let there = client.wait_until_table_exists().table_name(name);
    let waited = there.wait(Duration::from_secs(120)).await;
    waited.map(|_| ()).map_err(|error| CreateError::Service(error.to_string()))
}

async fn set_time_to_live(
    client: &Client,
    name: &str,
    definition: &TableDefinition,
) -> Result<(), CreateError> {
    let Some(attribute) = &definition.time_to_live else { return Ok(()) };
    let specification =
        TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build()?;
    let request =
        client.update_time_to_live().table_name(name).time_to_live_specification(specification);
    let sent = request.send().await;
    sent.map(|_| ()).map_err(|error| CreateError::Service(DisplayErrorContext(error).to_string()))
}

fn attributes(definition: &TableDefinition) -> Result<Vec<AttributeDefinition>, BuildError> {
    let attributes = definition.attributes.iter().map(|(name, kind)| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::from(kind.as_str()))
            .build()
    });
    attributes.collect()
}

fn keys(definition: &TableDefinition) -> Result<Vec<KeySchemaElement>, BuildError> {
    let keys = definition.keys.iter().map(|(name, role)| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(KeyType::from(role.as_str()))
            .build()
    });
    keys.collect()
}
