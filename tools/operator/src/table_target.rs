//! Which table is worked on: from the flags, else from the environment, as the functions read it.

use std::fmt;

use lambda::App;

use crate::{Failure, Options};

/// A table and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableTarget {
    table: Option<String>,
    endpoint: Option<String>,
    region: Option<String>,
}

impl TableTarget {
    /// What the flags say; where they say nothing, the environment.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            table: options.table.clone().or_else(|| variable("TABLE_NAME")),
            endpoint: options.endpoint.clone().or_else(|| variable("AWS_ENDPOINT_URL_DYNAMODB")),
            region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")),
        }
    }

    /// An app on the table, which answered to a first cheap read.
    ///
    /// # Errors
    /// What is missing in the environment, or why the table does not answer.
    pub async fn open(&self) -> Result<App, Failure> {
        let lookup = |name: &str| match name {
            "TABLE_NAME" => self.table.clone(),
            "AWS_ENDPOINT_URL_DYNAMODB" => self.endpoint.clone(),
            _ => std::env::var(name).ok(),
        };
        let app = App::from_variables(&lookup).map_err(|error| match error {
            lambda::StartError::Missing { name: "TABLE_NAME", .. } => Failure::InvalidInput(
                "expected the table's name, as --table recall or in TABLE_NAME".to_owned(),
            ),
            error => error.into(),
        })?;
        let silent = |error| Failure::Unreachable { place: self.to_string(), error };
        app.table.warm_up().await.map_err(silent)?;
        Ok(app)
    }
}

impl fmt::Display for TableTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}", self.table.as_deref().unwrap_or("(none)"))?;
        match (&self.endpoint, &self.region) {
            (Some(endpoint), _) => write!(f, " at {endpoint}"),
            (None, Some(region)) => write!(f, " in {region}"),
            (None, None) => Ok(()),
        }
    }
}
