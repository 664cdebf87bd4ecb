//! The manifest of an archived day.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use types::Day;

use crate::{ArchiveError, Kind};

/// The number of the format that this code writes and reads.
pub const FORMAT: u32 = 1;

/// All that is archived of a day. Written after its files; its own digest is in the table. The same
/// records have the same manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The number of the format.
    pub format: u32,
    /// The day.
    pub day: Day,
    /// The files.
    pub files: Vec<ArchivedFile>,
    /// The runs that booked the day.
    pub runs: Vec<ArchivedRun>,
    /// The totals of the lines by asset: those that the runs reported.
    pub totals: BTreeMap<String, Totals>,
}

/// A file of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArchivedFile {
    /// The kind of its records.
    pub kind: Kind,
    /// The shard of its records; absent for a file of the whole day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<u8>,
    /// The path below the archive's root.
    pub path: String,
    /// The number of records.
    pub rows: u64,
    /// The number of bytes.
    pub bytes: u64,
    /// The SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
}

/// A run of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArchivedRun {
    /// The run's number in the ledger.
    pub seq: u64,
    /// The number of its lines.
    pub lines: u64,
    /// The digest of its conservation report.
    pub digest: String,
    /// The chain's digest after the run; 0.1 stored none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
}

/// Totals of lines in one asset, as exact decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// The number of lines.
    pub lines: u64,
    /// The charged fees.
    pub fees: String,
    /// The inviters' part.
    pub commission: String,
    /// The invitees' part.
    pub shared: String,
}

impl Manifest {
    /// Returns the manifest's text.
    ///
    /// # Errors
    /// [`ArchiveError::Manifest`] if it does not encode.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArchiveError> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ArchiveError::Manifest`], or [`ArchiveError::UnknownFormat`].
    pub fn read(text: &[u8]) -> Result<Self, ArchiveError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(text)?;
        if format != FORMAT {
            return Err(ArchiveError::UnknownFormat { found: format, known: FORMAT });
        }
        Ok(serde_json::from_slice(text)?)
    }

    /// Returns whether a path is one of its files.
    #[must_use]
    pub fn names(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }

    /// Returns the files of a kind and shard: one or none.
    pub fn files_of(&self, kind: Kind, shard: Option<u8>) -> impl Iterator<Item = &ArchivedFile> {
        self.files.iter().filter(move |file| (file.kind, file.shard) == (kind, shard))
    }
}

/// Returns a SHA-256 in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
