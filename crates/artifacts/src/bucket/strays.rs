//! Notes of multipart uploads: S3 keeps the parts of an upload that is neither completed nor aborted for ever, and
//! shows them in no listing.

use std::time::SystemTime;

use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{MultipartId, ObjectStore as _, ObjectStoreExt as _, PutPayload};
use sha2::{Digest as _, Sha256};

use super::{Bucket, fault, multipart};
use crate::ArtifactError;
use crate::staged::hexadecimal;
use crate::store::STRAY_AGE;

/// Where an upload is noted: an object with the upload's id and key, a line each.
#[derive(Clone, Debug)]
pub(super) struct Note(Path);

impl Note {
    /// Named after the upload, whose id no other has.
    pub(super) fn of(bucket: &Bucket, id: &MultipartId) -> Result<Self, ArtifactError> {
        let name = hexadecimal(&Sha256::digest(id.as_bytes()));
        Ok(Self(bucket.incoming_key(&name)?))
    }

    pub(super) async fn write(
        &self,
        bucket: &Bucket,
        key: &Path,
        id: &MultipartId,
    ) -> Result<(), ArtifactError> {
        let text = format!("{id}\n{key}");
        let written = bucket.store().put(&self.0, PutPayload::from(text)).await;
        written.map(drop).map_err(fault::of_write)
    }

    pub(super) async fn remove(&self, bucket: &Bucket) -> Result<(), ArtifactError> {
        match bucket.store().delete(&self.0).await.map_err(fault::of_read) {
            Ok(()) | Err(ArtifactError::NotFound) => Ok(()),
            Err(other) => Err(other),
        }
    }

    async fn read(&self, bucket: &Bucket) -> Result<Option<(MultipartId, Path)>, ArtifactError> {
        let found = bucket.store().get(&self.0).await.map_err(fault::of_read)?;
        let bytes = found.bytes().await.map_err(fault::of_read)?;
        let text = String::from_utf8_lossy(&bytes);
        let noted = text.split_once('\n').and_then(|(id, key)| {
            let key = Path::parse(key).ok()?;
            Some((id.to_owned(), key))
        });
        Ok(noted)
    }
}

/// Aborts the uploads whose notes are old: their process ended before it could.
pub(super) async fn remove(bucket: &Bucket, now: SystemTime) -> Result<(), ArtifactError> {
    let folder = bucket.key("incoming", "")?;
    let noted = bucket.store().list(Some(&folder));
    let noted: Vec<_> = noted.try_collect().await.map_err(fault::of_read)?;
    for found in noted {
        let age = now.duration_since(SystemTime::from(found.last_modified));
        if age.unwrap_or_default() <= STRAY_AGE {
            continue;
        }
        let note = Note(found.location);
        match note.read(bucket).await {
            Ok(Some((id, key))) => multipart::abort(bucket, &key, &id, &note).await?,
            Ok(None) => note.remove(bucket).await?,
            // Another replica starts too, and was faster.
            Err(ArtifactError::NotFound) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}
