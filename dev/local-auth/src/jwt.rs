//! Verification of access tokens by the keys of a JWKS: RS256, issuer, audience, time.

use http_api::gateway::Claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use types::Timestamp;

pub use jsonwebtoken::jwk::JwkSet as Keys;

/// The `iss` of local tokens.
pub const ISSUER: &str = "https://issuer.sandbox.invalid";
/// The `aud` of local tokens.
pub const AUDIENCE: &str = "recall-api";

/// Tolerated clock difference, in milliseconds.
const LEEWAY_MILLIS: i64 = 5_000;
/// Longer tokens are refused before they are parsed.
const MAX_TOKEN_CHARS: usize = 8 * 1024;

/// Why a token is invalid. No variant contains a part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a signed JWT with the claims `sub`, `iss`, `aud` and `exp`.
    #[error("the token is not a signed JWT with sub, iss, aud and exp")]
    Malformed,
    /// Signed with another algorithm than RS256, or with none.
    #[error("the token is not signed with RS256")]
    WrongAlgorithm,
    /// The set has no RSA signature key with its `kid`.
    #[error("the token's key is not in the issuer's set")]
    UnknownKey,
    /// The signature does not match.
    #[error("the token's signature does not match")]
    BadSignature,
    /// Its `iss` is not the expected issuer.
    #[error("the token has another issuer")]
    WrongIssuer,
    /// Its `aud` does not contain the expected audience.
    #[error("the token is for another audience")]
    WrongAudience,
    /// Its `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// Its `nbf` has not been reached.
    #[error("the token is not valid yet")]
    NotYetValid,
}

/// Verifies a token and returns its claims.
///
/// The token must be signed with one of `keys`, name `issuer` and `audience`, and be valid at
/// `now`, with a tolerance of five seconds.
///
/// # Errors
/// [`TokenError`] for the first check that fails.
pub fn verify(
    token: &str,
    keys: &Keys,
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    if token.len() > MAX_TOKEN_CHARS {
        return Err(TokenError::Malformed);
    }
    let key = key_of(token, keys)?;
    let claims: Map<String, Value> =
        decode(token, &key, &expectations(issuer, audience)).map_err(explain)?.claims;
    check_time(&claims, now)?;
    let subject = claims.get("sub").and_then(Value::as_str).ok_or(TokenError::Malformed)?;
    let subject = subject.parse().map_err(|_| TokenError::Malformed)?;
    let texts = claims.into_iter().map(|(name, value)| (name, text(value))).collect();
    Ok(Claims { subject, texts })
}

/// Returns the key that the token's header names.
///
/// The header only selects one of the known keys: neither the algorithm nor a key in the header
/// is used.
fn key_of(token: &str, keys: &Keys) -> Result<DecodingKey, TokenError> {
    let header = decode_header(token).map_err(explain)?;
    if header.alg != Algorithm::RS256 {
        return Err(TokenError::WrongAlgorithm);
    }
    // RFC 7515 section 4.1.11: a recipient must reject critical headers that it does not support.
    if header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    let kid = header.kid.ok_or(TokenError::UnknownKey)?;
    let key = keys.find(&kid).filter(|key| signs_rs256(key)).ok_or(TokenError::UnknownKey)?;
    DecodingKey::from_jwk(key).map_err(|_| TokenError::UnknownKey)
}

fn signs_rs256(key: &Jwk) -> bool {
    matches!(key.algorithm, AlgorithmParameters::RSA(_))
        && !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption))
        && matches!(key.common.key_algorithm, None | Some(KeyAlgorithm::RS256))
}

