//! The public name of a committed run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use types::{Day, Malformed};

/// A committed run of a day, in text `2026-11-21.17`: on lines, and in the wallet's word back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId {
    /// The day that the run booked.
    pub day: Day,
    /// Its number in the ledger.
    pub seq: u64,
}

impl FromStr for RunId {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed("expected a run id, as 2026-11-21.17".to_owned());
        let (day, seq) = text.split_once('.').ok_or_else(malformed)?;
        let day = day.parse().map_err(|_| malformed())?;
        let run = Self { day, seq: seq.parse().map_err(|_| malformed())? };
        if run.to_string() == text { Ok(run) } else { Err(malformed()) }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.day, self.seq)
    }
}

impl TryFrom<String> for RunId {
    type Error = Malformed;
    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(run: RunId) -> Self {
        run.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_has_one_spelling() {
        let run: RunId = "2026-11-21.17".parse().unwrap();
        assert_eq!((run.day.to_string().as_str(), run.seq), ("2026-11-21", 17));
        for text in ["2026-11-21", "2026-11-21.", "2026-11-21.017", "2026-11-21.+1", "x.1"] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }
}
