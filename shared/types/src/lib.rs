//! The words of the programme as types.
//!
//! Everything that comes from outside (a user id, a code, a day, a country) is parsed here once,
//! at the border, and never checked again further in. The crate knows no I/O, no clock, no AWS.

mod ids;
mod place;
mod reason;
mod time;
mod timeline;
mod trade;

pub use ids::{LinkCode, PersonHash, TradeId, Uid};
pub use place::{Country, Location, Subdivision};
pub use reason::Reason;
pub use time::{Day, MILLIS_PER_DAY, Quarter, Timestamp};
pub use timeline::{Recorded, Timeline};
pub use trade::{FeeKind, Market, Origin, Product, Vip};

/// Why a text could not be read as a term: the expected form.
///
/// The sentence never repeats the text itself, so it may be logged and shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

impl Malformed {
    fn expected(what: &str) -> Self {
        Self(format!("expected {what}"))
    }
}

/// Gives a string-shaped term its conversions: `FromStr`, `Display` and serde through the text.
macro_rules! text_term {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl TryFrom<String> for $name {
            type Error = crate::Malformed;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(term: $name) -> Self {
                term.to_string()
            }
        }
    };
}
pub(crate) use text_term;
