//! The data directory: its lock, the data file, the keys, and how far the sample is loaded.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::StartError;
use crate::load::Highlights;

/// The data directory, held by this process alone as long as the value lives.
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// The contents of the data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "sample")]
pub(crate) enum Contents {
    /// Only later events and requests; it was created with `--empty`.
    Without,
    /// A part of the sample programme: loading it began and did not end.
    Loading,
    /// The whole sample programme, and later events and requests.
    Loaded(Highlights),
}

impl DataDir {
    /// Makes the directory if it is missing, and takes hold of it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let unusable = |source| StartError::DataDir { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(unusable)?;
        let lock = File::create(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// A file in the directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The embedded engine's data file.
    pub(crate) fn database(&self) -> PathBuf {
        self.file("dynamodb.sqlite")
    }

    /// Returns the contents; `None` in a new directory.
    pub(crate) fn contents(&self) -> Result<Option<Contents>, StartError> {
        let Some(text) = self.read(CONTENTS)? else { return Ok(None) };
        let contents: Contents =
            serde_json::from_slice(&text).map_err(|error| self.damaged(CONTENTS, &error))?;
        match (&contents, self.database().exists()) {
            (Contents::Loaded(_) | Contents::Without, false) => {
                Err(StartError::Damaged { path: self.database(), why: "it is missing".into() })
            }
            _ => Ok(Some(contents)),
        }
    }

    /// Records the contents.
    pub(crate) fn set_contents(&self, contents: &Contents) -> Result<(), StartError> {
        let text = serde_json::to_vec(contents).map_err(|error| self.damaged(CONTENTS, &error))?;
        self.write(CONTENTS, &text)
    }

    /// Removes the data file with all that the engine keeps beside it.
    pub(crate) fn remove_database(&self) -> Result<(), StartError> {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut path = self.database().into_os_string();
            path.push(suffix);
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(self.unusable(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The content of a file, if there is one.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StartError> {
        match fs::read(self.file(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unusable(error)),
        }
    }

    /// Writes a file so that it is there whole or not at all.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<(), StartError> {
        let draft = self.file(&format!("{name}.draft"));
        let written = fs::write(&draft, content).and_then(|()| fs::rename(&draft, self.file(name)));
        written.map_err(|error| self.unusable(error))
    }

    /// Returns the error for a file that the sandbox did not write.
    pub(crate) fn damaged(&self, name: &str, why: &dyn std::error::Error) -> StartError {
        StartError::Damaged { path: self.file(name), why: why.to_string() }
    }

    /// The error for a directory that the system does not let us use.
    pub(crate) fn unusable(&self, source: io::Error) -> StartError {
        StartError::DataDir { path: self.path.clone(), source }
    }
}

const CONTENTS: &str = "contents.json";
