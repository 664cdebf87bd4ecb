//! From the environment to an [`App`], and from there to the first request.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use aws_config::SdkConfig;
use futures_util::future::join;
use http_api::{KeysError, Request, Response, Signer};
use lambda_http::service_fn;
use policy::{PolicyErrors, Programme};
use storage::Table;
use tracing::Level;

use crate::api_function::ApiFunction;
use crate::keys::{KeyRing, SecretKeys};
use crate::metrics::{DeployedCode, STACK_VARIABLE};
use crate::secret::Secret;
use crate::traces::TableTraces;
use crate::{ApiApp, App, Clock, Metrics, RandomSource, SecretKeysError, Service, aws};

/// Why a function cannot start. The values of variables are never repeated.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is not set, or empty.
    #[error("{name} is not set; expected {expected}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// The expected value.
        expected: &'static str,
    },
    /// A variable has an unexpected value.
    #[error("{name} is malformed; expected {expected}")]
    Malformed {
        /// The variable.
        name: &'static str,
        /// The expected value.
        expected: &'static str,
    },
    /// `SIGNING_KEYS` does not hold keys.
    #[error("SIGNING_KEYS")]
    Keys(#[from] KeysError),
    /// The secret that a variable names gives no keys.
    #[error("{name}")]
    SecretKeys {
        /// The variable.
        name: &'static str,
        /// The reason.
        source: SecretKeysError,
    },
    /// TLS cannot be had.
    #[error("TLS cannot be set up")]
    Tls(#[source] Box<dyn Error + Send + Sync>),
    /// The programme that was built in does not parse.
    #[error("the programme cannot be read")]
    Programme(#[from] PolicyErrors),
}

/// Why `main` ends. Its `Debug`, which Rust prints then, is one sentence.
pub struct StartupFailure(Box<dyn Error + Send + Sync>);

impl fmt::Debug for StartupFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&types::error_chain(&*self.0))
    }
}

impl From<StartError> for StartupFailure {
    fn from(error: StartError) -> Self {
        Self(Box::new(error))
    }
}

impl From<lambda_http::Error> for StartupFailure {
    fn from(error: lambda_http::Error) -> Self {
        Self(error)
    }
}

/// Looks up the variables of the environment; an empty one is not set.
pub(crate) struct Variables<'a>(pub(crate) &'a dyn Fn(&str) -> Option<String>);

impl Variables<'_> {
    pub(crate) fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn required(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<String, StartError> {
        self.optional(name).ok_or(StartError::Missing { name, expected })
    }
}

