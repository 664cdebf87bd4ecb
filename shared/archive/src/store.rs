//! The border to the place of the archive's files.

use std::future::Future;

use bytes::Bytes;

use crate::manifest::sha256;
use crate::{ArchiveError, ArchivedFile, Manifest, manifest_path};

/// The folder of files that no manifest names any more. A command that was delayed may retire a
/// file that a later archive needs; therefore no command destroys one.
pub const RETIRED: &str = "retired/";

/// A place of files by path. A write replaces a file as a whole or not at all, and is durable
/// when it returns.
pub trait Store {
    /// Writes a file.
    ///
    /// # Errors
    /// [`ArchiveError::Store`].
    fn put(
        &self,
        path: &str,
        bytes: Bytes,
    ) -> impl Future<Output = Result<(), ArchiveError>> + Send;

    /// Returns a file.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`], or [`ArchiveError::Store`].
    fn get(&self, path: &str) -> impl Future<Output = Result<Bytes, ArchiveError>> + Send;

    /// Returns the paths of the files in a folder, which ends in `/`; none if there is no folder.
    ///
    /// # Errors
    /// [`ArchiveError::Store`].
    fn list(&self, folder: &str) -> impl Future<Output = Result<Vec<String>, ArchiveError>> + Send;

    /// Moves a file below [`RETIRED`], if it is there: out of all queries, and not destroyed.
    ///
    /// # Errors
    /// [`ArchiveError::Store`].
    fn retire(&self, path: &str) -> impl Future<Output = Result<(), ArchiveError>> + Send;
}

impl Manifest {
    /// Returns the manifest of a day by its digest.
    ///
    /// # Errors
    /// [`ArchiveError::Changed`] if it is another one, or if it cannot be read.
    pub async fn load(
        store: &impl Store,
        day: types::Day,
        digest: &str,
    ) -> Result<Self, ArchiveError> {
        let path = manifest_path(day, digest);
        let text = store.get(&path).await?;
        check(path, &text, digest)?;
        Self::read(&text)
    }
}

impl ArchivedFile {
    /// Returns the file's bytes.
    ///
    /// # Errors
    /// [`ArchiveError::Changed`] if they are not those of the manifest, or if the store fails.
    pub async fn load(&self, store: &impl Store) -> Result<Bytes, ArchiveError> {
        let bytes = store.get(&self.path).await?;
        check(self.path.clone(), &bytes, &self.sha256)?;
        Ok(bytes)
    }
}

fn check(path: String, bytes: &[u8], expected: &str) -> Result<(), ArchiveError> {
    let found = sha256(bytes);
    if found == expected {
        return Ok(());
    }
    Err(ArchiveError::Changed { path, expected: expected.to_owned(), found })
}
