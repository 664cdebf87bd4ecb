//! A DynamoDB outside of the process, on which the same tests run.

use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region, SharedHttpClient};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::EngineError;

/// The variable that says on which DynamoDB tests run: a URL, as `http://127.0.0.1:4700`, or `aws`
/// for DynamoDB itself, with region and credentials of the environment. Not set: in the process.
pub const ENDPOINT: &str = "RECALL_TEST_ENDPOINT";

/// A table with a unique name on a remote DynamoDB, deleted when this is dropped.
pub(crate) struct Remote {
    /// None is DynamoDB itself.
    url: Option<String>,
    table: String,
}

impl Remote {
    pub(crate) fn from_environment() -> Result<Option<Self>, EngineError> {
        let Some(endpoint) = variable(ENDPOINT) else { return Ok(None) };
        let is_url = ["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme));
        if !is_url && endpoint != "aws" {
            let expected = format!("{ENDPOINT}: expected a URL, as http://127.0.0.1:4700, or aws");
            return Err(EngineError::Variable(expected));
        }
        Ok(Some(Self { url: is_url.then_some(endpoint), table: drawn_name()? }))
    }

    pub(crate) fn table_name(&self) -> &str {
        &self.table
    }

    pub(crate) fn http_client(&self) -> SharedHttpClient {
        let builder = aws_smithy_http_client::Builder::new();
        match &self.url {
            Some(url) if url.starts_with("http://") => builder.build_http(),
            _ => builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https(),
        }
    }

    /// The SDK's settings but for the HTTP client. A local engine takes any credentials.
    pub(crate) fn config(&self) -> Builder {
        let of_environment = |name: &str| match &self.url {
            Some(_) => "local".to_owned(),
            None => variable(name).unwrap_or_default(),
        };
        let credentials = Credentials::new(
            of_environment("AWS_ACCESS_KEY_ID"),
            of_environment("AWS_SECRET_ACCESS_KEY"),
            variable("AWS_SESSION_TOKEN").filter(|_| self.url.is_none()),
            None,
            "tests",
        );
        let region = variable("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned());
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region))
            .credentials_provider(credentials);
        config.set_endpoint_url(self.url.clone());
        config
    }
}

/// In a separate thread, since the caller may be inside a runtime. A table that cannot be deleted
/// is recognised by the prefix of its name.
impl Drop for Remote {
    fn drop(&mut self) {
        let config = self.config().http_client(self.http_client()).build();
        let table = std::mem::take(&mut self.table);
        let delete = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let client = Client::from_conf(config);
            let deleted = runtime.block_on(client.delete_table().table_name(table).send());
            deleted.map_err(std::io::Error::other)
        };
        let _deleted = std::thread::spawn(delete).join();
    }
}

fn drawn_name() -> Result<String, EngineError> {
    let mut drawn = [0; 8];
    getrandom::fill(&mut drawn).map_err(|error| EngineError::Variable(error.to_string()))?;
    Ok(format!("recall-test-{}", hex::encode(drawn)))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
