//! Opaque tokens that only we can make: confirmations and cursors.
//!
//! A token is `base64url(version ‖ expiry ‖ payload ‖ HMAC-SHA256)`. The MAC also covers two values
//! that the token does not carry: its purpose and the caller. So a token of another user, of
//! another purpose, of another list, or with one byte changed is the same to us as one never made.
//! The payload is signed and not secret: a token holds nothing that its owner may not know, or
//! holds it encrypted ([`Signer::encrypt_id`]).

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use types::{Timestamp, Uid};

use crate::{Code, Problem};

/// The shortest key, in bytes: as long as the hash, as RFC 2104 section 3 asks.
pub const MIN_KEY_BYTES: usize = 32;

const VERSION: u8 = 1;
const EXPIRY_BYTES: usize = 8;
const MAC_BYTES: usize = 32;
/// Longer texts are no tokens of ours, and are refused before any work.
const MAX_TOKEN_CHARS: usize = 4096;

/// The purpose of a token. No token serves another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// A user's leave to bind, as the confirmation window shows it.
    Confirmation,
    /// A place in one list: the text names route and filters.
    Cursor(&'a str),
}

impl Purpose<'_> {
    const fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Confirmation => ("confirmation", ""),
            Self::Cursor(list) => ("cursor", list),
        }
    }
}

/// Seals and opens tokens: the first key signs, every key verifies, so that keys can be changed
/// while tokens are out. Clones share their keys, also those that [`Signer::replace`] brings.
#[derive(Clone)]
pub struct Signer(Arc<ArcSwap<Keys>>);

/// The keys of one moment.
pub(crate) struct Keys {
    first: Hmac<Sha256>,
    others: Vec<Hmac<Sha256>>,
}

/// Why a text is no list of signing keys. The keys themselves are never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// A key is empty, or there is none.
    #[error("signing key {0} is empty; expected keys separated by commas, the signing one first")]
    Empty(usize),
    /// A key is too short.
    #[error("signing key {position} has {bytes} bytes; at least {MIN_KEY_BYTES} are needed")]
    TooShort {
        /// Which key, from 1.
        position: usize,
        /// How long it is.
        bytes: usize,
    },
}

/// A payload cannot be sealed: it cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
#[error("the payload of a token cannot be written")]
pub struct SealError(#[from] serde_json::Error);

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not made by us for this purpose and caller, or changed since.
    #[error("the token was not made for this caller and purpose")]
    Invalid,
    /// Made by us for this purpose and caller, and out of time.
    #[error("the token has expired")]
    Expired,
}

impl OpenError {
    /// The problem to answer for a confirmation that does not open.
    pub fn of_confirmation(self) -> Problem {
        let code = match self {
            Self::Invalid => Code::ConfirmationInvalid,
            Self::Expired => Code::ConfirmationExpired,
        };
        Problem::new(code).parameter("confirmation")
    }

    /// The problem to answer for a cursor that does not open.
    pub fn of_cursor(self) -> Problem {
        Problem::bad(
            "cursor",
            match self {
                Self::Invalid => "The cursor was not given to you for this list and its filters.",
                Self::Expired => "The cursor has expired; begin the list again without one.",
            },
        )
    }
}

