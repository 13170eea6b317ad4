//! A store of either kind that is gone when the test is over.

use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use hokusai_artifacts::{
    ArtifactError, Artifacts, ArtifactsLocation, AwsEnvironment, ByteRange, Endpoint, Limits,
    StagedUpload,
};
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_s3_server::{BUCKET, S3Server};

/// The two kinds of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    Bucket,
}

pub(crate) struct Fixture {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) location: ArtifactsLocation,
    pub(crate) store: Artifacts,
    pub(crate) server: Option<S3Server>,
}

/// Limits for a disk that may be full.
pub(crate) const LIMITS: fn() -> Limits = || Limits {
    free_space_floor_bytes: 0,
    ..Limits::default()
};

impl Fixture {
    pub(crate) async fn new(kind: Kind) -> Self {
        Self::with(kind, LIMITS()).await
    }

    pub(crate) async fn with(kind: Kind, limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (location, server) = match kind {
            Kind::Directory => (ArtifactsLocation::directory(directory.path()), None),
            Kind::Bucket => {
                let server = S3Server::start(directory.path()).await.unwrap();
                let url = format!("s3://{BUCKET}/some/prefix");
                (bucket(&url, &server.url()), Some(server))
            }
        };
        let store = Artifacts::open(&location, limits, SystemTime::now()).await;
        Self {
            directory,
            location,
            store: store.unwrap(),
            server,
        }
    }

    pub(crate) async fn stage(
        &self,
        at: &str,
        bytes: &[u8],
    ) -> Result<StagedUpload, ArtifactError> {
        let chunks: Vec<Result<Bytes, String>> = bytes
            .chunks(70_007)
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        self.store.receive(&path(at), stream::iter(chunks)).await
    }

    pub(crate) async fn put(&self, at: &str, bytes: &[u8]) -> Result<String, ArtifactError> {
        let staged = self.stage(at, bytes).await?;
        let sha256 = staged.sha256().to_owned();
        staged.publish().await?;
        Ok(sha256)
    }

    pub(crate) async fn get(
        &self,
        at: &str,
        range: Option<ByteRange>,
    ) -> Result<Vec<u8>, ArtifactError> {
        let download = self.store.download(&path(at), range).await?;
        let chunks: Vec<Bytes> = download.into_stream().try_collect().await?;
        Ok(chunks.concat())
    }

    pub(crate) async fn found(&self, at: &str) -> Vec<String> {
        let found = self.store.find(&path(at)).await.unwrap();
        found.into_iter().map(|file| file.path).collect()
    }

    /// Where the file is on the disk below the store, whichever kind that is.
    pub(crate) fn on_disk(&self, at: &str) -> std::path::PathBuf {
        let root = match self.server {
            None => self.directory.path().to_owned(),
            Some(_) => self.directory.path().join(BUCKET).join("some/prefix"),
        };
        root.join("files").join(at)
    }

    /// What uploads left behind: files in `incoming/`, and uploads that the store still holds parts of.
    pub(crate) fn strays(&self) -> usize {
        let incoming = self.on_disk("").with_file_name("incoming");
        let noted = std::fs::read_dir(incoming).map_or(0, Iterator::count);
        let unfinished = self.server.as_ref().map(S3Server::unfinished);
        noted + unfinished.transpose().unwrap().unwrap_or(0)
    }

    /// Waits for what happens behind a broken upload's back.
    pub(crate) async fn no_strays(&self) {
        for _ in 0..500 {
            if self.strays() == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{} strays are left", self.strays());
    }
}

/// The location of a bucket at a test's server.
pub(crate) fn bucket(url: &str, endpoint: &str) -> ArtifactsLocation {
    // The client wants a crypto provider even where it speaks plain HTTP; the second test finds one installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let owned = S3Server::variables().map(|(name, value)| (name.to_owned(), value.to_owned()));
    match url.parse().unwrap() {
        ArtifactsLocation::Bucket(bucket) => ArtifactsLocation::Bucket(
            bucket
                .at(Some(Endpoint::parse(endpoint, false).unwrap()))
                .with_environment(AwsEnvironment::from_variables(owned)),
        ),
        other @ ArtifactsLocation::Directory(_) => panic!("{other} is no bucket"),
    }
}

pub(crate) fn open_directory(directory: &Path, limits: Limits, now: SystemTime) -> Artifacts {
    Artifacts::open_directory(directory, limits, now).unwrap()
}

pub(crate) fn path(raw: &str) -> ArtifactPath {
    raw.parse().unwrap()
}

/// Bytes of which no two stretches are alike, so that parts that change places are noticed.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(|_| next()).collect()
}
