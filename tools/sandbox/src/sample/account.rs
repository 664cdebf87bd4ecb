//! Account numbers.

use std::fmt;

use serde::{Serialize, Serializer};
use types::Uid;

/// An account's number, the text of which is its [`Uid`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Account(pub(super) u32);

impl Account {
    #[expect(clippy::expect_used, reason = "ten digits at most are always a well-formed id")]
    pub(super) fn uid(self) -> Uid {
        self.to_string().parse().expect("digits are a user id")
    }

    /// Returns a hash of the person behind the account, distinct for each number.
    pub(super) fn person(self) -> String {
        format!("p{:016x}", u64::from(self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
