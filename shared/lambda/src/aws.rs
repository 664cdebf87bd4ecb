//! The configuration of a function's AWS clients.
//!
//! It uses the providers of `aws-config` for environment variables, and not its default chain:
//! Lambda sets region and credentials as variables, and the chain would read files that do not
//! exist there, make each function larger, and wait for an instance metadata service where a
//! variable is missing.

use std::net::IpAddr;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Builder, Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use lambda_http::http::Uri;

use crate::start::{StartError, Variables};

/// Attempts of one call, the first included.
const ATTEMPTS: u32 = 3;
/// The services are in the same region: a slower connection will not succeed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Long enough for a full page of 1 MB into a small function.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Shorter than the ten seconds that a function has to initialise.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// The five root certificates of Amazon Trust Services, from
/// <https://www.amazontrust.com/repository/> (docs/decisions/2026-11-25-amazon-trust-roots.md).
const AMAZON_ROOTS: &str = include_str!("amazon_roots.pem");
/// Variables that name other roots; the TLS library reads them by the same names.
const OTHER_ROOTS: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// A service that a function calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The table.
    DynamoDb,
    /// The event bus.
    EventBridge,
    /// The secret of the signing keys.
    SecretsManager,
}

impl Service {
    /// Returns the variable that overrides the endpoint, by the name that AWS's tools use.
    const fn endpoint_variable(self) -> &'static str {
        match self {
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Self::EventBridge => "AWS_ENDPOINT_URL_EVENTBRIDGE",
            Self::SecretsManager => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        }
    }
}

/// Returns the configuration of DynamoDB's client.
pub(crate) fn dynamodb(variables: &Variables<'_>) -> Result<Builder, StartError> {
    let shared = shared_config(variables, Service::DynamoDb)?;
    let mut config = Builder::from(&shared);
    config.set_endpoint_url(shared.endpoint_url().map(str::to_owned));
    Ok(config)
}

/// Returns the configuration of a client: region, credentials, and the endpoint if a variable
/// overrides it. Makes no call.
///
/// # Errors
/// [`StartError`] names the variable that is missing or malformed, so that a function fails at its
/// start and not at its first request.
pub(crate) fn shared_config(
    variables: &Variables<'_>,
    service: Service,
) -> Result<SdkConfig, StartError> {
    let endpoint = endpoint(variables, service)?;
    let local = endpoint.as_ref().is_some_and(is_loopback);
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(region(variables, local)?)
        .credentials_provider(credentials(variables, local)?)
        .http_client(http_client(endpoint.as_ref(), variables)?)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()));
    config.set_endpoint_url(endpoint.map(|uri| uri.to_string()));
    Ok(config.build())
}

pub(crate) fn endpoint(
    variables: &Variables<'_>,
    service: Service,
) -> Result<Option<Uri>, StartError> {
    let name = service.endpoint_variable();
    let Some(text) = variables.optional(name) else { return Ok(None) };
    let uri = text.parse::<Uri>().ok().filter(|uri| uri.scheme().is_some());
    uri.map(Some).ok_or(StartError::Malformed {
        name,
        expected: "a URL with its scheme, as http://localhost:8000",
    })
}