impl Signer {
    /// Reads keys separated by commas, as `SIGNING_KEYS` holds them; white space around is ignored.
    ///
    /// # Errors
    /// [`KeysError`] for the first key that is empty or too short.
    pub fn from_keys_text(text: &str) -> Result<Self, KeysError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(Keys::read(text)?))))
    }

    /// Signs and verifies by other keys from now on, in all clones.
    ///
    /// # Errors
    /// As [`Signer::from_keys_text`]; the keys stay as they were.
    pub fn replace(&self, text: &str) -> Result<(), KeysError> {
        self.0.store(Arc::new(Keys::read(text)?));
        Ok(())
    }

    /// Makes a token that `caller` can use for `purpose` until `expires_at`, not included.
    ///
    /// # Errors
    /// [`SealError`] if the payload cannot be written as JSON.
    pub fn seal<T: Serialize>(
        &self,
        purpose: Purpose<'_>,
        caller: &Uid,
        payload: &T,
        expires_at: Timestamp,
    ) -> Result<String, SealError> {
        let mut token = vec![VERSION];
        token.extend(expires_at.millis().to_be_bytes());
        token.extend(serde_json::to_vec(payload)?);
        let mac = covering(&self.keys().first, purpose, caller, &token);
        token.extend(mac.finalize().into_bytes());
        Ok(URL_SAFE_NO_PAD.encode(token))
    }

    /// The payload of a token that is good now.
    ///
    /// # Errors
    /// [`OpenError::Expired`] for a token of ours whose time is over, else [`OpenError::Invalid`].
    pub fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose<'_>,
        caller: &Uid,
        token: &str,
        now: Timestamp,
    ) -> Result<T, OpenError> {
        let bytes = decode(token).ok_or(OpenError::Invalid)?;
        let (signed, tag) = bytes.split_last_chunk::<MAC_BYTES>().ok_or(OpenError::Invalid)?;
        if !self.has_signed(purpose, caller, signed, tag) {
            return Err(OpenError::Invalid);
        }
        let (expires_at, payload) = parse(signed).ok_or(OpenError::Invalid)?;
        if now >= expires_at {
            return Err(OpenError::Expired);
        }
        serde_json::from_slice(payload).map_err(|_| OpenError::Invalid)
    }

    /// Returns the name under which logs have a caller: 16 hexadecimal digits, the beginning of an
    /// HMAC by the first key. The requests of a caller have the same name while that key signs, and
    /// without the key nobody finds the caller of a name.
    #[must_use]
    pub fn pseudonym(&self, caller: &Uid) -> String {
        // No token is the same input: it begins with a length of eight bytes.
        let mac = self.keys().first().clone().chain_update(format!("subject {caller}"));
        hex::encode(mac.finalize().into_bytes()).chars().take(16).collect()
    }

    fn has_signed(
        &self,
        purpose: Purpose<'_>,
        caller: &Uid,
        signed: &[u8],
        tag: &[u8; MAC_BYTES],
    ) -> bool {
        // `verify` compares in constant time.
        self.keys()
            .iter()
            .any(|key| covering(key, purpose, caller, signed).verify(tag.into()).is_ok())
    }

    /// The keys as they are now.
    pub(crate) fn keys(&self) -> Arc<Keys> {
        self.0.load_full()
    }
}

impl Keys {
    fn read(text: &str) -> Result<Self, KeysError> {
        let keys = text.split(',').map(str::trim).enumerate();
        let macs = keys.map(|(index, key)| mac_of(index + 1, key.as_bytes()));
        let mut macs = macs.collect::<Result<Vec<_>, _>>()?.into_iter();
        let first = macs.next().ok_or(KeysError::Empty(1))?;
        Ok(Self { first, others: macs.collect() })
    }

    /// The key that signs.
    pub(crate) const fn first(&self) -> &Hmac<Sha256> {
        &self.first
    }

    /// The keys, the signing one first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Hmac<Sha256>> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} keys)", self.keys().iter().count())
    }
}

fn mac_of(position: usize, key: &[u8]) -> Result<Hmac<Sha256>, KeysError> {
    match key.len() {
        0 => Err(KeysError::Empty(position)),
        bytes if bytes < MIN_KEY_BYTES => Err(KeysError::TooShort { position, bytes }),
        bytes => Hmac::new_from_slice(key).map_err(|_| KeysError::TooShort { position, bytes }),
    }
}

/// The MAC over purpose, list, caller and token.
fn covering(key: &Hmac<Sha256>, purpose: Purpose<'_>, caller: &Uid, token: &[u8]) -> Hmac<Sha256> {
    let (name, list) = purpose.parts();
    over_parts(key, [name.as_bytes(), list.as_bytes(), caller.as_str().as_bytes(), token])
}

