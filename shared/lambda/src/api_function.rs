//! An API function: its secrets, and the border that each request passes first.

use futures_util::future::{join, join3};
use http_api::{Request, Response, Signer};

use crate::ApiApp;
use crate::keys::SecretKeys;
use crate::origin::OriginValues;
use crate::respond::refuse_origin;
use crate::start::{StartError, Variables, optional_secret, read_secret, signing_keys, start};

/// The variable that names the secret of the signing keys.
const SIGNING_KEYS_SECRET: &str = "SIGNING_KEYS_SECRET";
/// The variable that names the secret of CloudFront's header, where it is checked.
const ORIGIN_SECRET: &str = "ORIGIN_SECRET";

/// An API function: its context, and the secrets that it reads again.
pub(crate) struct ApiFunction {
    pub(crate) app: ApiApp,
    /// The signing keys, where they are those of a secret.
    keys: Option<SecretKeys<Signer>>,
    /// The values of which each request has to have one, where the origin is checked.
    origin: Option<SecretKeys<OriginValues>>,
}

impl ApiFunction {
    /// Returns the function for the variables. Its secrets are read while the table is.
    ///
    /// # Errors
    /// [`StartError`] names the variable that is missing or malformed.
    pub(crate) async fn start(variables: &Variables<'_>) -> Result<Self, StartError> {
        let origin = optional_secret(variables, ORIGIN_SECRET);
        let Some(secret) = variables.optional(SIGNING_KEYS_SECRET) else {
            let signer = signing_keys(variables)?;
            let (app, origin) = join(start(variables), origin).await;
            return Ok(Self { app: ApiApp { app: app?, signer }, keys: None, origin: origin? });
        };
        let keys = read_secret(variables, SIGNING_KEYS_SECRET, secret);
        let (app, keys, origin) = join3(start(variables), keys, origin).await;
        let keys: SecretKeys<Signer> = keys?;
        let app = ApiApp { app: app?, signer: keys.keys() };
        Ok(Self { app, keys: Some(keys), origin: origin? })
    }

    /// Reads the secrets again if it is time.
    async fn refresh(&self) {
        let now = self.app.clock.now();
        if let Some(keys) = &self.keys {
            keys.refresh(now).await;
        }
        if let Some(origin) = &self.origin {
            origin.refresh(now).await;
        }
    }

    /// Returns whether a request may be answered: it passed through CloudFront, or that is not
    /// checked.
    fn admits(&self, request: &Request) -> bool {
        self.origin.as_ref().is_none_or(|origin| origin.keys().admits(request.headers()))
    }

    /// Answers a request by the handler. One that did not pass through CloudFront is refused before
    /// anything is read of the table.
    pub(crate) async fn answer<F>(
        &'static self,
        request: Request,
        handle: impl FnOnce(&'static ApiApp, Request) -> F,
    ) -> Response
    where
        F: Future<Output = Response>,
    {
        // First, since a process that had no request for long does not know a new value yet.
        self.refresh().await;
        match self.admits(&request) {
            true => handle(&self.app, request).await,
            false => refuse_origin(&self.app, &request),
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;

    use super::*;
    use crate::Clock;
    use crate::testing::{SecretsManager, lookup};

    const KEY: &str = "a key of at least thirty-two bytes";

    /// Returns a function that checks the origin by the secret.
    async fn checking(secrets: &SecretsManager) -> ApiFunction {
        let variables = [
            ("TABLE_NAME", "t"),
            ("SIGNING_KEYS", KEY),
            ("ORIGIN_SECRET", "the-secret"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url.as_str()),
        ];
        ApiFunction::start(&Variables(&lookup(&variables))).await.unwrap()
    }

    async fn status(function: &'static ApiFunction, secret: Option<&str>) -> u16 {
        let mut request = Request::new(Body::Empty);
        if let Some(secret) = secret {
            request.headers_mut().insert("x-origin-secret", secret.parse().unwrap());
        }
        let handle = |_: &'static ApiApp, _| async { Response::new(Body::Empty) };
        function.answer(request, handle).await.status().as_u16()
    }

    const FIRST_ONLY: &str = r#"{"first":"value-value-value-value-value-va","second":""}"#;
    const VALUE: &str = "value-value-value-value-value-va";
    const NEXT: &str = "next-next-next-next-next-next-ne";

    #[tokio::test]
    async fn only_requests_with_the_secret_are_answered() {
        let secrets = SecretsManager::holding(FIRST_ONLY).await;
        let function = checking(&secrets).await;
        let function = Box::leak(Box::new(function));
        assert_eq!(status(function, Some(VALUE)).await, 200);
        assert_eq!(status(function, Some("another")).await, 403);
        assert_eq!(status(function, None).await, 403);
    }

    #[tokio::test]
    async fn idle_process_knows_new_value() {
        let secrets = SecretsManager::holding(FIRST_ONLY).await;
        let mut function = checking(&secrets).await;
        secrets.hold(r#"{"first":"","second":"next-next-next-next-next-next-ne"}"#);
        let later = function.app.clock.now().plus_millis(3_600_000);
        function.app.clock = Clock::standing_at(later);
        let function = Box::leak(Box::new(function));
        assert_eq!(status(function, Some(NEXT)).await, 200);
        assert_eq!(status(function, Some(VALUE)).await, 403);
    }

    #[tokio::test]
    async fn origin_is_not_checked_without_a_secret() {
        let variables = [
            ("TABLE_NAME", "t"),
            ("SIGNING_KEYS", KEY),
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1"),
        ];
        let function = ApiFunction::start(&Variables(&lookup(&variables))).await.unwrap();
        assert_eq!(status(Box::leak(Box::new(function)), None).await, 200);
    }
}
