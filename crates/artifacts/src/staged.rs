//! An upload that is complete but not visible.

use hokusai_core::artifact_path::ArtifactPath;
use sha2::{Digest as _, Sha256};

use crate::{ArtifactError, bucket, disk};

/// An upload that is complete and stored, but not visible. Dropping it removes it.
#[derive(Debug)]
pub struct StagedUpload {
    path: ArtifactPath,
    received: Received,
    incoming: Incoming,
}

/// Where it waits.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A file that waits for its name.
    File(disk::Incoming),
    /// An object that waits for its last request.
    Object(bucket::Incoming),
}

/// What came in.
#[derive(Debug)]
pub(crate) struct Received {
    size_bytes: u64,
    sha256: String,
}

impl StagedUpload {
    pub(crate) fn new(path: &ArtifactPath, received: Received, incoming: Incoming) -> Self {
        Self {
            path: path.clone(),
            received,
            incoming,
        }
    }

    /// Bytes received.
    pub fn size_bytes(&self) -> u64 {
        self.received.size_bytes
    }

    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.received.sha256
    }

    /// Makes the upload visible at its path, replacing a file of that name; durable when this returns.
    pub async fn publish(self) -> Result<(), ArtifactError> {
        match self.incoming {
            Incoming::File(file) => file.publish(&self.path).await,
            Incoming::Object(object) => object.publish(&self.path).await,
        }
    }
}

impl Received {
    pub(crate) fn new(size_bytes: u64, hash: Sha256) -> Self {
        Self {
            size_bytes,
            sha256: hexadecimal(&hash.finalize()),
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
