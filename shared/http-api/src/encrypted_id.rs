//! Ids in tokens that the owner of the token must not read.
//!
//! The payload of a token is signed, and anyone can read it. An id that its owner must not learn is
//! encrypted with ChaCha20-Poly1305. The nonce is synthetic, as in SIV modes (RFC 5297, RFC 8452):
//! an HMAC over all that is encrypted or authenticated. Two different texts therefore never share a
//! nonce, and no random source or counter is needed. The same id for the same owner and subject
//! always gets the same text, which reveals only that it is the same.
//!
//! Ring has no SIV mode, and a further crate would bring a second implementation of ciphers into
//! every function.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use types::Uid;

use crate::Signer;
use crate::signer::over_parts;

/// The longest id, in bytes. Shorter ones are padded, so that the text does not reveal the length.
const ID_BYTES: usize = 64;

/// Labels of the values that are derived from a signing key. Each use of the key has its label.
const KEY_LABEL: &[u8] = b"id encryption key";
const NONCE_LABEL: &[u8] = b"id encryption nonce";

impl Signer {
    /// Encrypts an id that belongs to `subject`, for a token of `owner`; `None` if the cipher
    /// refuses.
    #[must_use]
    pub fn encrypt_id(&self, owner: &Uid, subject: &str, id: &Uid) -> Option<String> {
        let keys = self.keys();
        let signing = keys.first();
        let mut text = id.as_str().as_bytes().to_vec();
        text.resize(ID_BYTES, 0);
        let nonce = synthetic_nonce(signing, owner, subject, &text)?;
        encryption_key(signing)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated_data(owner, subject)),
                &mut text,
            )
            .ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat()))
    }

    /// Decrypts an id of this owner and subject; `None` if the text was not encrypted for both.
    #[must_use]
    pub fn decrypt_id(&self, owner: &Uid, subject: &str, encrypted: &str) -> Option<Uid> {
        let bytes = URL_SAFE_NO_PAD.decode(encrypted).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        self.keys().iter().find_map(|signing| {
            let mut sealed = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let data = Aad::from(associated_data(owner, subject));
            let text = encryption_key(signing)?.open_in_place(nonce, data, &mut sealed).ok()?;
            std::str::from_utf8(text).ok()?.trim_end_matches('\0').parse().ok()
        })
    }
}

fn encryption_key(signing: &Hmac<Sha256>) -> Option<LessSafeKey> {
    let bytes = over_parts(signing, [KEY_LABEL, b"", b"", b""]).finalize().into_bytes();
    UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok().map(LessSafeKey::new)
}

fn synthetic_nonce(
    signing: &Hmac<Sha256>,
    owner: &Uid,
    subject: &str,
    text: &[u8],
) -> Option<[u8; NONCE_LEN]> {
    let parts = [NONCE_LABEL, subject.as_bytes(), owner.as_str().as_bytes(), text];
    over_parts(signing, parts).finalize().into_bytes().first_chunk().copied()
}

/// The owner and the subject, each after its length: so that no two pairs are the same bytes.
fn associated_data(owner: &Uid, subject: &str) -> Vec<u8> {
    let part = |text: &str| [&(text.len() as u64).to_be_bytes()[..], text.as_bytes()].concat();
    [part(owner.as_str()), part(subject)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old-key-old-key-old-key-old-key-";
    const NEW: &str = "new-key-new-key-new-key-new-key-";

    fn signer(keys: &str) -> Signer {
        Signer::from_keys_text(keys).unwrap()
    }

    fn uid(text: &str) -> Uid {
        text.parse().unwrap()
    }

    fn encrypt_id(signer: &Signer, id: &str) -> String {
        signer.encrypt_id(&uid("u1"), "ABCDEFGH", &uid(id)).unwrap()
    }

    #[test]
    fn id_opens_for_owner_and_subject_only() {
        let signer = signer(NEW);
        let text = encrypt_id(&signer, "inviter-35");
        let decrypt = |owner, subject| signer.decrypt_id(&uid(owner), subject, &text);
        assert_eq!(decrypt("u1", "ABCDEFGH"), Some(uid("inviter-35")));
        assert_eq!(decrypt("u2", "ABCDEFGH"), None);
        assert_eq!(decrypt("u1", "ABCDEFGJ"), None);
    }

    #[test]
    fn changed_text_does_not_open() {
        let signer = signer(NEW);
        let text = encrypt_id(&signer, "inviter-35");
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(signer.decrypt_id(&uid("u1"), "ABCDEFGH", &changed), None, "{index}");
        }
    }

    #[test]
    fn nonce_differs_by_id_owner_and_subject() {
        let signer = signer(NEW);
        let nonce = |owner: &str, subject: &str, id: &str| {
            let text = signer.encrypt_id(&uid(owner), subject, &uid(id)).unwrap();
            URL_SAFE_NO_PAD.decode(text).unwrap()[..NONCE_LEN].to_vec()
        };
        let first = nonce("u1", "ABCDEFGH", "inviter-35");
        assert_eq!(nonce("u1", "ABCDEFGH", "inviter-35"), first);
        for other in [
            nonce("u1", "ABCDEFGH", "inviter-36"),
            nonce("u2", "ABCDEFGH", "inviter-35"),
            nonce("u1", "ABCDEFGJ", "inviter-35"),
        ] {
            assert_ne!(other, first);
        }
    }

    #[test]
    fn text_tells_neither_id_nor_length() {
        let signer = signer(NEW);
        let ids = ["i", "inviter-35", &"i".repeat(64)];
        let [short, usual, long] = ids.map(|id| encrypt_id(&signer, id));
        assert_eq!((short.len(), long.len()), (usual.len(), usual.len()));
        let bytes = URL_SAFE_NO_PAD.decode(&usual).unwrap();
        assert!(!bytes.windows(3).any(|part| part == b"inv"));
    }

    #[test]
    fn id_of_previous_key_still_opens() {
        let text = encrypt_id(&signer(OLD), "inviter-35");
        let decrypt = |keys: &str| signer(keys).decrypt_id(&uid("u1"), "ABCDEFGH", &text);
        assert_eq!(decrypt(&format!("{NEW},{OLD}")), Some(uid("inviter-35")));
        assert_eq!(decrypt(NEW), None);
    }

    #[test]
    fn foreign_text_does_not_open() {
        let signer = signer(NEW);
        for text in ["", "A", "not base64!", &"A".repeat(16), &"A".repeat(123), &"A".repeat(5000)] {
            assert_eq!(signer.decrypt_id(&uid("u1"), "ABCDEFGH", text), None);
        }
    }
}