/// The MAC over four parts, each after its length: so that no two different quadruples are the
/// same bytes.
pub(crate) fn over_parts(key: &Hmac<Sha256>, parts: [&[u8]; 4]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

fn decode(token: &str) -> Option<Vec<u8>> {
    if token.len() > MAX_TOKEN_CHARS {
        return None;
    }
    URL_SAFE_NO_PAD.decode(token).ok()
}

fn parse(signed: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (version, rest) = signed.split_first()?;
    let (expiry, payload) = rest.split_first_chunk::<EXPIRY_BYTES>()?;
    let expires_at = Timestamp::from_millis(i64::from_be_bytes(*expiry))?;
    (*version == VERSION).then_some((expires_at, payload))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    const OLD: &str = "old-key-old-key-old-key-old-key-";
    const NEW: &str = "new-key-new-key-new-key-new-key-";

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Payload {
        code: String,
        place: u32,
    }

    fn payload() -> Payload {
        Payload { code: "ABCDEFGH".into(), place: 7 }
    }

    fn signer(keys: &str) -> Signer {
        Signer::from_keys_text(keys).unwrap()
    }

    fn uid(text: &str) -> Uid {
        text.parse().unwrap()
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn replaced_keys_hold_in_every_clone() {
        const OLD: &str = "old-key-old-key-old-key-old-key-";
        const NEW: &str = "new-key-new-key-new-key-new-key-";
        let (signer, caller) = (signer(OLD), uid("u1"));
        let clone = signer.clone();
        let old = seal(&signer, Purpose::Confirmation);
        clone.replace(&format!("{NEW},{OLD}")).unwrap();
        let new = seal(&signer, Purpose::Confirmation);
        assert_ne!(old, new);
        for token in [&old, &new] {
            let opened = signer.open::<Payload>(Purpose::Confirmation, &caller, token, at(999));
            assert_eq!(opened.unwrap(), payload());
        }
        assert!(clone.replace("short").is_err());
        clone.replace(NEW).unwrap();
        let opened = signer.open::<Payload>(Purpose::Confirmation, &caller, &old, at(999));
        assert_eq!(opened.unwrap_err(), OpenError::Invalid);
    }

    fn seal(signer: &Signer, purpose: Purpose<'_>) -> String {
        signer.seal(purpose, &uid("u1"), &payload(), at(1000)).unwrap()
    }

    fn open(signer: &Signer, purpose: Purpose<'_>, token: &str) -> Result<Payload, OpenError> {
        signer.open(purpose, &uid("u1"), token, at(999))
    }

    #[test]
    fn token_opens_to_what_was_sealed() {
        let signer = signer(NEW);
        for purpose in [Purpose::Confirmation, Purpose::Cursor("list")] {
            assert_eq!(open(&signer, purpose, &seal(&signer, purpose)), Ok(payload()));
        }
    }

    #[test]
    fn token_is_invalid_at_its_expiry() {
        let signer = signer(NEW);
        let token = seal(&signer, Purpose::Confirmation);
        let open = |now| signer.open::<Payload>(Purpose::Confirmation, &uid("u1"), &token, now);
        assert!(open(at(999)).is_ok());
        assert_eq!(open(at(1000)), Err(OpenError::Expired));
    }

    #[test]
    fn every_altered_byte_is_refused() {
        let signer = signer(NEW);
        let token = URL_SAFE_NO_PAD.decode(seal(&signer, Purpose::Confirmation)).unwrap();
        for index in 0..token.len() {
            for bit in 0..8 {
                let mut altered = token.clone();
                altered[index] ^= 1 << bit;
                let altered = URL_SAFE_NO_PAD.encode(altered);
                let opened = open(&signer, Purpose::Confirmation, &altered);
                assert_eq!(opened, Err(OpenError::Invalid), "byte {index}, bit {bit}");
            }
        }
    }

    #[test]
    fn altered_character_is_refused() {
        let signer = signer(NEW);
        let token = seal(&signer, Purpose::Confirmation);
        for index in 0..token.len() {
            for other in "AQgwBZ09-_=.".chars().filter(|c| !token[index..].starts_with(*c)) {
                let mut altered = token.clone();
                altered.replace_range(index..=index, &other.to_string());
                assert_eq!(
                    open(&signer, Purpose::Confirmation, &altered),
                    Err(OpenError::Invalid),
                    "{index} {other}"
                );
            }
        }
    }

    #[test]
    fn cut_or_lengthened_token_is_refused() {
        let signer = signer(NEW);
        let token = seal(&signer, Purpose::Confirmation);
        for length in 0..token.len() {
            let cut = open(&signer, Purpose::Confirmation, &token[..length]);
            assert_eq!(cut, Err(OpenError::Invalid), "{length}");
        }
        for longer in [format!("{token}A"), format!("{token}="), "A".repeat(5000)] {
            assert_eq!(open(&signer, Purpose::Confirmation, &longer), Err(OpenError::Invalid));
        }
    }

    /// Base64 carries three bytes in four characters, so the next longer token has 4,098.
    #[test]
    fn token_has_at_most_4096_characters() {
        let signer = signer(NEW);
        let sealed = |length| {
            let payload = "p".repeat(length);
            signer.seal(Purpose::Cursor(""), &uid("u1"), &payload, at(1000)).unwrap()
        };
        let open = |token: &str| {
            signer
                .open::<String>(Purpose::Cursor(""), &uid("u1"), token, at(999))
                .map(|it| it.len())
        };
        let (longest, longer) = (sealed(3029), sealed(3030));
        assert_eq!((longest.len(), longer.len()), (4096, 4098));
        assert_eq!(open(&longest), Ok(3029));
        assert_eq!(open(&longer), Err(OpenError::Invalid));
    }

    #[test]
    fn expired_token_of_another_is_invalid() {
        let signer = signer(NEW);
        let token = seal(&signer, Purpose::Confirmation);
        for now in [at(0), at(5000)] {
            let opened = signer.open::<Payload>(Purpose::Confirmation, &uid("u2"), &token, now);
            assert_eq!(opened, Err(OpenError::Invalid));
        }
    }

    #[test]
    fn token_serves_one_purpose_and_list() {
        let signer = signer(NEW);
        let cursor = seal(&signer, Purpose::Cursor("a"));
        for purpose in [Purpose::Confirmation, Purpose::Cursor("b"), Purpose::Cursor("")] {
            assert_eq!(open(&signer, purpose, &cursor), Err(OpenError::Invalid));
        }
    }

    #[test]
    fn list_and_caller_are_separated() {
        let signer = signer(NEW);
        let seal = |list, user| {
            signer.seal(Purpose::Cursor(list), &uid(user), &payload(), at(1000)).unwrap()
        };
        assert_ne!(seal("ab", "c"), seal("a", "bc"));
    }

    #[test]
    fn first_key_signs_and_every_key_verifies() {
        let (before, during, after) = (signer(OLD), signer(&format!("{NEW},{OLD}")), signer(NEW));
        let old_token = seal(&before, Purpose::Confirmation);
        let new_token = seal(&during, Purpose::Confirmation);
        assert!(open(&during, Purpose::Confirmation, &old_token).is_ok());
        assert!(open(&after, Purpose::Confirmation, &new_token).is_ok());
        assert_eq!(open(&before, Purpose::Confirmation, &new_token), Err(OpenError::Invalid));
        assert_eq!(open(&after, Purpose::Confirmation, &old_token), Err(OpenError::Invalid));
    }

    /// Computed by `printf 'subject u1' | openssl dgst -sha256 -hmac KEY`, as the runbook does.
    #[test]
    fn pseudonym_is_the_hmac_of_the_subject() {
        assert_eq!(signer(NEW).pseudonym(&uid("u1")), "cea5f48f95c5cdf0");
        assert_ne!(signer(NEW).pseudonym(&uid("u2")), signer(NEW).pseudonym(&uid("u1")));
        let during = signer(&format!("{OLD},{NEW}"));
        assert_eq!(during.pseudonym(&uid("u1")), signer(OLD).pseudonym(&uid("u1")));
    }

    #[test]
    fn payload_of_another_shape_is_invalid() {
        let signer = signer(NEW);
        let token = signer.seal(Purpose::Confirmation, &uid("u1"), &"text", at(1000)).unwrap();
        assert_eq!(open(&signer, Purpose::Confirmation, &token), Err(OpenError::Invalid));
    }

    #[test]
    fn bad_keys_are_named_by_position() {
        assert_eq!(Signer::from_keys_text("").unwrap_err(), KeysError::Empty(1));
        assert_eq!(Signer::from_keys_text(&format!("{NEW},")).unwrap_err(), KeysError::Empty(2));
        let error = Signer::from_keys_text(&format!("{NEW}, {}", &OLD[1..])).unwrap_err();
        assert_eq!(error, KeysError::TooShort { position: 2, bytes: 31 });
        let sentence = error.to_string();
        assert_eq!(sentence, "signing key 2 has 31 bytes; at least 32 are needed");
        assert!(Signer::from_keys_text(&format!(" {NEW} ,\n{OLD}\n")).is_ok());
    }

    #[test]
    fn debug_tells_no_key() {
        assert_eq!(format!("{:?}", signer(&format!("{NEW},{OLD}"))), "Signer(2 keys)");
    }

    #[test]
    fn problems_name_field() {
        let invalid = OpenError::Invalid.of_confirmation().to_json();
        assert_eq!(invalid["code"], "confirmation_invalid");
        assert_eq!(OpenError::Expired.of_confirmation().to_json()["code"], "confirmation_expired");
        assert_eq!(OpenError::Expired.of_cursor().to_json()["parameter"], "cursor");
    }
}
