//! The archive that the command line names: a folder, or a place in S3.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use archive::{ArchiveError, Folder, Store};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::types::BucketVersioningStatus;
use bytes::Bytes;

use crate::AwsOptions;

/// Where an archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivePlace {
    /// A folder.
    Folder(PathBuf),
    /// A bucket, and the prefix of the archive's keys.
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix, empty or ending in `/`.
        prefix: String,
    },
}

impl FromStr for ArchivePlace {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let Some(place) = text.strip_prefix("s3://") else { return Ok(Self::Folder(text.into())) };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let prefix = match prefix.trim_end_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix })
    }
}

/// An archive that commands read and write.
#[derive(Debug)]
pub enum OpenArchive {
    /// In a folder.
    Folder(Folder),
    /// In S3.
    S3(S3Archive),
}

impl OpenArchive {
    /// Opens the archive. No call is made.
    pub(crate) async fn open(place: ArchivePlace, aws: &AwsOptions) -> Self {
        match place {
            ArchivePlace::Folder(folder) => Self::Folder(Folder::new(folder)),
            ArchivePlace::S3 { bucket, prefix } => {
                let client = Client::new(&aws.sdk_config().await);
                Self::S3(S3Archive { client, bucket, prefix })
            }
        }
    }
}

impl Store for OpenArchive {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), ArchiveError> {
        match self {
            Self::Folder(folder) => folder.put(path, bytes).await,
            Self::S3(s3) => s3.put(path, bytes).await,
        }
    }

    async fn get(&self, path: &str) -> Result<Bytes, ArchiveError> {
        match self {
            Self::Folder(folder) => folder.get(path).await,
            Self::S3(s3) => s3.get(path).await,
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, ArchiveError> {
        match self {
            Self::Folder(place) => place.list(folder).await,
            Self::S3(s3) => s3.list(folder).await,
        }
    }

    async fn retire(&self, path: &str) -> Result<(), ArchiveError> {
        match self {
            Self::Folder(folder) => folder.retire(path).await,
            Self::S3(s3) => s3.retire(path).await,
        }
    }
}

/// An archive in a bucket. The SDK sends a checksum with each object, which a bucket with Object
/// Lock requires.
#[derive(Debug, Clone)]
pub struct S3Archive {
    client: Client,
    bucket: String,
    prefix: String,
}

impl S3Archive {
    /// Returns the archive under a prefix of a bucket, which is empty or ends in `/`.
    #[must_use]
    pub fn new(client: Client, bucket: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into(), prefix: prefix.into() }
    }

    fn key(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

impl Store for S3Archive {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), ArchiveError> {
        let put = self.client.put_object().bucket(&self.bucket).key(self.key(path));
        put.body(bytes.into()).send().await.map_err(failed(path))?;
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<Bytes, ArchiveError> {
        let get = self.client.get_object().bucket(&self.bucket).key(self.key(path));
        let object = get.send().await.map_err(|error| match error {
            SdkError::ServiceError(error)
                if matches!(error.err(), GetObjectError::NoSuchKey(_)) =>
            {
                ArchiveError::Missing(path.to_owned())
            }
            error => failed(path)(error),
        })?;
        Ok(object.body.collect().await.map_err(failed(path))?.into_bytes())
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, ArchiveError> {
        let mut paths = Vec::new();
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(self.key(folder));
        let mut pages = list.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed(folder))?;
            let keys = page.contents().iter().filter_map(|object| object.key());
            let own = keys.filter_map(|key| key.strip_prefix(&self.prefix));
            paths.extend(own.map(str::to_owned));
        }
        Ok(paths)
    }

    async fn retire(&self, path: &str) -> Result<(), ArchiveError> {
        // The bucket keeps a deleted object as an older version, unless it keeps none.
        let versioning = self.client.get_bucket_versioning().bucket(&self.bucket).send().await;
        if versioning.map_err(failed(path))?.status() != Some(&BucketVersioningStatus::Enabled) {
            let source = format!("the bucket {} keeps no versions", self.bucket).into();
            return Err(ArchiveError::Store { path: path.to_owned(), source });
        }
        let delete = self.client.delete_object().bucket(&self.bucket).key(self.key(path));
        delete.send().await.map_err(failed(path))?;
        Ok(())
    }
}

fn failed<E: std::error::Error + Send + Sync + 'static>(
    path: &str,
) -> impl Fn(E) -> ArchiveError + use<'_, E> {
    move |error| ArchiveError::Store { path: path.to_owned(), source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_a_folder_or_in_s3() {
        let of = |text: &str| text.parse::<ArchivePlace>().unwrap();
        let s3 = |bucket: &str, prefix: &str| ArchivePlace::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        assert_eq!(of("/srv/archive"), ArchivePlace::Folder("/srv/archive".into()));
        assert_eq!(of("s3://b"), s3("b", ""));
        assert_eq!(of("s3://b/"), s3("b", ""));
        assert_eq!(of("s3://b/recall/old"), s3("b", "recall/old/"));
    }
}
