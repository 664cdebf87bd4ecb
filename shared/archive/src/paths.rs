//! Paths of the archive's files, in the layout of Hive: the folder names the partition.

use std::fmt;

use serde::{Deserialize, Serialize};
use types::Day;

/// A kind of archived records: a folder of the archive, and a table of queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Fees as they were delivered, repetitions included.
    Fees,
    /// Corrections of fees.
    Corrections,
    /// Booked lines.
    Lines,
    /// Committed runs, with their conservation reports.
    Runs,
    /// The booked totals that each run reported, by asset.
    Totals,
    /// Bindings of the day, with their evidence.
    Bindings,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Fees, Self::Corrections, Self::Lines, Self::Runs, Self::Totals, Self::Bindings];

    /// Returns the name of the folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fees => "fees",
            Self::Corrections => "corrections",
            Self::Lines => "lines",
            Self::Runs => "runs",
            Self::Totals => "totals",
            Self::Bindings => "bindings",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Hexadecimal digits of a digest in a file's name.
const DIGITS: usize = 16;

/// Returns the path of a day's file, of one shard or of the whole day, by its SHA-256: other content
/// has another path, so that no file is ever replaced.
#[must_use]
pub fn file_path(kind: Kind, day: Day, shard: Option<u8>, sha256: &str) -> String {
    let (folder, name) = (folder(kind, day), sha256.get(..DIGITS).unwrap_or(sha256));
    match shard {
        Some(shard) => format!("{folder}shard-{shard:02}-{name}.parquet"),
        None => format!("{folder}all-{name}.parquet"),
    }
}

/// Returns the folder of a day's files of a kind.
#[must_use]
pub fn folder(kind: Kind, day: Day) -> String {
    format!("{kind}/day={day}/")
}

/// Returns the path of a day's manifest by its SHA-256.
#[must_use]
pub fn manifest_path(day: Day, sha256: &str) -> String {
    format!("{}{sha256}.json", manifests(day))
}

/// Returns the folder of a day's manifests; it has one, unless an archive was not completed.
#[must_use]
pub fn manifests(day: Day) -> String {
    format!("manifests/day={day}/")
}