impl App {
    /// Returns the context for the variables that `lookup` finds, without a call to AWS.
    ///
    /// # Errors
    /// [`StartError`] names the variable that is missing or malformed.
    pub fn from_variables(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, StartError> {
        let variables = Variables(lookup);
        Ok(Self::new(table(&variables)?, programme()?, metrics_of(&variables)))
    }

    /// Returns the context of a tool on this table, which records no metrics.
    ///
    /// # Errors
    /// [`StartError::Programme`] if the built-in programme cannot be parsed.
    pub fn on_table(table: Table) -> Result<Self, StartError> {
        Ok(Self::new(table, programme()?, Metrics::off()))
    }

    fn new(table: Table, programme: Programme, metrics: Metrics) -> Self {
        let (clock, entropy) = (Clock::system(), RandomSource::system());
        Self { table, programme: Arc::new(programme), clock, entropy, metrics }
    }
}

/// Metrics to standard output where the template names the stack, and none elsewhere.
fn metrics_of(variables: &Variables<'_>) -> Metrics {
    let Some(stack) = variables.optional(STACK_VARIABLE) else { return Metrics::off() };
    let function = variables.optional("AWS_LAMBDA_FUNCTION_NAME");
    let version = variables.optional("AWS_LAMBDA_FUNCTION_VERSION");
    let code = function.zip(version).map(|(function, version)| DeployedCode {
        function: function.into(),
        version: version.into(),
    });
    Metrics::of_stack(&stack, code)
}

fn table(variables: &Variables<'_>) -> Result<Table, StartError> {
    let name = variables.required("TABLE_NAME", "the name of the DynamoDB table")?;
    let mut config = aws::dynamodb(variables)?;
    if let Some(traces) = TableTraces::new(variables) {
        config = config.interceptor(traces);
    }
    Ok(Table::new(config, name))
}

fn programme() -> Result<Programme, StartError> {
    Ok(programme::programme()?)
}

/// Returns the keys of `SIGNING_KEYS`, for where there is no Secrets Manager: one or more of at
/// least 32 bytes, separated by commas, the signing one first.
pub(crate) fn signing_keys(variables: &Variables<'_>) -> Result<Signer, StartError> {
    let keys = variables.required("SIGNING_KEYS", "keys of at least 32 bytes each")?;
    Ok(Signer::from_keys_text(&keys)?)
}

/// Returns the configuration of a client of `service`, for a function without an [`App`].
///
/// # Errors
/// [`StartError`] names the variable that is missing or malformed.
pub fn sdk_config(service: Service) -> Result<SdkConfig, StartError> {
    aws::shared_config(&Variables(&|name| std::env::var(name).ok()), service)
}

/// Returns a required variable of the environment; an empty one counts as missing.
///
/// # Errors
/// [`StartError::Missing`] with its name and the expected value.
pub fn variable(name: &'static str, expected: &'static str) -> Result<String, StartError> {
    Variables(&|name| std::env::var(name).ok()).required(name, expected)
}

/// Returns a variable of the environment, if it is set and not empty.
#[must_use]
pub fn optional_variable(name: &str) -> Option<String> {
    Variables(&|name| std::env::var(name).ok()).optional(name)
}

/// Starts logging to standard output: JSON lines if `AWS_LAMBDA_LOG_FORMAT` is `JSON`, as in the
/// template, otherwise plain ones. `AWS_LAMBDA_LOG_LEVEL` or `RUST_LOG` set the level; the default
/// is INFO. Lambda adds the time of each line.
///
/// Must be called once in a process.
fn init_logging() {
    let variables = Variables(&|name| std::env::var(name).ok());
    let lines = tracing_subscriber::fmt()
        .with_max_level(log_level(&variables))
        .with_target(false)
        .without_time();
    let format = variables.optional("AWS_LAMBDA_LOG_FORMAT").unwrap_or_default();
    if format.eq_ignore_ascii_case("JSON") {
        lines.json().init();
    } else {
        lines.init();
    }
}

fn log_level(variables: &Variables<'_>) -> Level {
    let named = variables.optional("AWS_LAMBDA_LOG_LEVEL");
    let named = named.or_else(|| variables.optional("RUST_LOG"));
    named.and_then(|level| level.parse().ok()).unwrap_or(Level::INFO)
}

/// Returns the app after one cheap read of the table, that of the kill switches, so that name
/// resolution and TLS are complete before the first request. The programme is parsed while that
/// read waits for the network.
///
/// A failed read is logged and ignored, since the cause may be over at the first request.
///
/// # Errors
/// [`StartError`] names the variable that is missing or malformed.
pub(crate) async fn start(variables: &Variables<'_>) -> Result<App, StartError> {
    let table = table(variables)?;
    let (read, programme) = join(table.warm_up(Clock::system().now()), async { programme() }).await;
    if let Err(error) = read {
        tracing::warn!(
            error = types::error_chain(&error),
            "the table could not be read at the start"
        );
    }
    Ok(App::new(table, programme?, metrics_of(variables)))
}

/// Reads the keys of the secret that a variable names, if it is set.
pub(crate) async fn optional_secret<K: KeyRing>(
    variables: &Variables<'_>,
    name: &'static str,
) -> Result<Option<SecretKeys<K>>, StartError> {
    match variables.optional(name) {
        Some(secret) => read_secret(variables, name, secret).await.map(Some),
        None => Ok(None),
    }
}

pub(crate) async fn read_secret<K: KeyRing>(
    variables: &Variables<'_>,
    name: &'static str,
    secret: String,
) -> Result<SecretKeys<K>, StartError> {
    let keys = SecretKeys::read(Secret::new(secret, variables)?, Clock::system().now());
    keys.await.map_err(|source| StartError::SecretKeys { name, source })
}

/// Returns the keys of the secret that a variable of the environment names. Cost: 1 call.
///
/// # Errors
/// [`StartError`] names the variable if it is missing, or if its secret gives no keys.
pub async fn keys_of_secret<K: KeyRing>(name: &'static str) -> Result<SecretKeys<K>, StartError> {
    let variables = Variables(&|name| std::env::var(name).ok());
    let secret = variables.required(name, "the ARN of a secret")?;
    read_secret(&variables, name, secret).await
}

/// Starts a function that users do not call: sets up logging and returns its context, which has no
/// signing keys. The table was read once.
///
/// # Errors
/// [`StartError`] names the variable that is missing or wrong.
pub async fn start_worker() -> Result<App, StartError> {
    init_logging();
    start(&Variables(&|name| std::env::var(name).ok())).await
}

/// Runs an API function: starts logging, creates the app from the environment, reads the table
/// once, and passes every request to the handler.
///
/// # Errors
/// If the function cannot start, or the runtime fails.
pub async fn serve<H, F>(handle: H) -> Result<(), StartupFailure>
where
    H: Fn(&'static ApiApp, Request) -> F + Send + Sync,
    F: Future<Output = Response> + Send + 'static,
{
    init_logging();
    let function = ApiFunction::start(&Variables(&|name| std::env::var(name).ok())).await?;
    // It lives as long as the process, so that handlers can borrow it.
    let function: &'static ApiFunction = Box::leak(Box::new(function));
    let service = service_fn(|request| {
        let response = function.answer(request, &handle);
        async { Ok::<_, Infallible>(response.await) }
    });
    Ok(lambda_http::run(service).await?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;
    use crate::testing::lookup;

    const KEY: &str = "a key of at least thirty-two bytes";

    async fn app(all: &[(&str, &str)]) -> Result<ApiApp, StartError> {
        ApiFunction::start(&Variables(&lookup(all))).await.map(|function| function.app)
    }

    async fn refusal(all: &[(&str, &str)]) -> String {
        let Err(error) = app(all).await else { panic!("not refused") };
        format!("{:?}", StartupFailure::from(error))
    }

    #[tokio::test]
    async fn missing_variable_is_named() {
        let keys = "SIGNING_KEYS is not set; expected keys of at least 32 bytes each";
        assert_eq!(refusal(&[]).await, keys);
        assert_eq!(refusal(&[("SIGNING_KEYS", "")]).await, keys);
        let table = "TABLE_NAME is not set; expected the name of the DynamoDB table";
        assert_eq!(refusal(&[("SIGNING_KEYS", KEY)]).await, table);
    }

    #[test]
    fn context_without_keys_needs_table_name() {
        let variables = [("TABLE_NAME", "t"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")];
        assert!(App::from_variables(&lookup(&variables)).is_ok());
        let Err(error) = App::from_variables(&lookup(&[])) else { panic!("not refused") };
        let sentence = "TABLE_NAME is not set; expected the name of the DynamoDB table";
        assert_eq!(error.to_string(), sentence);
    }

    #[test]
    fn log_level_defaults_to_info() {
        let level = |all: &[(&str, &str)]| log_level(&Variables(&lookup(all)));
        assert_eq!(level(&[]), Level::INFO);
        assert_eq!(level(&[("RUST_LOG", "warn")]), Level::WARN);
        assert_eq!(level(&[("AWS_LAMBDA_LOG_LEVEL", "DEBUG"), ("RUST_LOG", "warn")]), Level::DEBUG);
        assert_eq!(level(&[("RUST_LOG", "recall=debug")]), Level::INFO);
    }

    #[test]
    fn only_deployed_functions_measure() {
        let variables = [("TABLE_NAME", "t"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")];
        let app = App::from_variables(&lookup(&variables)).unwrap();
        assert_eq!(format!("{:?}", app.metrics), "Metrics(off)");
        let [table, endpoint] = variables;
        let variables = [table, endpoint, ("METRICS_STACK", "recall")];
        let app = App::from_variables(&lookup(&variables)).unwrap();
        assert_eq!(format!("{:?}", app.metrics), "Metrics(standard output)");
    }

    #[tokio::test]
    async fn short_signing_key_is_not_repeated() {
        let sentence = refusal(&[("TABLE_NAME", "t"), ("SIGNING_KEYS", "short")]).await;
        let expected = "SIGNING_KEYS: signing key 1 has 5 bytes; at least 32 are needed";
        assert_eq!(sentence, expected);
    }

    /// Returns whether a request has a whole JSON document as its body.
    fn is_complete(request: &[u8]) -> bool {
        let text = String::from_utf8_lossy(request);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
        body.is_some_and(|body| serde_json::from_str::<serde_json::Value>(body).is_ok())
    }

    /// Answers one HTTP request with an empty item, and returns the request.
    async fn answer_once(listener: TcpListener) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !is_complete(&asked) {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).await.unwrap();
            asked.extend(&part[..length]);
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0";
        let answer = format!("{head}\r\ncontent-length: 2\r\n\r\n{{}}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(asked).unwrap()
    }

    #[tokio::test]
    async fn start_reads_table_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let variables = [
            ("TABLE_NAME", "recall-of-this-test"),
            ("SIGNING_KEYS", KEY),
            ("AWS_ENDPOINT_URL_DYNAMODB", url.as_str()),
        ];
        let server = tokio::spawn(answer_once(listener));
        let app = timeout(Duration::from_secs(5), app(&variables)).await.unwrap().unwrap();
        assert_eq!(app.table.call_stats().calls, 1);
        let asked = server.await.unwrap();
        assert!(asked.contains("DynamoDB_20120810.GetItem"), "{asked}");
        assert!(asked.contains("recall-of-this-test"), "{asked}");
    }

    #[tokio::test]
    async fn unreachable_table_allows_start() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let variables = [
            ("TABLE_NAME", "t"),
            ("SIGNING_KEYS", KEY),
            ("AWS_ENDPOINT_URL_DYNAMODB", url.as_str()),
        ];
        let outcome = timeout(Duration::from_secs(8), app(&variables)).await;
        assert!(outcome.unwrap().is_ok());
    }
}
