//! The order of lines in a list.

use std::cmp::Ordering;
use std::str::FromStr;

use types::Malformed;

/// The order of lines. The second is exactly the reverse of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sort {
    /// By day, and within a day in the order of booking.
    #[default]
    OldestFirst,
    NewestFirst,
}

impl Sort {
    /// Compares two places in the order of the list.
    pub(crate) fn compare<P: Ord>(self, a: &P, b: &P) -> Ordering {
        match self {
            Self::OldestFirst => a.cmp(b),
            Self::NewestFirst => b.cmp(a),
        }
    }
}

impl FromStr for Sort {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "day" => Ok(Self::OldestFirst),
            "-day" => Ok(Self::NewestFirst),
            _ => Err(Malformed("expected day or -day".to_owned())),
        }
    }
}
