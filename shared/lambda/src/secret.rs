//! Reads a secret of Secrets Manager by one signed call.
//!
//! The service's own client would add some hundred kilobytes to three functions for this one call;
//! its signature and connections are those of the other clients.

use std::error::Error;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_dynamodb::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use lambda_http::http;
use serde_json::{Value, json};
use types::Timestamp;

use crate::start::{StartError, Variables};
use crate::{Service, aws};

/// Attempts of one reading, the first included.
const ATTEMPTS: u32 = 3;
const TARGET: &str = "secretsmanager.GetSecretValue";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Why a secret cannot be read. Neither its name nor its value is repeated.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The call could not be made.
    #[error("the call could not be made: {0}")]
    Call(#[source] Box<dyn Error + Send + Sync>),
    /// Secrets Manager refused the call.
    #[error("Secrets Manager answered {status} {kind}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error's type.
        kind: String,
    },
    /// The answer has no text.
    #[error("the secret has no text")]
    NoText,
}

impl SecretError {
    /// Whether the same call may succeed later.
    const fn is_transient(&self) -> bool {
        match self {
            Self::Call(_) => true,
            Self::Refused { status, .. } => *status >= 500,
            Self::NoText => false,
        }
    }
}

/// One secret, and what it takes to read it.
#[derive(Debug)]
pub(crate) struct Secret {
    id: String,
    endpoint: String,
    region: String,
    credentials: SharedCredentialsProvider,
    connector: Connector,
}

impl Secret {
    /// The secret of this name or ARN.
    ///
    /// # Errors
    /// [`StartError`] names the variable that is missing or wrong.
    pub(crate) fn new(id: String, variables: &Variables<'_>) -> Result<Self, StartError> {
        let endpoint = aws::endpoint(variables, Service::SecretsManager)?;
        let local = endpoint.as_ref().is_some_and(aws::is_loopback);
        let region = aws::region(variables, local)?.to_string();
        let credentials = aws::credentials(variables, local)?;
        let connector = aws::connector(endpoint.as_ref(), variables)?;
        let endpoint = endpoint.map_or_else(|| of_region(&region), |uri| uri.to_string());
        Ok(Self { id, endpoint, region, credentials, connector })
    }

    /// Reads the current value. Cost: 1 call.
    ///
    /// # Errors
    /// The last attempt's.
    pub(crate) async fn read(&self, now: Timestamp) -> Result<String, SecretError> {
        let mut attempt = 1;
        loop {
            match self.attempt(now).await {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn attempt(&self, now: Timestamp) -> Result<String, SecretError> {
        let credentials = self.credentials.provide_credentials().await;
        let identity = credentials.map_err(|error| SecretError::Call(error.into()))?.into();
        let request = self.request(&identity, now).map_err(SecretError::Call)?;
        let call = self.connector.call(request).await;
        let response = call.map_err(|error| SecretError::Call(format!("{error:?}").into()))?;
        value_of(response).await
    }

    fn request(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<HttpRequest, Box<dyn Error + Send + Sync>> {
        let body = json!({ "SecretId": self.id }).to_string();
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", TARGET)];
        let signable = SignableRequest::new(
            "POST",
            &self.endpoint,
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let since_1970 = Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
        let parameters = v4::SigningParams::builder()
            .identity(identity)
            .region(&self.region)
            .name("secretsmanager")
            .time(UNIX_EPOCH + since_1970)
            .settings(SigningSettings::default())
            .build()?;
        let signed = sign(signable?, &parameters.into())?;
        let mut request = http::Request::post(&self.endpoint);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(SdkBody::from(body))?;
        signed.into_parts().0.apply_to_request_http1x(&mut request);
        Ok(HttpRequest::try_from(request)?)
    }
}

/// The service's endpoint in a region of AWS.
fn of_region(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://secretsmanager.{region}.{suffix}/")
}

async fn value_of(response: HttpResponse) -> Result<String, SecretError> {
    let status = response.status();
    let body = ByteStream::new(response.into_body()).collect().await;
    let body = body.map_err(|error| SecretError::Call(error.into()))?.into_bytes();
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |member: &str| answer.get(member).and_then(Value::as_str).map(str::to_owned);
    if status.is_success() {
        text("SecretString").ok_or(SecretError::NoText)
    } else {
        let kind = text("__type").unwrap_or_default();
        Err(SecretError::Refused { status: status.as_u16(), kind })
    }
}
