//! An issuer of access tokens for the tests of this crate. Its key is generated once per process.

use std::sync::LazyLock;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Value, json};
use types::Timestamp;

use crate::{AUDIENCE, ISSUER};

/// Short, because a longer key takes seconds to generate.
const KEY_BITS: usize = 1024;

static KEY: LazyLock<EncodingKey> = LazyLock::new(new_key);

pub(crate) fn now() -> Timestamp {
    "2026-11-22T12:00:00.000Z".parse().unwrap()
}

pub(crate) fn new_key() -> EncodingKey {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, KEY_BITS).unwrap();
    EncodingKey::from_rsa_der(key.to_pkcs1_der().unwrap().as_bytes())
}

pub(crate) fn key() -> &'static EncodingKey {
    &KEY
}

/// Returns the public key, with the id `k1`.
pub(crate) fn keys() -> JwkSet {
    let mut jwk = Jwk::from_encoding_key(key(), Algorithm::RS256).unwrap();
    jwk.common.key_id = Some("k1".into());
    JwkSet { keys: vec![jwk] }
}

pub(crate) fn header() -> Header {
    Header { kid: Some("k1".into()), ..Header::new(Algorithm::RS256) }
}

/// Returns claims of `u1` that are valid for an hour from [`now`].
pub(crate) fn claims() -> Value {
    let now = now().millis() / 1000;
    json!({
        "sub": "u1", "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 3600,
    })
}

pub(crate) fn sign(claims: &Value) -> String {
    encode(&header(), claims, key()).unwrap()
}
