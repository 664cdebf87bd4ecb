//! The domain's values as types: ids, days, instants, places, products, reason codes.
//!
//! External input is parsed into these types once, where it enters; code behind that border does
//! not check it again. The crate uses no I/O, no clock and no AWS.
//!
//! # Examples
//!
//! ```
//! use types::{Country, Day, LinkCode, Malformed};
//!
//! let day: Day = "2026-12-31".parse()?;
//! assert_eq!(day.quarter().to_string(), "2026-Q4");
//! assert_eq!(day.next().to_string(), "2027-01-01");
//!
//! assert!("K7M2XW9P".parse::<LinkCode>().is_ok());
//! let error = "k7m2".parse::<LinkCode>().unwrap_err();
//! assert_eq!(error.to_string(), "expected a link code: 5 to 16 upper-case letters and digits");
//!
//! // ISO 3166 calls the United Kingdom GB.
//! let country: Country = "UK".parse()?;
//! assert!(!country.is_assigned());
//! # Ok::<(), Malformed>(())
//! ```

mod error_chain;
mod ids;
mod place;
mod reason;
mod time;
mod timeline;
mod trade;

pub use error_chain::error_chain;
pub use ids::{LinkCode, PersonHash, TradeId, Uid};
pub use place::{Country, Location, Subdivision};
pub use reason::Reason;
pub use time::{Day, MILLIS_PER_DAY, Quarter, Timestamp};
pub use timeline::{Recorded, Timeline};
pub use trade::{FeeKind, Market, Origin, Product, Vip};

/// Error of a text that is not of the expected form, which the message names.
///
/// The message never repeats the text, so that it may be logged and shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

impl Malformed {
    fn expected(what: &str) -> Self {
        Self(format!("expected {what}"))
    }
}

/// Implements the conversions of a type with a text form: `FromStr`, `Display` and serde through
/// the text.
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
