//! The closed list of types of lines.

use std::str::FromStr;

use commission::{Cause, Line};
use serde::Serialize;
use types::Malformed;

/// Why a line exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineType {
    /// Booked with the day itself.
    Commission,
    /// Changes an earlier booking of the day.
    Correction,
}

impl LineType {
    pub(crate) fn of(line: &Line) -> Self {
        if line.cause == Cause::Booked { Self::Commission } else { Self::Correction }
    }
}

impl FromStr for LineType {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "commission" => Ok(Self::Commission),
            "correction" => Ok(Self::Correction),
            _ => Err(Malformed("expected commission or correction".to_owned())),
        }
    }
}
