//! One multipart upload: begun, noted, its parts sent two at a time, completed, or aborted when it is dropped.

use std::sync::Arc;

use bytes::Bytes;
use object_store::aws::AmazonS3;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path;
use object_store::{MultipartId, PutPayload};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::strays::Note;
use super::{Bucket, fault};
use crate::ArtifactError;

/// Parts on their way to the store at once: one keeps a slow line busy, a second hides the round trip.
const PARTS_AT_ONCE: usize = 2;

type SentPart = (usize, Result<PartId, object_store::Error>);

/// An upload that is under way. Dropping it aborts it, so that the store frees its parts.
#[derive(Debug)]
pub(super) struct Multipart {
    bucket: Bucket,
    key: Path,
    id: MultipartId,
    note: Note,
    sending: JoinSet<SentPart>,
    sent: Vec<(usize, PartId)>,
    count: usize,
    is_completed: bool,
}

impl Multipart {
    /// On a task of its own: were it dropped between the store's answer and the note, nobody would know of the upload.
    pub(super) async fn begin(bucket: Bucket, key: Path) -> Result<Self, ArtifactError> {
        let begun = tokio::spawn(Self::begin_and_note(bucket, key)).await;
        begun.map_err(|ended| ArtifactError::Unavailable(ended.to_string()))?
    }

    async fn begin_and_note(bucket: Bucket, key: Path) -> Result<Self, ArtifactError> {
        let begun = bucket.store().create_multipart(&key).await;
        let id = begun.map_err(fault::of_write)?;
        let upload = Self {
            note: Note::of(&bucket, &id)?,
            bucket,
            key,
            id,
            sending: JoinSet::new(),
            sent: Vec::new(),
            count: 0,
            is_completed: false,
        };
        // From here on it is aborted, whatever happens: by us, or by a later start that finds the note.
        upload
            .note
            .write(&upload.bucket, &upload.key, &upload.id)
            .await?;
        Ok(upload)
    }

    /// Sends a part, once there is room for it on the way.
    pub(super) async fn send(&mut self, part: Bytes) -> Result<(), ArtifactError> {
        while self.sending.len() >= PARTS_AT_ONCE {
            self.one_sent().await?;
        }
        let (store, key, id) = (
            self.bucket.store().clone(),
            self.key.clone(),
            self.id.clone(),
        );
        let index = self.count;
        self.count += 1;
        self.sending.spawn(put_part(store, key, id, index, part));
        Ok(())
    }

    /// Waits until the store has every part.
    pub(super) async fn all_sent(&mut self) -> Result<(), ArtifactError> {
        while !self.sending.is_empty() {
            self.one_sent().await?;
        }
        Ok(())
    }

    async fn one_sent(&mut self) -> Result<(), ArtifactError> {
        match self.sending.join_next().await {
            None => Ok(()),
            Some(Ok((index, Ok(part)))) => {
                self.sent.push((index, part));
                Ok(())
            }
            Some(Ok((_, Err(error)))) => Err(fault::of_write(error)),
            Some(Err(ended)) => Err(ArtifactError::Unavailable(ended.to_string())),
        }
    }

    /// Makes the object visible.
    pub(super) async fn complete(mut self: Box<Self>) -> Result<(), ArtifactError> {
        self.sent.sort_by_key(|(index, _)| *index);
        let parts = self.sent.drain(..).map(|(_, part)| part).collect();
        let store = self.bucket.store();
        let completed = store.complete_multipart(&self.key, &self.id, parts).await;
        completed.map_err(fault::of_write)?;
        self.is_completed = true;
        // A note that stays names an upload that is no more: a later start removes it.
        if let Err(error) = self.note.remove(&self.bucket).await {
            tracing::debug!(error = %error, "the note of a completed upload stays for now");
        }
        Ok(())
    }
}

async fn put_part(
    store: AmazonS3,
    key: Path,
    id: MultipartId,
    index: usize,
    part: Bytes,
) -> SentPart {
    let payload = PutPayload::from_bytes(part);
    (index, store.put_part(&key, &id, index, payload).await)
}

impl Drop for Multipart {
    fn drop(&mut self) {
        if self.is_completed {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut sending = std::mem::take(&mut self.sending);
        let (bucket, key, id) = (self.bucket.clone(), self.key.clone(), self.id.clone());
        let note = self.note.clone();
        // It fails only where somebody waits for the end already.
        let under_way = Arc::clone(&bucket.inner.aborting).try_read_owned();
        runtime.spawn(async move {
            let _under_way = under_way;
            // A part that arrives after the abort would stay, and one that is cut off may still arrive.
            while sending.join_next().await.is_some() {}
            if let Err(error) = abort(&bucket, &key, &id, &note).await {
                tracing::warn!(error = %error, "an upload that broke off could not be aborted; a start in a day or later does it");
            }
        });
    }
}

/// Aborts an upload and removes its note. That it is gone already is fine.
pub(super) async fn abort(
    bucket: &Bucket,
    key: &Path,
    id: &MultipartId,
    note: &Note,
) -> Result<(), ArtifactError> {
    let aborted = bucket.store().abort_multipart(key, id).await;
    match aborted.map_err(fault::of_read) {
        Ok(()) | Err(ArtifactError::NotFound) => note.remove(bucket).await,
        Err(other) => Err(other),
    }
}
