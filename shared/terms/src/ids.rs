//! Identifiers. Their `Debug` is redacted: ids of people do not belong in logs. Their clones share
//! one text: a night's lines name the same people many times.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Malformed, text_term};

fn is_id_text(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.'))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text of the identifier.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether a text is such an identifier, without keeping it.
            ///
            /// # Errors
            /// It is not.
            pub fn check(text: &str) -> Result<(), Malformed> {
                if is_id_text(text, $max) { Ok(()) } else { Err(Malformed::expected($what)) }
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        text_term!($name);
    };
}

id!(
    /// A user of the exchange: an account's id, and the `sub` of its access token.
    Uid,
    64,
    "a user id: 1 to 64 letters, digits, '-', '_', ':' or '.'"
);
id!(
    /// The identity of one charged fee, whatever event brings it.
    TradeId,
    64,
    "a trade id: 1 to 64 letters, digits, '-', '_', ':' or '.'"
);
id!(
    /// The exchange's fingerprint of the person behind an account; equal for the same person.
    PersonHash,
    128,
    "a person hash: 1 to 128 letters, digits, '-', '_', ':' or '.'"
);

impl Uid {
    /// The id with only its first and last characters, as an invitee may see the inviter.
    ///
    /// The number of stars does not tell the length.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut chars = self.0.chars();
        match (chars.next(), chars.next_back()) {
            (Some(first), Some(last)) if self.0.len() > 2 => format!("{first}***{last}"),
            _ => "***".to_owned(),
        }
    }
}

/// The token in a referral link: 5 to 16 upper-case letters and digits.
///
/// Codes of other systems have 5 or 8 characters; ours are drawn by [`LinkCode::from_entropy`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkCode(Arc<str>);

impl LinkCode {
    /// 31 letters and digits without look-alikes: no 0/O, no 1/I/L.
    pub const ALPHABET: &'static [u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
    /// Characters in a code of ours.
    pub const LENGTH: usize = 8;

    /// Draws a code from random bytes, or `None` if too few of them were usable.
    ///
    /// Bytes of 248 and more are passed over, so that every character is equally likely.
    #[must_use]
    pub fn from_entropy(bytes: &[u8]) -> Option<Self> {
        let code: String = bytes
            .iter()
            .filter(|byte| **byte < 248)
            .filter_map(|byte| Self::ALPHABET.get(usize::from(byte % 31)))
            .take(Self::LENGTH)
            .map(|byte| char::from(*byte))
            .collect();
        (code.len() == Self::LENGTH).then(|| Self(code.into()))
    }

    /// The text of the code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LinkCode {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let well_formed = (5..=16).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::expected("a link code: 5 to 16 upper-case letters and digits"))
        }
    }
}

impl fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkCode(…)")
    }
}

text_term!(LinkCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_from_the_alphabet_without_look_alikes() {
        let code = LinkCode::from_entropy(&[0, 30, 31, 247, 248, 255, 1, 2, 3, 4]).unwrap();
        assert_eq!(code.as_str(), "2Z2Z3456");
        assert!(!LinkCode::ALPHABET.iter().any(|c| b"0O1IL".contains(c)));
    }

    #[test]
    fn too_little_entropy_draws_no_code() {
        assert_eq!(LinkCode::from_entropy(&[255; 64]), None);
        assert_eq!(LinkCode::from_entropy(&[1; 7]), None);
    }

    #[test]
    fn malformed_ids_and_codes_are_refused_without_being_repeated() {
        for text in ["", "a b", "ü", &"x".repeat(65)] {
            let error = text.parse::<Uid>().unwrap_err().to_string();
            assert!(error.starts_with("expected a user id"), "{error}");
        }
        assert!("x".repeat(64).parse::<Uid>().is_ok());
        for text in ["ABCDE", "23456", "K7M2XW9P", &"A".repeat(16)] {
            assert_eq!(text.parse::<LinkCode>().unwrap().as_str(), text);
        }
        for text in ["ABCD", "abcdefgh", "ABCDEFGH!", &"A".repeat(17)] {
            assert!(text.parse::<LinkCode>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_masked_id_shows_first_and_last_character_only() {
        assert_eq!("35912846".parse::<Uid>().unwrap().masked(), "3***6");
        assert_eq!("12".parse::<Uid>().unwrap().masked(), "***");
    }

    #[test]
    fn debug_tells_no_id() {
        assert_eq!(format!("{:?}", "35912846".parse::<Uid>().unwrap()), "Uid(…)");
        assert_eq!(format!("{:?}", "K7M2XW9P".parse::<LinkCode>().unwrap()), "LinkCode(…)");
    }
}
