//! The table that a command works on, from flags and environment.

use std::fmt;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::{Client, config};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use lambda::App;
use storage::Table;

use crate::{Failure, Options};

/// The logical id of the table in `template.yaml`.
const LOGICAL_ID: &str = "Table";

/// Where the AWS SDK finds credentials and region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsOptions {
    /// The profile, if the command line names one.
    pub profile: Option<String>,
    /// The region, if the command line names one.
    pub region: Option<String>,
}

impl AwsOptions {
    /// Returns the configuration that the AWS CLI would use.
    pub(crate) async fn sdk_config(&self) -> SdkConfig {
        let tls = Provider::Rustls(CryptoMode::Ring);
        let http = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http);
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        loader.load().await
    }
}

/// A table and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableTarget {
    table: Option<String>,
    stack: Option<String>,
    endpoint: Option<String>,
    aws: AwsOptions,
}

impl TableTarget {
    /// Returns the target that the flags and, for missing flags, the environment name.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let stack = options.stack.clone();
        Self {
            // A variable must not win over the stack of the command line.
            table: match &stack {
                Some(_) => options.table.clone(),
                None => options.table.clone().or_else(|| variable("TABLE_NAME")),
            },
            stack,
            aws: AwsOptions { profile: options.profile.clone(), region: options.region.clone() },
            endpoint: options.endpoint.clone().or_else(|| variable("AWS_ENDPOINT_URL_DYNAMODB")),
        }
    }

    /// Opens the table and reads it once.
    ///
    /// # Errors
    /// If no table is named or found, or it does not answer.
    pub async fn open(&mut self) -> Result<App, Failure> {
        let app = match self.is_local() {
            true => self.local()?,
            false => self.deployed().await?,
        };
        let silent = |error| Failure::Unreachable { target: self.to_string(), error };
        app.table.warm_up(app.clock.now()).await.map_err(silent)?;
        Ok(app)
    }

    /// Returns where the SDK finds credentials and region, for other services.
    pub(crate) const fn aws(&self) -> &AwsOptions {
        &self.aws
    }

    /// Returns whether the table is reached as a function reaches it, by variables alone. That is
    /// so with an endpoint, as of a sandbox, which needs neither region nor credentials.
    const fn is_local(&self) -> bool {
        self.endpoint.is_some() && self.aws.profile.is_none() && self.stack.is_none()
    }

    fn local(&self) -> Result<App, Failure> {
        let lookup = |name: &str| match name {
            "TABLE_NAME" => self.table.clone(),
            "AWS_ENDPOINT_URL_DYNAMODB" => self.endpoint.clone(),
            "AWS_REGION" if self.aws.region.is_some() => self.aws.region.clone(),
            _ => std::env::var(name).ok(),
        };
        App::from_variables(&lookup).map_err(|error| match error {
            lambda::StartError::Missing { name: "TABLE_NAME", .. } => no_table(),
            error => error.into(),
        })
    }

    /// Opens a table in AWS with the region and credentials that the AWS CLI would use.
    async fn deployed(&mut self) -> Result<App, Failure> {
        if self.table.is_none() && self.stack.is_none() {
            return Err(no_table());
        }
        let shared = self.aws.sdk_config().await;
        self.aws.region = shared.region().map(Region::to_string);
        let mut config = config::Builder::from(&shared);
        if let Some(endpoint) = &self.endpoint {
            config = config.endpoint_url(endpoint);
        }
        let table = match (&self.table, &self.stack) {
            (Some(table), _) => table.clone(),
            (None, Some(stack)) => {
                table_of(stack, &Client::from_conf(config.clone().build())).await?
            }
            (None, None) => return Err(no_table()),
        };
        self.table = Some(table.clone());
        Ok(App::on_table(Table::new(config, table))?)
    }
}

fn no_table() -> Failure {
    let expected = "expected a table: --stack NAME, --table NAME or TABLE_NAME";
    Failure::InvalidInput(expected.to_owned())
}

/// Returns the name of a stack's table.
///
/// CloudFormation names it `STACK-Table-SUFFIX`. The list of tables needs no further SDK, where
/// the stack's outputs would need that of CloudFormation.
async fn table_of(stack: &str, client: &Client) -> Result<String, Failure> {
    let prefix = format!("{stack}-{LOGICAL_ID}-");
    // The list begins after a name, which need not exist.
    let page = client.list_tables().exclusive_start_table_name(&prefix).send().await;
    let page = page.map_err(|error| Failure::Unlisted {
        stack: stack.to_owned(),
        error: DisplayErrorContext(&error).to_string(),
    })?;
    let found: Vec<&String> =
        page.table_names().iter().filter(|name| name.starts_with(&prefix)).collect();
    match found.as_slice() {
        [table] => Ok((*table).clone()),
        [] => Err(Failure::InvalidInput(format!("no table of the stack {stack} ({prefix}…)"))),
        several => Err(Failure::InvalidInput(format!(
            "several tables of the stack {stack}: choose one of {several:?} with --table"
        ))),
    }
}

impl fmt::Display for TableTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}", self.table.as_deref().unwrap_or("(none)"))?;
        match (&self.endpoint, &self.aws.region) {
            (Some(endpoint), _) => write!(f, " at {endpoint}"),
            (None, Some(region)) => write!(f, " in {region}"),
            (None, None) => Ok(()),
        }
    }
}
