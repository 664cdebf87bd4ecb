//! An archive in a folder: for the sandbox, the operator and tests.

use std::fs::{self, DirEntry, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::{ArchiveError, RETIRED, Store};

/// Folders that may be new with a file: of the day, of the kind, the archive's, and the one that it
/// is in.
const FOLDERS: usize = 4;

/// A folder with the archive's files.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Returns the archive in a folder, which is made with the first file.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

impl Store for Folder {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), ArchiveError> {
        write(&self.root.join(path), &bytes).map_err(failed(path))
    }

    async fn get(&self, path: &str) -> Result<Bytes, ArchiveError> {
        match fs::read(self.root.join(path)) {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(ArchiveError::Missing(path.to_owned()))
            }
            Err(error) => Err(failed(path)(error)),
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, ArchiveError> {
        let entries = match fs::read_dir(self.root.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(folder)(error)),
        };
        let name = |entry: io::Result<DirEntry>| Ok(entry?.file_name());
        let names: io::Result<Vec<_>> = entries.map(name).collect();
        let names = names.map_err(failed(folder))?;
        Ok(names.iter().map(|name| format!("{folder}{}", name.display())).collect())
    }

    async fn retire(&self, path: &str) -> Result<(), ArchiveError> {
        let to = self.root.join(RETIRED).join(path);
        match move_file(&self.root.join(path), &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path)(error)),
            _ => Ok(()),
        }
    }
}

/// Writes a file under another name first, so that a reader never sees a part of it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Two processes may write the same file.
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    fs::create_dir_all(partial.parent().unwrap_or(path))?;
    let mut file = File::create(&partial)?;
    file.write_all(bytes)?;
    // The records leave the table after this write, so that it must survive a loss of power.
    file.sync_all()?;
    move_file(&partial, path)
}

fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder)?;
    fs::rename(from, to)?;
    let folders = folder.ancestors().take(FOLDERS);
    folders.map(named).try_for_each(|folder| File::open(folder)?.sync_all())
}

/// Returns a name of a folder: the current one is empty as the parent of a relative path.
fn named(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

fn failed(path: &str) -> impl Fn(io::Error) -> ArchiveError {
    move |error| ArchiveError::Store { path: path.to_owned(), source: Box::new(error) }
}