/// Returns the checks of jsonwebtoken. It does not check times, since it reads the system clock.
fn expectations(issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_required_spec_claims(&["sub", "iss", "aud", "exp"]);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

fn check_time(claims: &Map<String, Value>, now: Timestamp) -> Result<(), TokenError> {
    let expires = claims.get("exp").and_then(instant).ok_or(TokenError::Malformed)?;
    if now.millis_since(expires) >= LEEWAY_MILLIS {
        return Err(TokenError::Expired);
    }
    match claims.get("nbf").map(instant) {
        Some(None) => Err(TokenError::Malformed),
        Some(Some(begins)) if begins.millis_since(now) > LEEWAY_MILLIS => {
            Err(TokenError::NotYetValid)
        }
        _ => Ok(()),
    }
}

/// Reads a time in whole seconds since 1970, the unit of a token's claims.
fn instant(value: &Value) -> Option<Timestamp> {
    value.as_i64()?.checked_mul(1000).and_then(Timestamp::from_millis)
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn explain(error: jsonwebtoken::errors::Error) -> TokenError {
    match error.kind() {
        ErrorKind::InvalidSignature => TokenError::BadSignature,
        ErrorKind::InvalidIssuer => TokenError::WrongIssuer,
        ErrorKind::InvalidAudience => TokenError::WrongAudience,
        ErrorKind::InvalidAlgorithm => TokenError::WrongAlgorithm,
        _ => TokenError::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;
    use crate::testing::{self as issuer, now};

    fn check_at(token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        verify(token, &issuer::keys(), ISSUER, AUDIENCE, now)
    }

    fn refusal(token: &str) -> Option<TokenError> {
        check_at(token, now()).err()
    }

    /// Returns valid claims with one replaced, or removed if `value` is null.
    fn claims_with(name: &str, value: Value) -> Value {
        let mut claims = issuer::claims();
        let members = claims.as_object_mut().unwrap();
        members.insert(name.into(), value);
        members.retain(|_, value| !value.is_null());
        claims
    }

    fn refusal_with(name: &str, value: Value) -> Option<TokenError> {
        refusal(&issuer::sign(&claims_with(name, value)))
    }

    /// Returns a token with this header, these claims and this signature.
    fn forged(header: Value, claims: &Value, signature: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(&header), part(claims))
    }

    fn signature_of(token: &str) -> &str {
        token.rsplit_once('.').unwrap().1
    }

    #[test]
    fn valid_token_returns_claims() {
        let claims = check_at(&issuer::sign(&issuer::claims()), now()).unwrap();
        assert_eq!(claims.subject.as_str(), "u1");
        assert_eq!(claims.texts["iss"], ISSUER);
        assert_eq!(claims.texts["exp"], issuer::claims()["exp"].to_string());
    }

    #[test]
    fn one_matching_audience_suffices() {
        assert_eq!(refusal_with("aud", json!(["other", AUDIENCE])), None);
        let others = Some(TokenError::WrongAudience);
        assert_eq!(refusal_with("aud", json!(["other", "another"])), others);
        assert_eq!(refusal_with("aud", json!([])), others);
    }

    #[test]
    fn wrong_issuer_or_audience_is_refused() {
        let issuer = refusal_with("iss", json!("https://issuer.example"));
        assert_eq!(issuer, Some(TokenError::WrongIssuer));
        assert_eq!(refusal_with("aud", json!("other-api")), Some(TokenError::WrongAudience));
    }

    #[test]
    fn missing_or_mistyped_claim_is_refused() {
        for claim in ["sub", "iss", "aud", "exp"] {
            for value in [Value::Null, json!(7.5), json!({ "a": 1 })] {
                let refused = refusal_with(claim, value.clone()).is_some();
                assert!(refused, "{claim} = {value}");
            }
        }
        assert_eq!(refusal_with("sub", json!("not a uid")), Some(TokenError::Malformed));
        assert_eq!(refusal_with("exp", json!("2030")), Some(TokenError::Malformed));
        assert_eq!(refusal_with("exp", json!(i64::MAX)), Some(TokenError::Malformed));
        assert_eq!(refusal_with("nbf", json!("soon")), Some(TokenError::Malformed));
    }

    #[test]
    fn token_expires_5_s_after_exp() {
        let token = issuer::sign(&issuer::claims());
        let end = now().plus_millis(3_600_000);
        assert!(check_at(&token, end.plus_millis(4_999)).is_ok());
        assert_eq!(check_at(&token, end.plus_millis(5_000)).err(), Some(TokenError::Expired));
    }

    #[test]
    fn token_is_valid_5_s_before_nbf() {
        let now = now().millis() / 1000;
        assert_eq!(refusal_with("nbf", json!(now + 5)), None);
        assert_eq!(refusal_with("nbf", json!(now + 6)), Some(TokenError::NotYetValid));
    }

    #[test]
    fn unsigned_token_is_refused() {
        let signature = issuer::sign(&issuer::claims());
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            for signature in ["", signature_of(&signature)] {
                let header = json!({ "alg": alg, "typ": "JWT", "kid": "k1" });
                let token = forged(header, &issuer::claims(), signature);
                assert_eq!(refusal(&token), Some(TokenError::Malformed), "{alg}");
            }
        }
        let stripped = forged(json!({ "alg": "RS256", "kid": "k1" }), &issuer::claims(), "");
        assert_eq!(refusal(&stripped), Some(TokenError::BadSignature));
    }

    #[test]
    fn hmac_by_public_key_is_refused() {
        let jwk = serde_json::to_value(&issuer::keys().keys[0]).unwrap();
        let modulus = jwk["n"].as_str().unwrap();
        let secrets = [
            modulus.as_bytes().to_vec(),
            URL_SAFE_NO_PAD.decode(modulus).unwrap(),
            jwk.to_string().into_bytes(),
        ];
        for secret in secrets {
            let header = Header { kid: Some("k1".into()), ..Header::new(Algorithm::HS256) };
            let token =
                encode(&header, &issuer::claims(), &EncodingKey::from_secret(&secret)).unwrap();
            assert_eq!(refusal(&token), Some(TokenError::WrongAlgorithm));
        }
    }

    #[test]
    fn symmetric_key_in_set_is_not_used() {
        let mut keys = issuer::keys();
        let oct = json!({ "keys": [{ "kty": "oct", "kid": "k2", "k": "c2VjcmV0" }] });
        keys.keys.extend(serde_json::from_value::<Keys>(oct).unwrap().keys);
        let header = Header { kid: Some("k2".into()), ..issuer::header() };
        let token = encode(&header, &issuer::claims(), issuer::key()).unwrap();
        let outcome = verify(&token, &keys, ISSUER, AUDIENCE, now()).err();
        assert_eq!(outcome, Some(TokenError::UnknownKey));
    }

    #[test]
    fn rs512_with_same_key_is_refused() {
        let header = Header { kid: Some("k1".into()), ..Header::new(Algorithm::RS512) };
        let token = encode(&header, &issuer::claims(), issuer::key()).unwrap();
        assert_eq!(refusal(&token), Some(TokenError::WrongAlgorithm));
    }

    #[test]
    fn unknown_or_missing_key_id_is_refused() {
        for kid in [None, Some("k2".to_owned()), Some(String::new())] {
            let header = Header { kid, ..issuer::header() };
            let token = encode(&header, &issuer::claims(), issuer::key()).unwrap();
            assert_eq!(refusal(&token), Some(TokenError::UnknownKey));
        }
    }

    #[test]
    fn other_key_with_known_id_is_refused() {
        let token = encode(&issuer::header(), &issuer::claims(), &issuer::new_key()).unwrap();
        assert_eq!(refusal(&token), Some(TokenError::BadSignature));
    }

    #[test]
    fn key_in_header_is_not_used() {
        let key = issuer::new_key();
        let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
        let header = Header { jwk: Some(jwk), ..issuer::header() };
        let token = encode(&header, &issuer::claims(), &key).unwrap();
        assert_eq!(refusal(&token), Some(TokenError::BadSignature));
    }

    #[test]
    fn unknown_critical_header_is_refused() {
        let header = Header { crit: Some(vec!["exp".into()]), ..issuer::header() };
        let token = encode(&header, &issuer::claims(), issuer::key()).unwrap();
        assert_eq!(refusal(&token), Some(TokenError::Malformed));
    }

    #[test]
    fn altered_claims_are_refused() {
        let token = issuer::sign(&issuer::claims());
        let altered = forged(
            serde_json::to_value(issuer::header()).unwrap(),
            &claims_with("sub", json!("u2")),
            signature_of(&token),
        );
        assert_eq!(refusal(&altered), Some(TokenError::BadSignature));
    }

    #[test]
    fn malformed_token_is_refused() {
        let token = issuer::sign(&issuer::claims());
        let long = "a".repeat(9000);
        let dotted = format!("{token}.x");
        for text in ["", ".", "..", "a.b.c", "a.b", long.as_str(), dotted.as_str()] {
            assert!(refusal(text).is_some(), "{text}");
        }
    }
}
