//! The issuer of access tokens: an RSA key pair, and tokens signed with it.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use serde::Serialize;
use types::{Timestamp, Uid};

use crate::{AUDIENCE, ISSUER, Keys};

/// The minimum for RS256: RFC 7518 section 3.3.
const KEY_BITS: usize = 2048;
/// Lifetime of an access token in milliseconds: one hour, a common value of identity providers.
const LIFETIME_MILLIS: i64 = 60 * 60 * 1000;

/// Why a key could not be generated or read, or a token not be signed.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The key could not be generated.
    #[error("the issuer's key could not be generated: {0}")]
    Generate(#[from] rsa::Error),
    /// The key could not be written as PEM.
    #[error("the issuer's key could not be encoded: {0}")]
    Encode(#[from] rsa::pkcs8::Error),
    /// The key could not be read, or the token not be signed.
    #[error(transparent)]
    Jwt(#[from] jsonwebtoken::errors::Error),
}

/// Signs access tokens in place of the exchange's identity provider.
pub struct Issuer {
    key: EncodingKey,
    key_id: String,
    keys: Keys,
}

/// A signed access token.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The value for the header `Authorization: Bearer …`.
    pub token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// End of its lifetime.
    pub expires_at: Timestamp,
}

#[derive(Serialize)]
struct AccessClaims<'a> {
    iss: &'static str,
    aud: &'static str,
    sub: &'a Uid,
    scope: &'static str,
    iat: i64,
    exp: i64,
}

impl Issuer {
    /// Creates the issuer from a private RSA key in PEM, as [`new_key_pem`] returns it.
    ///
    /// # Errors
    /// If the text is not such a key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, IssuerError> {
        let key = EncodingKey::from_rsa_pem(pem)?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256)?;
        let key_id = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(key_id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { key, key_id, keys: Keys { keys: vec![public] } })
    }

    /// Returns the public keys for verification.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Returns an access token of a user, valid for an hour from `now`.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn token(&self, uid: &Uid, now: Timestamp) -> Result<Token, IssuerError> {
        let expires_at = now.plus_millis(LIFETIME_MILLIS);
        let claims = AccessClaims {
            iss: ISSUER,
            aud: AUDIENCE,
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

/// Generates a private RSA key of 2,048 bits and returns it as PKCS #8 in PEM. Takes some seconds.
///
/// # Errors
/// If the operating system provides no randomness.
pub fn new_key_pem() -> Result<String, IssuerError> {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, KEY_BITS)?;
    Ok(key.to_pkcs8_pem(LineEnding::LF)?.to_string())
}
