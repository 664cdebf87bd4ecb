//! Ids in tokens that the token's owner may not read.
//!
//! A token's payload is signed, and anyone can read it. What its owner may not know goes into it
//! encrypted, by ChaCha20-Poly1305, under a key that is drawn from the signing key for this owner
//! and subject alone. As only one id ever goes with both, such a key never encrypts two different
//! texts, and needs no nonce. All ids are as long as the longest: not even the length is told.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;
use types::Uid;

use crate::Signer;
use crate::signer::over_parts;

/// The longest id, in bytes.
const ID_BYTES: usize = 64;

impl Signer {
    /// Encrypts the one id that belongs to `subject`, for a token of `owner`; `None` if the cipher
    /// refuses.
    ///
    /// For one owner and subject it must always be the same id.
    #[must_use]
    pub fn encrypt_id(&self, owner: &Uid, subject: &str, id: &Uid) -> Option<String> {
        let mut text = id.as_str().as_bytes().to_vec();
        text.resize(ID_BYTES, 0);
        key(self.keys().next()?, owner, subject)?
            .seal_in_place_append_tag(only_nonce(), Aad::empty(), &mut text)
            .ok()?;
        Some(URL_SAFE_NO_PAD.encode(text))
    }

    /// The id that was hidden for this owner and subject; `None` if none was.
    #[must_use]
    pub fn decrypt_id(&self, owner: &Uid, subject: &str, hidden: &str) -> Option<Uid> {
        let sealed = URL_SAFE_NO_PAD.decode(hidden).ok()?;
        self.keys().find_map(|signing| {
            let mut sealed = sealed.clone();
            let key = key(signing, owner, subject)?;
            let text = key.open_in_place(only_nonce(), Aad::empty(), &mut sealed).ok()?;
            std::str::from_utf8(text).ok()?.trim_end_matches('\0').parse().ok()
        })
    }
}

fn key(signing: &Hmac<Sha256>, owner: &Uid, subject: &str) -> Option<LessSafeKey> {
    let parts = [b"hidden id", subject.as_bytes(), owner.as_str().as_bytes(), b""];
    let bytes = over_parts(signing, parts).finalize().into_bytes();
    UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok().map(LessSafeKey::new)
}

/// Each key has one text.
fn only_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; ring::aead::NONCE_LEN])
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
    fn a_hidden_id_is_revealed_for_the_same_owner_and_subject_only() {
        let signer = signer(NEW);
        let hidden = encrypt_id(&signer, "inviter-35");
        let reveal = |owner, subject| signer.decrypt_id(&uid(owner), subject, &hidden);
        assert_eq!(reveal("u1", "ABCDEFGH"), Some(uid("inviter-35")));
        assert_eq!(reveal("u2", "ABCDEFGH"), None);
        assert_eq!(reveal("u1", "ABCDEFGJ"), None);
    }

    #[test]
    fn what_is_hidden_shows_neither_the_id_nor_its_length() {
        let signer = signer(NEW);
        let hidden: Vec<_> =
            ["i", "inviter-35", &"i".repeat(64)].map(|id| encrypt_id(&signer, id)).into();
        assert!(hidden.iter().all(|text| text.len() == hidden[0].len()));
        let bytes = URL_SAFE_NO_PAD.decode(&hidden[1]).unwrap();
        assert!(!bytes.windows(3).any(|part| part == b"inv"));
    }

    #[test]
    fn an_id_of_the_key_before_is_still_revealed() {
        let hidden = encrypt_id(&signer(OLD), "inviter-35");
        let reveal = |keys: &str| signer(keys).decrypt_id(&uid("u1"), "ABCDEFGH", &hidden);
        assert_eq!(reveal(&format!("{NEW},{OLD}")), Some(uid("inviter-35")));
        assert_eq!(reveal(NEW), None);
    }

    #[test]
    fn what_was_not_hidden_by_us_reveals_nothing() {
        let signer = signer(NEW);
        for text in ["", "A", "not base64!", &"A".repeat(107), &"A".repeat(5000)] {
            assert_eq!(signer.decrypt_id(&uid("u1"), "ABCDEFGH", text), None);
        }
    }
}
