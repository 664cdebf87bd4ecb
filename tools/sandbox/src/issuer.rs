//! The issuer of access tokens: an RSA key, its public half, and tokens signed by it.

use http_api::jwt::{Keys, SANDBOX_AUDIENCE, SANDBOX_ISSUER};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use serde::Serialize;
use types::{Timestamp, Uid};

use crate::StartError;
use crate::data_dir::DataDir;
use crate::progress::Progress;

/// The least that RS256 may be used with: RFC 7518 section 3.3.
const KEY_BITS: usize = 2048;
/// An access token's life, in milliseconds: an hour, as issuers commonly give.
const LIFETIME_MILLIS: i64 = 60 * 60 * 1000;

const KEY_FILE: &str = "issuer-key.pem";
/// Read by the functions under `cargo lambda watch`, which has no authorizer.
const KEYS_FILE: &str = "jwks.json";

/// Signs access tokens, as the exchange's issuer would.
pub(crate) struct Issuer {
    key: EncodingKey,
    key_id: String,
    keys: Keys,
}

/// A signed access token.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token {
    /// What goes into the header `Authorization: Bearer …`.
    pub(crate) token: String,
    token_type: &'static str,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'static str,
    aud: &'static str,
    sub: &'a Uid,
    scope: &'static str,
    iat: i64,
    exp: i64,
}

impl Issuer {
    /// The issuer with the directory's key; the first time that is made, which takes a moment.
    pub(crate) async fn open(dir: &DataDir, narrator: Progress) -> Result<Self, StartError> {
        let pem = match dir.read(KEY_FILE)? {
            Some(pem) => pem,
            None => {
                narrator.say("Making the issuer's key, once.");
                let made = tokio::task::spawn_blocking(new_key).await;
                let pem = made.map_err(|error| StartError::Build(error.to_string()))??;
                dir.write(KEY_FILE, pem.as_bytes())?;
                pem.into_bytes()
            }
        };
        let issuer = Self::of(&pem).map_err(|error| dir.damaged(KEY_FILE, &error))?;
        let keys = serde_json::to_vec(&issuer.keys).map_err(|e| dir.damaged(KEYS_FILE, &e))?;
        dir.write(KEYS_FILE, &keys)?;
        Ok(issuer)
    }

    fn of(pem: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        let key = EncodingKey::from_rsa_pem(pem)?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256)?;
        let key_id = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(key_id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { key, key_id, keys: Keys { keys: vec![public] } })
    }

    /// The public keys, for whoever verifies.
    pub(crate) const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// An access token of a user, good for an hour from `now`.
    pub(crate) fn token(
        &self,
        uid: &Uid,
        now: Timestamp,
    ) -> Result<Token, jsonwebtoken::errors::Error> {
        let expires_at = now.plus_millis(LIFETIME_MILLIS);
        let claims = Claims {
            iss: SANDBOX_ISSUER,
            aud: SANDBOX_AUDIENCE,
            sub: uid,
            scope: "recall",
            iat: now.millis().div_euclid(1000),
            exp: expires_at.millis().div_euclid(1000),
        };
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::RS256) };
        let token = encode(&header, &claims, &self.key)?;
        Ok(Token { token, token_type: "Bearer", expires_at })
    }
}

fn new_key() -> Result<String, StartError> {
    let broken = |error: &dyn std::error::Error| StartError::Build(error.to_string());
    let key =
        RsaPrivateKey::new(&mut rsa::rand_core::OsRng, KEY_BITS).map_err(|error| broken(&error))?;
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| broken(&error))?;
    Ok(pem.to_string())
}
