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

/// A trade id, alone or qualified by the sub-account whose fee it is.
fn is_trade_id(text: &str) -> bool {
    match text.split_once('/') {
        Some((trade_id, sub_account)) => is_id_text(trade_id, 64) && is_id_text(sub_account, 64),
        None => is_id_text(text, 64),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $is_id:expr, $what:literal) => {
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
                let is_id: fn(&str) -> bool = $is_id;
                if is_id(text) { Ok(()) } else { Err(Malformed::expected($what)) }
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
    |text| is_id_text(text, 64),
    "a user id: 1 to 64 letters, digits, '-', '_', ':' or '.'"
);
id!(
    /// The identity of one charged fee within its payer and day, in any event.
    ///
    /// The fees of a sub-account are stored as its main account's. There the trade id is followed
    /// by `/` and the sub-account's id, because both sides of a trade may be sub-accounts of one
    /// main account. Events carry the trade id alone.
    TradeId,
    is_trade_id,
    "a trade id: 1 to 64 letters, digits, '-', '_', ':' or '.'"
);
id!(
    /// The exchange's short_sha256 of the person behind an account; equal for the same person.
    PersonHash,
    |text| is_id_text(text, 128),
    "a person hash: 1 to 128 letters, digits, '-', '_', ':' or '.'"
);

impl Uid {
    /// The id with only its first and last characters, as an invitee may see the inviter.
    ///
    /// The number of stars does not reveal the length.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut chars = self.0.chars();
        match (chars.next(), chars.next_back()) {
            (Some(first), Some(last)) if self.0.len() > 2 => format!("{first}***{last}"),
            _ => "***".to_owned(),
        }
    }
}

impl TradeId {
    /// Returns the trade id as it is stored for a fee of `sub_account`.
    #[must_use]
    pub fn of_sub_account(&self, sub_account: &Uid) -> Self {
        Self(format!("{self}/{sub_account}").into())
    }

    /// Whether the trade id is qualified by a sub-account.
    #[must_use]
    pub fn is_of_sub_account(&self) -> bool {
        self.0.contains('/')
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
    fn code_has_no_look_alikes() {
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
    fn malformed_id_is_not_repeated() {
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
    fn longest_trade_id_reads_back() {
        let (trade_id, sub) = ("t".repeat(64), "s".repeat(64));
        let plain: TradeId = trade_id.parse().unwrap();
        let qualified = plain.of_sub_account(&sub.parse().unwrap());
        assert_eq!(qualified.as_str(), format!("{trade_id}/{sub}"));
        assert_eq!(qualified.as_str().parse(), Ok(qualified.clone()));
        assert!(qualified.is_of_sub_account() && !plain.is_of_sub_account());
        for text in ["t1/", "/sub", "t1/a/b", "t 1/a", &format!("{trade_id}t/a")] {
            assert!(text.parse::<TradeId>().is_err(), "{text}");
        }
    }

    #[test]
    fn masked_id_shows_two_characters() {
        assert_eq!("35912846".parse::<Uid>().unwrap().masked(), "3***6");
        assert_eq!("12".parse::<Uid>().unwrap().masked(), "***");
    }

    #[test]
    fn debug_tells_no_id() {
        assert_eq!(format!("{:?}", "35912846".parse::<Uid>().unwrap()), "Uid(…)");
        assert_eq!(format!("{:?}", "K7M2XW9P".parse::<LinkCode>().unwrap()), "LinkCode(…)");
    }
}
