//! An issuer of access tokens for tests, with a key made when they start.

use std::sync::LazyLock;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Value, json};

use crate::jwt::{SANDBOX_AUDIENCE, SANDBOX_ISSUER};

/// Short, as it protects nothing and a long one takes seconds to find.
const KEY_BITS: usize = 1024;

static KEY: LazyLock<EncodingKey> = LazyLock::new(new_key);

pub(crate) fn new_key() -> EncodingKey {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, KEY_BITS).unwrap();
    EncodingKey::from_rsa_der(key.to_pkcs1_der().unwrap().as_bytes())
}

pub(crate) fn key() -> &'static EncodingKey {
    &KEY
}

/// The public half, under the id `k1`.
pub(crate) fn keys() -> JwkSet {
    let mut jwk = Jwk::from_encoding_key(key(), Algorithm::RS256).unwrap();
    jwk.common.key_id = Some("k1".into());
    JwkSet { keys: vec![jwk] }
}

pub(crate) fn header() -> Header {
    Header { kid: Some("k1".into()), ..Header::new(Algorithm::RS256) }
}

/// Claims of `u1`, good for an hour from the tests' now.
pub(crate) fn claims() -> Value {
    let now = super::now().millis() / 1000;
    json!({
        "sub": "u1", "iss": SANDBOX_ISSUER, "aud": SANDBOX_AUDIENCE, "iat": now, "exp": now + 3600,
    })
}

pub(crate) fn sign(claims: &Value) -> String {
    encode(&header(), claims, key()).unwrap()
}
