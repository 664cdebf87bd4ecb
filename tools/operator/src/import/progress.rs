//! How far an import has come, in a small file beside the events.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use types::Timestamp;

use crate::Failure;

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    /// A digest of the events' first line: another file is not resumed.
    pub first_line: String,
    /// When the import began: its messages' time of sending, also after an interruption.
    pub sent_at: Timestamp,
    /// Lines that are done with.
    pub line: u64,
    /// Their bytes.
    pub offset: u64,
    /// Ingested events.
    pub taken: u64,
    /// Quarantined events.
    pub quarantined: u64,
    /// Lines that were not due yet.
    pub retried: u64,
}

impl Progress {
    pub fn new(sent_at: Timestamp, first_line: String) -> Self {
        Self { first_line, sent_at, line: 0, offset: 0, taken: 0, quarantined: 0, retried: 0 }
    }

    /// Returns the progress of an interrupted import, if there is one.
    pub fn load(path: &Path) -> Result<Option<Self>, Failure> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.map_err(Failure::at(path))?,
        };
        let malformed = |_| {
            let sentence = "expected what an import kept; delete it to begin anew".to_owned();
            Failure::Content { path: path.to_owned(), sentence }
        };
        serde_json::from_str(&text).map(Some).map_err(malformed)
    }

    /// The same, if it is of these events.
    pub fn checked(self, events: &Path, first_line: &str, size: u64) -> Result<Self, Failure> {
        if self.first_line == first_line && self.offset <= size {
            return Ok(self);
        }
        let (line, path) = (self.line, events.display());
        let sentence = format!(
            "this is not the file whose import stopped after line {line}; delete {path}.progress \
             to import it from its beginning"
        );
        Err(Failure::Content { path: events.to_owned(), sentence })
    }

    /// Keeps it, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), Failure> {
        let new = path.with_extension("progress.new");
        let file = File::create(&new).map_err(Failure::at(&new))?;
        serde_json::to_writer(&file, self)
            .map_err(std::io::Error::from)
            .and_then(|()| file.sync_data())
            .map_err(Failure::at(&new))?;
        fs::rename(&new, path).map_err(Failure::at(path))
    }
}

/// Adds lines to a file, which is made if there are any.
pub(crate) fn append<'a>(path: &Path, lines: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    if text.is_empty() {
        return Ok(());
    }
    let mut file: File =
        OpenOptions::new().create(true).append(true).open(path).map_err(Failure::at(path))?;
    file.write_all(text.as_bytes()).map_err(Failure::at(path))
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::at(path)(error)),
        _ => Ok(()),
    }
}
