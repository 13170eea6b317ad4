//! Reading: downloads, listings, digests.

use std::collections::BTreeSet;
use std::io;

use futures_util::{StreamExt as _, TryStreamExt as _};
use hokusai_core::artifact_path::ArtifactPath;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};

use super::{Bucket, fault};
use crate::staged::hexadecimal;
use crate::store::{MAX_FOUND_FILES, too_many_files};
use crate::{ArtifactError, ByteRange, Download, Entry, FoundFile};

impl Bucket {
    /// Opens a file for sending, whole or one range of it.
    pub(crate) async fn download(
        &self,
        path: &ArtifactPath,
        range: Option<ByteRange>,
    ) -> Result<Download, ArtifactError> {
        let key = self.file_key(path)?;
        let options = match range {
            None => GetOptions::default(),
            Some(range) => self.ranged(&key, range).await?,
        };
        let found = match self.store().get_opts(&key, options).await {
            Ok(found) => found,
            Err(error) => return Err(self.absent(&key, error).await),
        };
        let (size_bytes, bytes) = (found.meta.size, found.range.clone());
        let stream = found.into_stream().map_err(io::Error::other);
        Ok(Download::of_stream(stream.boxed(), size_bytes, bytes))
    }

    /// The range in absolute numbers, of the very object whose size it was cut to.
    async fn ranged(&self, key: &Path, range: ByteRange) -> Result<GetOptions, ArtifactError> {
        let meta = match self.store().head(key).await {
            Ok(meta) => meta,
            Err(error) => return Err(self.absent(key, error).await),
        };
        let (first, length) = range.resolve(meta.size)?;
        Ok(GetOptions {
            range: Some(GetRange::Bounded(first..first + length)),
            if_match: meta.e_tag,
            ..GetOptions::default()
        })
    }

    /// The names in a directory, sorted. A file or a missing directory has none.
    pub(crate) async fn list(
        &self,
        path: Option<&ArtifactPath>,
    ) -> Result<Vec<Entry>, ArtifactError> {
        let directory = match path {
            Some(path) => self.file_key(path)?,
            None => self.key("files", "")?,
        };
        let listed = self.store().list_with_delimiter(Some(&directory)).await;
        let listed = listed.map_err(fault::of_read)?;
        let last = |key: &Path| key.filename().map(str::to_owned);
        let directories: BTreeSet<_> = listed.common_prefixes.iter().filter_map(last).collect();
        let mut entries: Vec<Entry> = directories
            .into_iter()
            .map(|name| Entry {
                name,
                size_bytes: None,
            })
            .collect();
        for file in &listed.objects {
            // Consoles of stores mark directories by objects that have the directory's own name.
            if let Some(name) = relative(&file.location, &directory) {
                entries.push(Entry {
                    name,
                    size_bytes: Some(file.size),
                });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// All files below a directory (or the one file), sorted by path. A missing path has none.
    pub(crate) async fn find(&self, path: &ArtifactPath) -> Result<Vec<FoundFile>, ArtifactError> {
        let key = self.file_key(path)?;
        match self.store().head(&key).await.map_err(fault::of_read) {
            Ok(file) => {
                return Ok(vec![FoundFile {
                    path: path.file_name().to_owned(),
                    size_bytes: file.size,
                }]);
            }
            Err(ArtifactError::NotFound) => {}
            Err(other) => return Err(other),
        }
        let mut found = Vec::new();
        let mut below = self.store().list(Some(&key));
        while let Some(file) = below.try_next().await.map_err(fault::of_read)? {
            let Some(path) = relative(&file.location, &key) else {
                continue;
            };
            if found.len() >= MAX_FOUND_FILES {
                return Err(too_many_files());
            }
            found.push(FoundFile {
                path,
                size_bytes: file.size,
            });
        }
        // By name, directory by directory, as on a disk; keys come sorted as whole texts.
        found.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
        Ok(found)
    }

    /// SHA-256 of a file as it is stored now.
    pub(crate) async fn digest(&self, path: &ArtifactPath) -> Result<String, ArtifactError> {
        let mut bytes = self.download(path, None).await?.into_stream();
        let mut hash = Sha256::new();
        while let Some(chunk) = bytes.next().await {
            hash.update(chunk.map_err(|error| ArtifactError::Unavailable(error.to_string()))?);
        }
        Ok(hexadecimal(&hash.finalize()))
    }

    /// Whether something lies below a key.
    pub(super) async fn is_directory(&self, key: &Path) -> Result<bool, ArtifactError> {
        let first = self.store().list(Some(key)).next().await;
        let first = first.transpose().map_err(fault::of_read)?;
        Ok(first.is_some())
    }

    /// Why a key could not be read: a directory is no object.
    async fn absent(&self, key: &Path, error: object_store::Error) -> ArtifactError {
        match fault::of_read(error) {
            ArtifactError::NotFound => match self.is_directory(key).await {
                Ok(true) => ArtifactError::IsDirectory,
                Ok(false) => ArtifactError::NotFound,
                Err(other) => other,
            },
            other => other,
        }
    }
}

/// What of `key` lies below `directory`; `None` if it is the directory itself.
fn relative(key: &Path, directory: &Path) -> Option<String> {
    let below = key.as_ref().strip_prefix(directory.as_ref())?;
    let below = below.strip_prefix('/')?;
    (!below.is_empty()).then(|| below.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_marks_a_directory_is_none_of_its_files() {
        let key = |key: &str| Path::parse(key).unwrap();
        let below = |found: &str| relative(&key(found), &key("p/files/d"));
        assert_eq!(below("p/files/d/x/y"), Some("x/y".to_owned()));
        assert_eq!(below("p/files/d/"), None);
        assert_eq!(below("p/files/de"), None);
    }
}