pub(crate) fn is_loopback(endpoint: &Uri) -> bool {
    let host = endpoint.host().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

pub(crate) fn region(variables: &Variables<'_>, local: bool) -> Result<Region, StartError> {
    let given =
        variables.optional("AWS_REGION").or_else(|| variables.optional("AWS_DEFAULT_REGION"));
    let region = given.or_else(|| local.then(|| "us-east-1".to_owned()));
    region.map(Region::new).ok_or(StartError::Missing {
        name: "AWS_REGION",
        expected: "the region of the stack, as eu-central-1",
    })
}

/// Returns the provider of credentials. A local engine accepts any, so it needs no variables.
pub(crate) fn credentials(
    variables: &Variables<'_>,
    local: bool,
) -> Result<SharedCredentialsProvider, StartError> {
    let key = variables.optional("AWS_ACCESS_KEY_ID");
    if key.is_none() && local {
        let any = Credentials::new("local", "local", None, None, "local endpoint");
        return Ok(SharedCredentialsProvider::new(any));
    }
    key.ok_or(StartError::Missing {
        name: "AWS_ACCESS_KEY_ID",
        expected: "credentials, as the execution environment has them",
    })?;
    variables.required("AWS_SECRET_ACCESS_KEY", "the secret that belongs to AWS_ACCESS_KEY_ID")?;
    Ok(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
}

/// TLS uses ring: aws-lc spends some 30 ms of CPU on entropy at the first handshake of a process.
/// A plain endpoint needs neither TLS nor roots.
fn http_client(
    endpoint: Option<&Uri>,
    variables: &Variables<'_>,
) -> Result<SharedHttpClient, StartError> {
    let builder = aws_smithy_http_client::Builder::new();
    if endpoint.and_then(Uri::scheme_str) == Some("http") {
        return Ok(builder.build_http());
    }
    let context = TlsContext::builder().with_trust_store(roots(variables)).build();
    let context = context.map_err(|error| StartError::Tls(error.into()))?;
    Ok(builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
}

/// Returns a connector as the clients have it, for a call that no client makes.
pub(crate) fn connector(
    endpoint: Option<&Uri>,
    variables: &Variables<'_>,
) -> Result<Connector, StartError> {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(ATTEMPT_TIMEOUT)
        .build();
    let builder = Connector::builder().connector_settings(settings).sleep_impl(TokioSleep::new());
    if endpoint.and_then(Uri::scheme_str) == Some("http") {
        return Ok(builder.build_http());
    }
    let context = TlsContext::builder().with_trust_store(roots(variables)).build();
    let context = context.map_err(|error| StartError::Tls(error.into()))?;
    Ok(builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build())
}

/// Returns Amazon's roots, so that a start need not decode every root that the machine trusts; or
/// the machine's roots, if the environment names a file.
fn roots(variables: &Variables<'_>) -> TrustStore {
    if OTHER_ROOTS.iter().any(|name| variables.optional(name).is_some()) {
        TrustStore::default()
    } else {
        TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;

    const AWS: &[(&str, &str)] = &[
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
    ];
    const ENDPOINT: &str = "AWS_ENDPOINT_URL_DYNAMODB";
    /// SHA-256 of Amazon Root CA 1 to 4 and of Starfield Services Root G2, as Mozilla's store has
    /// them.
    const FINGERPRINTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    /// Returns a lookup of the variables without one of them, and with one more.
    fn lookup(without: &str, more: Option<(&str, &str)>) -> impl Fn(&str) -> Option<String> {
        let kept = AWS.iter().copied().filter(|(name, _)| *name != without).chain(more);
        let all: Vec<(String, String)> = kept.map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        move |name| all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn refusal(lookup: &dyn Fn(&str) -> Option<String>) -> String {
        dynamodb(&Variables(lookup)).unwrap_err().to_string()
    }

    #[test]
    fn region_and_credentials_are_from_variables() {
        let config = dynamodb(&Variables(&lookup("", None))).unwrap().build();
        assert_eq!(config.region().unwrap().as_ref(), "eu-central-1");
        let found = credentials(&Variables(&lookup("", None)), false).unwrap();
        assert!(format!("{found:?}").contains("EnvironmentVariableCredentialsProvider"));
    }

    fn short_sha256(pem: &str) -> String {
        let (base64, _) = pem.split_once("-----END CERTIFICATE-----").unwrap();
        let certificate = STANDARD.decode(base64.replace('\n', "")).unwrap();
        hex::encode(Sha256::digest(certificate))
    }

    #[test]
    fn amazon_roots_are_these_five() {
        let certificates = AMAZON_ROOTS.split("-----BEGIN CERTIFICATE-----").skip(1);
        assert_eq!(certificates.map(short_sha256).collect::<Vec<_>>(), FINGERPRINTS);
    }

    #[test]
    fn other_roots_need_a_variable() {
        let trusts_the_machine = |more| {
            let debug = format!("{:?}", roots(&Variables(&lookup("", more))));
            debug.contains("enable_native_roots: true")
        };
        assert!(!trusts_the_machine(None));
        assert!(trusts_the_machine(Some(("SSL_CERT_FILE", "/roots.pem"))));
        assert!(trusts_the_machine(Some(("SSL_CERT_DIR", "/roots"))));
    }

    #[test]
    fn table_can_sleep_between_attempts() {
        let config = dynamodb(&Variables(&lookup("", None))).unwrap().build();
        assert!(config.sleep_impl().is_some());
    }

    #[test]
    fn missing_variable_is_named_at_start() {
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let sentence = refusal(&lookup(name, None));
            assert!(sentence.starts_with(&format!("{name} is not set; expected ")), "{sentence}");
        }
    }

    #[test]
    fn loopback_needs_no_credentials() {
        for url in ["http://localhost:8000", "http://127.0.0.1:8000/", "https://[::1]:8000"] {
            let lookup = |name: &str| (name == ENDPOINT).then(|| url.to_owned());
            let config = dynamodb(&Variables(&lookup)).unwrap().build();
            assert_eq!(config.region().unwrap().as_ref(), "us-east-1");
        }
    }

    #[test]
    fn other_host_needs_credentials() {
        for url in
            ["http://localhost.example.com", "http://10.0.0.1:8000", "http://127.evil.example"]
        {
            let sentence = refusal(&lookup("AWS_ACCESS_KEY_ID", Some((ENDPOINT, url))));
            assert!(sentence.starts_with("AWS_ACCESS_KEY_ID is not set"), "{url}: {sentence}");
        }
    }

    #[test]
    fn endpoint_without_scheme_is_refused() {
        for url in ["127.0.0.1:8000", "/dynamodb", "http//x", "not a url"] {
            let sentence = refusal(&lookup("", Some((ENDPOINT, url))));
            assert!(sentence.contains("as http://localhost:8000"), "{url}: {sentence}");
            assert!(!sentence.contains(url), "{sentence}");
        }
    }
}
