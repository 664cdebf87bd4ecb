//! Signatures of messages by the exchange: HMAC-SHA256 over the bytes of the body, with the id of
//! the key.
//!
//! A message of a queue or a topic has its signature in the attribute or header [`ATTRIBUTE`]. A
//! record of a stream has none of these, so its body is an envelope. A repeated message with a
//! valid signature needs no defence: ingesting an event twice changes nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use lambda::{KeyRing, SecretKeys, StartError, keys_of_secret, optional_variable};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;
use strict_json::parse_value;

/// The attribute of a message of SQS, and the header of a record of Kafka.
pub(crate) const ATTRIBUTE: &str = "recall-signature";
/// The shortest key, in bytes: as long as the hash, as RFC 2104 section 3 asks.
const MIN_KEY_BYTES: usize = 32;
/// The most characters of a key's id.
const MAX_KEY_ID_CHARS: usize = 64;

/// Whether signatures of messages are verified.
#[derive(Debug, Clone)]
pub enum Signatures {
    /// They are ignored.
    Ignored,
    /// They are verified.
    Verified {
        /// The keys of the exchange.
        keys: EventKeys,
        /// The treatment of messages without a signature.
        unsigned: Unsigned,
    },
}

/// The treatment of messages without a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsigned {
    /// They are ingested, and counted.
    Accepted,
    /// They are quarantined.
    Refused,
}

/// The keys of the exchange by their ids. Clones share them, also those of [`KeyRing::replace`].
#[derive(Clone)]
pub struct EventKeys(Arc<ArcSwap<Keys>>);

type Keys = BTreeMap<String, Hmac<Sha256>>;

/// Why a text holds no keys. Neither ids nor keys are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventKeysError {
    /// It is not an object of texts.
    #[error("expected a JSON object of keys by their ids")]
    NotAnObject,
    /// The object is empty.
    #[error("expected at least one key")]
    Empty,
    /// An id is malformed.
    #[error("key {0} has a malformed id; expected letters, digits, `.`, `_` and `-`")]
    MalformedId(usize),
    /// A key is too short.
    #[error("key {0} is too short; at least {MIN_KEY_BYTES} bytes are needed")]
    TooShort(usize),
}

/// Why a message is quarantined for its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignatureFault {
    Missing,
    Malformed,
    UnknownKey,
    Mismatch,
}

/// The result of verifying one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Signatures are ignored.
    Unchecked,
    /// The signature is valid.
    Signed,
    /// There is no signature, and none is required.
    Unsigned,
    /// The message may not be ingested.
    Refused(SignatureFault),
}

/// A body with its signature, for sources whose messages have no attributes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    signature: String,
    body: String,
}

impl Signatures {
    /// Returns what the environment says, and the secret of the keys if signatures are verified.
    /// Cost: 1 call if they are.
    ///
    /// # Errors
    /// [`StartError`] names the variable that is missing or malformed.
    pub async fn from_environment() -> Result<(Self, Option<SecretKeys<EventKeys>>), StartError> {
        let Some(unsigned) = mode(optional_variable(MODE).as_deref())? else {
            return Ok((Self::Ignored, None));
        };
        let secret: SecretKeys<EventKeys> = keys_of_secret("EVENT_KEYS_SECRET").await?;
        Ok((Self::Verified { keys: secret.keys(), unsigned }, Some(secret)))
    }

    /// Verifies the signature of a body.
    pub(crate) fn verify(&self, signature: Option<&str>, body: &str) -> Verdict {
        let Self::Verified { keys, unsigned } = self else { return Verdict::Unchecked };
        match (signature, unsigned) {
            (Some(signature), _) => match keys.verify(signature, body.as_bytes()) {
                Ok(()) => Verdict::Signed,
                Err(fault) => Verdict::Refused(fault),
            },
            (None, Unsigned::Accepted) => Verdict::Unsigned,
            (None, Unsigned::Refused) => Verdict::Refused(SignatureFault::Missing),
        }
    }
}

/// The variable that says whether signatures are verified.
const MODE: &str = "EVENT_SIGNATURES";

/// Returns the treatment of unsigned messages; `None` if signatures are ignored.
fn mode(text: Option<&str>) -> Result<Option<Unsigned>, StartError> {
    match text {
        None | Some("DISABLED") => Ok(None),
        Some("ACCEPT_UNSIGNED") => Ok(Some(Unsigned::Accepted)),
        Some("REQUIRED") => Ok(Some(Unsigned::Refused)),
        Some(_) => Err(StartError::Malformed {
            name: MODE,
            expected: "DISABLED, ACCEPT_UNSIGNED or REQUIRED",
        }),
    }
}

