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
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;
    use crate::start::Variables;

    const OLD: &str = "old-key-old-key-old-key-old-key-";
    const NEW: &str = "new-key-new-key-new-key-new-key-";

    /// A Secrets Manager on this machine: answers each call with the same, and keeps what it was
    /// asked.
    async fn served(answer: Arc<Mutex<(u16, String)>>) -> (Secret, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let kept = asked.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut text = Vec::new();
                while !text.ends_with(b"}") {
                    let mut part = [0; 4096];
                    let length = stream.read(&mut part).await.unwrap();
                    text.extend(&part[..length]);
                }
                kept.lock().unwrap().push(String::from_utf8(text).unwrap());
                let (status, body) = answer.lock().unwrap().clone();
                let length = body.len();
                let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
                let text = format!("{head}content-length: {length}\r\n\r\n{body}");
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        let variables =
            [("AWS_ENDPOINT_URL_SECRETS_MANAGER", url.as_str()), ("AWS_REGION", "eu-central-1")];
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        (Secret::new("the-secret".to_owned(), &Variables(&lookup)).unwrap(), asked)
    }

    fn holding(keys: &str) -> Arc<Mutex<(u16, String)>> {
        Arc::new(Mutex::new((200, format!(r#"{{"SecretString":"{keys}"}}"#))))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_795_348_800_000 + millis).unwrap()
    }

    async fn keys(secret: Secret) -> Result<SecretKeys<Signer>, SecretKeysError> {
        timeout(Duration::from_secs(5), SecretKeys::read(secret, at(0))).await.unwrap()
    }

    #[tokio::test]
    async fn keys_are_read_by_a_signed_call() {
        let (secret, asked) = served(holding(OLD)).await;
        assert_eq!(format!("{:?}", keys(secret).await.unwrap().keys()), "Signer(1 keys)");
        let asked = asked.lock().unwrap()[0].to_lowercase();
        assert!(asked.contains("x-amz-target: secretsmanager.getsecretvalue"), "{asked}");
        let scope = "credential=local/20261122/eu-central-1/secretsmanager/aws4_request";
        assert!(asked.contains(scope), "{asked}");
        assert!(asked.ends_with(r#"{"secretid":"the-secret"}"#), "{asked}");
    }

    #[tokio::test]
    async fn keys_are_read_again_after_a_quarter_of_an_hour() {
        let answer = holding(OLD);
        let (secret, asked) = served(answer.clone()).await;
        let keys = keys(secret).await.unwrap();
        *answer.lock().unwrap() = (200, format!(r#"{{"SecretString":"{OLD},{NEW}"}}"#));
        keys.refresh(at(REFRESH - 1)).await;
        assert_eq!(format!("{:?}", keys.keys()), "Signer(1 keys)");
        keys.refresh(at(REFRESH)).await;
        keys.refresh(at(REFRESH + 1)).await;
        assert_eq!(format!("{:?}", keys.keys()), "Signer(2 keys)");
        assert_eq!(asked.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn keys_stay_where_they_cannot_be_read_again() {
        let answer = holding(OLD);
        let (secret, asked) = served(answer.clone()).await;
        let keys = keys(secret).await.unwrap();
        *answer.lock().unwrap() = (500, String::new());
        keys.refresh(at(REFRESH)).await;
        keys.refresh(at(REFRESH + 1)).await;
        assert_eq!(asked.lock().unwrap().len(), 1 + 3, "three attempts, and then a minute's rest");
        *answer.lock().unwrap() = (200, r#"{"SecretString":"short"}"#.to_owned());
        keys.refresh(at(REFRESH + RETRY)).await;
        assert_eq!(format!("{:?}", keys.keys()), "Signer(1 keys)");
    }

    #[tokio::test]
    async fn refused_secret_is_named_by_its_error() {
        let body = r#"{"__type":"AccessDeniedException","Message":"User: somebody"}"#;
        let (secret, asked) = served(Arc::new(Mutex::new((400, body.to_owned())))).await;
        let Err(error) = keys(secret).await else { panic!("not refused") };
        assert_eq!(error.to_string(), "Secrets Manager answered 400 AccessDeniedException");
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
}
