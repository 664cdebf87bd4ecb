//! Keys of a secret: read at the start, and again every quarter of an hour, so that they are
//! rotated without a deployment.

use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering};

use http_api::{KeysError, Signer};
use types::Timestamp;

use crate::secret::{Secret, SecretError};

/// Milliseconds until keys are read again. A key must be known for longer before the first token is
/// signed with it: docs/how-to/runbook.md, "Rotate the signing keys".
const REFRESH: i64 = 15 * 60 * 1000;
/// Milliseconds until a reading that failed is repeated.
const RETRY: i64 = 60 * 1000;

/// Keys that the text of a secret holds. Clones share their keys, also those of
/// [`KeyRing::replace`].
pub trait KeyRing: Clone {
    /// Why a text holds no keys. It repeats none of them.
    type Error: Error + Send + Sync + 'static;

    /// Reads the keys of a text.
    ///
    /// # Errors
    /// If the text holds no keys.
    fn from_text(text: &str) -> Result<Self, Self::Error>;

    /// Replaces the keys by those of another text, in all clones.
    ///
    /// # Errors
    /// As [`KeyRing::from_text`]; the keys stay as they were.
    fn replace(&self, text: &str) -> Result<(), Self::Error>;
}

impl KeyRing for Signer {
    type Error = KeysError;

    fn from_text(text: &str) -> Result<Self, KeysError> {
        Self::from_keys_text(text)
    }

    fn replace(&self, text: &str) -> Result<(), KeysError> {
        Self::replace(self, text)
    }
}

/// Why a secret gives no keys.
#[derive(Debug, thiserror::Error)]
pub enum SecretKeysError {
    /// The secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The secret does not hold keys.
    #[error(transparent)]
    Keys(Box<dyn Error + Send + Sync>),
}

/// Keys that follow a secret.
pub struct SecretKeys<K> {
    secret: Secret,
    keys: K,
    next: AtomicI64,
}

impl<K: KeyRing> SecretKeys<K> {
    /// Reads the secret for the first time.
    pub(crate) async fn read(secret: Secret, now: Timestamp) -> Result<Self, SecretKeysError> {
        let keys = K::from_text(&secret.read(now).await?);
        let keys = keys.map_err(|error| SecretKeysError::Keys(error.into()))?;
        Ok(Self { secret, keys, next: AtomicI64::new(now.millis().saturating_add(REFRESH)) })
    }

    /// Returns the keys, which change with the secret.
    pub fn keys(&self) -> K {
        self.keys.clone()
    }

    /// Reads the secret again if it is time. If that fails, the failure is logged and the keys stay
    /// as they are.
    pub async fn refresh(&self, now: Timestamp) {
        if now.millis() < self.next.load(Ordering::Relaxed) {
            return;
        }
        let wait = match self.replace(now).await {
            Ok(()) => REFRESH,
            Err(error) => {
                let error = types::error_chain(&error);
                tracing::warn!(error, "the keys of a secret could not be read again");
                RETRY
            }
        };
        self.next.store(now.millis().saturating_add(wait), Ordering::Relaxed);
    }

    async fn replace(&self, now: Timestamp) -> Result<(), SecretKeysError> {
        let replaced = self.keys.replace(&self.secret.read(now).await?);
        replaced.map_err(|error| SecretKeysError::Keys(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::start::Variables;
    use crate::testing::{SecretsManager, lookup};

    const OLD: &str = "old-key-old-key-old-key-old-key-";
    const NEW: &str = "new-key-new-key-new-key-new-key-";

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_795_348_800_000 + millis).unwrap()
    }

    async fn keys(manager: &SecretsManager) -> Result<SecretKeys<Signer>, SecretKeysError> {
        let variables = [
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", manager.url.as_str()),
            ("AWS_REGION", "eu-central-1"),
        ];
        let secret = Secret::new("the-secret".to_owned(), &Variables(&lookup(&variables))).unwrap();
        timeout(Duration::from_secs(5), SecretKeys::read(secret, at(0))).await.unwrap()
    }

    #[tokio::test]
    async fn keys_are_read_by_a_signed_call() {
        let manager = SecretsManager::holding(OLD).await;
        assert_eq!(format!("{:?}", keys(&manager).await.unwrap().keys()), "Signer(1 keys)");
        let asked = manager.requests()[0].to_lowercase();
        assert!(asked.contains("x-amz-target: secretsmanager.getsecretvalue"), "{asked}");
        let scope = "credential=local/20261122/eu-central-1/secretsmanager/aws4_request";
        assert!(asked.contains(scope), "{asked}");
        assert!(asked.ends_with(r#"{"secretid":"the-secret"}"#), "{asked}");
    }

    #[tokio::test]
    async fn keys_are_read_again_after_a_quarter_of_an_hour() {
        let manager = SecretsManager::holding(OLD).await;
        let keys = keys(&manager).await.unwrap();
        manager.hold(&format!("{OLD},{NEW}"));
        keys.refresh(at(REFRESH - 1)).await;
        assert_eq!(format!("{:?}", keys.keys()), "Signer(1 keys)");
        keys.refresh(at(REFRESH)).await;
        keys.refresh(at(REFRESH + 1)).await;
        assert_eq!(format!("{:?}", keys.keys()), "Signer(2 keys)");
        assert_eq!(manager.requests().len(), 2);
    }

    #[tokio::test]
    async fn keys_stay_where_they_cannot_be_read_again() {
        let manager = SecretsManager::holding(OLD).await;
        let keys = keys(&manager).await.unwrap();
        manager.answer_with(500, "");
        keys.refresh(at(REFRESH)).await;
        keys.refresh(at(REFRESH + 1)).await;
        assert_eq!(manager.requests().len(), 1 + 3, "three attempts, and then a minute's rest");
        manager.hold("short");
        keys.refresh(at(REFRESH + RETRY)).await;
        assert_eq!(format!("{:?}", keys.keys()), "Signer(1 keys)");
    }

    #[tokio::test]
    async fn refused_secret_is_named_by_its_error() {
        let body = r#"{"__type":"AccessDeniedException","Message":"User: somebody"}"#;
        let manager = SecretsManager::holding("").await;
        manager.answer_with(400, body);
        let Err(error) = keys(&manager).await else { panic!("not refused") };
        assert_eq!(error.to_string(), "Secrets Manager answered 400 AccessDeniedException");
        assert_eq!(manager.requests().len(), 1);
    }
}