impl SignatureFault {
    /// Returns the reason under which the message is quarantined.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "unsigned",
            Self::Malformed | Self::UnknownKey | Self::Mismatch => "signature_invalid",
        }
    }

    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Missing => "expected a signature",
            Self::Malformed => "expected a signature as KEY:BASE64, of 32 bytes",
            Self::UnknownKey => "expected the id of a current key",
            Self::Mismatch => "expected the HMAC-SHA256 of the message's body by this key",
        }
    }
}

impl EventKeys {
    fn verify(&self, signature: &str, body: &[u8]) -> Result<(), SignatureFault> {
        let (id, mac) = signature.split_once(':').ok_or(SignatureFault::Malformed)?;
        let mac = BASE64_STANDARD.decode(mac).map_err(|_| SignatureFault::Malformed)?;
        let mac: [u8; 32] = mac.try_into().map_err(|_| SignatureFault::Malformed)?;
        let keys = self.0.load();
        let key = keys.get(id).ok_or(SignatureFault::UnknownKey)?;
        // `verify` compares in constant time.
        let verified = key.clone().chain_update(body).verify(&mac.into());
        verified.map_err(|_| SignatureFault::Mismatch)
    }
}

impl KeyRing for EventKeys {
    type Error = EventKeysError;

    fn from_text(text: &str) -> Result<Self, EventKeysError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(read_keys(text)?))))
    }

    fn replace(&self, text: &str) -> Result<(), EventKeysError> {
        self.0.store(Arc::new(read_keys(text)?));
        Ok(())
    }
}

impl fmt::Debug for EventKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventKeys({} keys)", self.0.load().len())
    }
}

fn read_keys(text: &str) -> Result<Keys, EventKeysError> {
    let Ok(Value::Object(members)) = parse_value(text) else {
        return Err(EventKeysError::NotAnObject);
    };
    let mut keys = Keys::new();
    for (number, (id, key)) in members.into_iter().enumerate() {
        let position = number + 1;
        let Value::String(key) = key else { return Err(EventKeysError::NotAnObject) };
        if !is_key_id(&id) {
            return Err(EventKeysError::MalformedId(position));
        }
        let mac = Hmac::new_from_slice(key.as_bytes()).ok();
        let mac = mac.filter(|_| key.len() >= MIN_KEY_BYTES);
        keys.insert(id, mac.ok_or(EventKeysError::TooShort(position))?);
    }
    if keys.is_empty() { Err(EventKeysError::Empty) } else { Ok(keys) }
}

fn is_key_id(text: &str) -> bool {
    let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    !text.is_empty() && text.len() <= MAX_KEY_ID_CHARS && text.bytes().all(is_allowed)
}

/// Separates the signature of an envelope from its body. Any other body is returned as it is.
pub(crate) fn open_envelope(body: String) -> (Option<String>, String) {
    if !body.starts_with('{') {
        return (None, body);
    }
    match serde_json::from_str(&body) {
        Ok(Envelope { signature, body }) => (Some(signature), body),
        Err(_) => (None, body),
    }
}

/// Returns the signature in the attributes of a message of SQS. Other attributes are not read.
pub(crate) fn of_attributes(attributes: Option<&Value>) -> Option<String> {
    let value = attributes?.get(ATTRIBUTE)?.get("stringValue")?;
    value.as_str().map(str::to_owned)
}

/// Returns the signature in the headers of a record of Kafka: a list of objects, whose values are
/// bytes, negative ones as Java writes them. Other headers are not read.
pub(crate) fn of_headers(headers: Option<&Value>) -> Option<String> {
    let header = headers?.as_array()?.iter().find_map(|header| header.get(ATTRIBUTE))?;
    let byte = |value: &Value| u8::try_from(value.as_i64()?).ok();
    let bytes = header.as_array()?.iter().map(byte).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "an-example-of-a-key-of-32-bytes!";
    const OTHER: &str = "another-example-of-a-32-byte-key";
    const BODY: &str = r#"[{"specversion":"1.0"}]"#;

    fn keys(text: &Value) -> EventKeys {
        EventKeys::from_text(&text.to_string()).unwrap()
    }

    fn sign(id: &str, key: &str, body: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(body);
        format!("{id}:{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }

    fn required(keys: EventKeys) -> Signatures {
        Signatures::Verified { keys, unsigned: Unsigned::Refused }
    }

    #[test]
    fn signature_of_the_body_is_valid() {
        let signatures = required(keys(&json!({ "a": KEY, "b": OTHER })));
        for (id, key) in [("a", KEY), ("b", OTHER)] {
            let signature = sign(id, key, BODY);
            assert_eq!(signatures.verify(Some(&signature), BODY), Verdict::Signed);
        }
    }

    #[test]
    fn wrong_signature_is_refused_with_its_fault() {
        let signatures = required(keys(&json!({ "a": KEY, "b": OTHER })));
        let good = sign("a", KEY, BODY);
        for (signature, fault) in [
            (None, SignatureFault::Missing),
            (Some(""), SignatureFault::Malformed),
            (Some("a:"), SignatureFault::Malformed),
            (Some("a:AAAA"), SignatureFault::Malformed),
            (Some(&good[2..]), SignatureFault::Malformed),
            (Some(&good.replace("a:", "c:")), SignatureFault::UnknownKey),
            (Some(&good.replace("a:", "b:")), SignatureFault::Mismatch),
            (Some(&sign("a", KEY, "[]")), SignatureFault::Mismatch),
        ] {
            assert_eq!(
                signatures.verify(signature, BODY),
                Verdict::Refused(fault),
                "{signature:?}"
            );
        }
        assert_eq!(
            signatures.verify(Some(&good), &format!("{BODY} ")),
            Verdict::Refused(SignatureFault::Mismatch)
        );
    }

    #[test]
    fn unsigned_message_is_accepted_if_not_required() {
        let keys = keys(&json!({ "a": KEY }));
        let signatures = Signatures::Verified { keys, unsigned: Unsigned::Accepted };
        assert_eq!(signatures.verify(None, BODY), Verdict::Unsigned);
        let wrong = signatures.verify(Some(&sign("a", OTHER, BODY)), BODY);
        assert_eq!(wrong, Verdict::Refused(SignatureFault::Mismatch));
        assert_eq!(Signatures::Ignored.verify(Some("x"), BODY), Verdict::Unchecked);
    }

    #[test]
    fn replaced_keys_apply_to_every_clone() {
        let keys = keys(&json!({ "a": KEY }));
        let signatures = required(keys.clone());
        keys.replace(&json!({ "a": KEY, "b": OTHER }).to_string()).unwrap();
        assert_eq!(signatures.verify(Some(&sign("b", OTHER, BODY)), BODY), Verdict::Signed);
        assert_eq!(keys.replace("{}").unwrap_err(), EventKeysError::Empty);
        assert_eq!(signatures.verify(Some(&sign("a", KEY, BODY)), BODY), Verdict::Signed);
    }

    #[test]
    fn malformed_keys_are_refused_by_position() {
        let error = |text: &str| EventKeys::from_text(text).unwrap_err();
        for text in ["", "a:b", "[]", r#"{"a":7}"#, r#"{"a":"x","a":"y"}"#] {
            assert_eq!(error(text), EventKeysError::NotAnObject, "{text}");
        }
        assert_eq!(error("{}"), EventKeysError::Empty);
        let short = json!({ "a": KEY, "b": OTHER[1..] }).to_string();
        assert_eq!(error(&short), EventKeysError::TooShort(2));
        for id in ["", "a b", "a:b", &"a".repeat(65)] {
            assert_eq!(error(&json!({ id: KEY }).to_string()), EventKeysError::MalformedId(1));
        }
        assert_eq!(format!("{:?}", keys(&json!({ "a": KEY }))), "EventKeys(1 keys)");
    }

    #[test]
    fn unknown_mode_is_refused() {
        assert_eq!(mode(None).unwrap(), None);
        assert_eq!(mode(Some("DISABLED")).unwrap(), None);
        assert_eq!(mode(Some("ACCEPT_UNSIGNED")).unwrap(), Some(Unsigned::Accepted));
        assert_eq!(mode(Some("REQUIRED")).unwrap(), Some(Unsigned::Refused));
        let error = mode(Some("required")).unwrap_err().to_string();
        assert_eq!(
            error,
            "EVENT_SIGNATURES is malformed; expected DISABLED, ACCEPT_UNSIGNED or REQUIRED"
        );
    }

    #[test]
    fn only_an_envelope_is_opened() {
        let envelope = json!({ "signature": "s", "body": BODY }).to_string();
        assert_eq!(open_envelope(envelope), (Some("s".to_owned()), BODY.to_owned()));
        for body in [BODY, r#"{"specversion":"1.0"}"#, r#"{"signature":"s"}"#, "{", ""] {
            assert_eq!(open_envelope(body.to_owned()), (None, body.to_owned()));
        }
        let more = r#"{"signature":"s","body":"b","x":1}"#;
        assert_eq!(open_envelope(more.to_owned()).0, None);
    }

    /// The example that producers are shown.
    #[test]
    fn documented_example_is_valid() {
        let page = include_str!("../../../docs/reference/events.md");
        let (_, section) = page.split_once("\n### Signatures\n").unwrap();
        let of = |name: &str| {
            let (_, rest) = section.split_once(&format!("{name} = '")).unwrap();
            rest.split_once("'\n").unwrap().0.to_owned()
        };
        let signatures = required(keys(&json!({ of("KEY_ID"): of("KEY") })));
        assert_eq!(signatures.verify(Some(&of("# signature")), &of("body")), Verdict::Signed);
    }
}
