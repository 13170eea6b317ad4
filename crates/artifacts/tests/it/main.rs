//! The store through its public surface, on a real disk.
#![expect(clippy::unwrap_used, reason = "fixtures of tests fail by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the age of strays on a real disk is real time"
)]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hokusai_artifacts::{ArtifactError, Artifacts, ArtifactsLocation, ByteRange, Limits, Space};
use hokusai_core::artifact_path::ArtifactPath;

struct Fixture {
    directory: tempfile::TempDir,
    store: Artifacts,
}

impl Fixture {
    fn new() -> Self {
        Self::with(Limits {
            free_space_floor_bytes: 0,
            ..Limits::default()
        })
    }

    fn with(limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path(), limits, SystemTime::now());
        Self { directory, store }
    }

    async fn put(&self, at: &str, bytes: &[u8]) -> Result<String, ArtifactError> {
        let chunks: Vec<Result<Bytes, String>> = bytes
            .chunks(7)
            .map(|c| Ok(Bytes::copy_from_slice(c)))
            .collect();
        let staged = self.store.receive(stream::iter(chunks)).await?;
        let sha256 = staged.sha256().to_owned();
        staged.publish(&path(at)).await?;
        Ok(sha256)
    }

    async fn get(&self, at: &str, range: Option<ByteRange>) -> Result<Vec<u8>, ArtifactError> {
        let download = self.store.download(&path(at), range).await?;
        let chunks: Vec<Bytes> = download.into_stream().try_collect().await?;
        Ok(chunks.concat())
    }

    fn strays(&self) -> usize {
        std::fs::read_dir(self.directory.path().join("incoming"))
            .unwrap()
            .count()
    }
}

fn open(directory: &Path, limits: Limits, now: SystemTime) -> Artifacts {
    Artifacts::open(&ArtifactsLocation::directory(directory), limits, now).unwrap()
}

fn path(raw: &str) -> ArtifactPath {
    raw.parse().unwrap()
}

#[tokio::test]
async fn what_was_uploaded_comes_back_whole_and_in_ranges() {
    let fixture = Fixture::new();
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
    fixture
        .put("1/run/artifacts/model.bin", &bytes)
        .await
        .unwrap();
    assert_eq!(
        fixture
            .get("1/run/artifacts/model.bin", None)
            .await
            .unwrap(),
        bytes
    );
    let part = fixture
        .get(
            "1/run/artifacts/model.bin",
            Some(ByteRange::From(999, Some(700_000))),
        )
        .await
        .unwrap();
    assert_eq!(part, bytes[999..=700_000]);
    assert_eq!(fixture.strays(), 0);
}

#[tokio::test]
async fn the_digest_on_the_way_in_is_the_digest_on_disk() {
    let fixture = Fixture::new();
    let sha256 = fixture.put("a", b"abc").await.unwrap();
    assert_eq!(
        sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(fixture.store.digest(&path("a")).await.unwrap(), sha256);
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let fixture = Fixture::new();
    fixture.put("empty", b"").await.unwrap();
    assert_eq!(fixture.get("empty", None).await.unwrap(), b"");
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let fixture = Fixture::new();
    let body = stream::iter([Ok(Bytes::from_static(b"half")), Err("gone")]);
    assert!(matches!(
        fixture.store.receive(body).await,
        Err(ArtifactError::Body(_))
    ));
    assert_eq!(fixture.strays(), 0);
}

#[tokio::test]
async fn an_upload_that_is_not_published_is_not_seen() {
    let fixture = Fixture::new();
    let body = stream::iter([Ok::<_, String>(Bytes::from_static(b"x"))]);
    let staged = fixture.store.receive(body).await.unwrap();
    assert_eq!(fixture.store.list(None).await.unwrap(), []);
    drop(staged);
    assert_eq!(fixture.strays(), 0);
}

#[tokio::test]
async fn an_upload_beyond_the_limit_is_refused_and_removed() {
    let fixture = Fixture::with(Limits {
        max_upload_bytes: 10,
        free_space_floor_bytes: 0,
        ..Limits::default()
    });
    assert!(fixture.put("ok", &[1; 10]).await.is_ok());
    assert!(matches!(
        fixture.put("big", &[1; 11]).await,
        Err(ArtifactError::TooLarge { limit_bytes: 10 })
    ));
    assert_eq!(fixture.strays(), 0);
}

#[tokio::test]
async fn the_reserved_space_is_not_given_to_uploads() {
    let fixture = Fixture::with(Limits {
        free_space_floor_bytes: u64::MAX,
        ..Limits::default()
    });
    let refused = fixture.put("x", b"x").await.unwrap_err();
    assert!(matches!(refused, ArtifactError::NoSpace { .. }));
    let sentence = refused.to_string();
    assert!(sentence.contains("`free-space-floor-mib`"), "{sentence}");
    assert!(fixture.store.space().unwrap().is_used_up());
    assert_eq!(fixture.strays(), 0);
}

#[test]
fn the_floor_counts_what_is_coming() {
    let space = Space {
        free_bytes: 100,
        floor_bytes: 60,
    };
    assert!(space.room_for(40).is_ok());
    assert!(matches!(
        space.room_for(41),
        Err(ArtifactError::NoSpace {
            free_bytes: 100,
            floor_bytes: 60
        })
    ));
    assert!(!space.is_used_up());
}

#[tokio::test]
async fn a_silent_upload_is_dropped() {
    let fixture = Fixture::with(Limits {
        stall_seconds: 0,
        free_space_floor_bytes: 0,
        ..Limits::default()
    });
    let body = stream::pending::<Result<Bytes, String>>();
    assert!(matches!(
        fixture.store.receive(body).await,
        Err(ArtifactError::Stalled { seconds: 0, .. })
    ));
}

#[tokio::test]
async fn an_upload_that_drips_is_dropped() {
    let fixture = Fixture::with(Limits {
        stall_seconds: 1,
        stall_bytes: 1000,
        free_space_floor_bytes: 0,
        ..Limits::default()
    });
    let drips = stream::unfold(
        tokio::time::interval(std::time::Duration::from_millis(20)),
        |mut beat| async {
            beat.tick().await;
            Some((Ok::<_, String>(Bytes::from_static(b"x")), beat))
        },
    );
    // Not for ever: a server without patience must fail the test, not hang it.
    let drips = drips.take(500);
    assert!(matches!(
        fixture.store.receive(drips).await,
        Err(ArtifactError::Stalled {
            bytes: 1000,
            seconds: 1
        })
    ));
}

#[tokio::test]
async fn listing_shows_files_with_sizes_and_directories_without() {
    let fixture = Fixture::new();
    fixture.put("d/b.txt", b"12").await.unwrap();
    fixture.put("d/a/x", b"1").await.unwrap();
    let listed = fixture.store.list(Some(&path("d"))).await.unwrap();
    let shown: Vec<_> = listed
        .iter()
        .map(|entry| (entry.name.as_str(), entry.size_bytes))
        .collect();
    assert_eq!(shown, [("a", None), ("b.txt", Some(2))]);
    assert_eq!(
        fixture.store.list(Some(&path("d/b.txt"))).await.unwrap(),
        []
    );
    assert_eq!(
        fixture
            .store
            .list(Some(&path("nowhere/at/all")))
            .await
            .unwrap(),
        []
    );
    let found = fixture.store.find(&path("d")).await.unwrap();
    assert_eq!(
        found
            .iter()
            .map(|file| file.path.as_str())
            .collect::<Vec<_>>(),
        ["a/x", "b.txt"]
    );
}

#[tokio::test]
async fn deleting_takes_a_whole_directory_and_a_missing_path_is_not_found() {
    let fixture = Fixture::new();
    fixture.put("d/e/f", b"1").await.unwrap();
    fixture.store.delete(&path("d")).await.unwrap();
    assert_eq!(fixture.store.list(None).await.unwrap(), []);
    assert!(matches!(
        fixture.store.delete(&path("d")).await,
        Err(ArtifactError::NotFound)
    ));
}

#[tokio::test]
async fn no_symlink_is_followed_by_any_operation() {
    let fixture = Fixture::new();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("canary"), "secret").unwrap();
    let files = fixture.directory.path().join("files");
    symlink(outside.path(), files.join("dir")).unwrap();
    symlink(outside.path().join("canary"), files.join("file")).unwrap();

    for at in ["dir/canary", "file"] {
        assert!(fixture.get(at, None).await.is_err(), "{at}");
        assert!(fixture.store.digest(&path(at)).await.is_err(), "{at}");
    }
    assert!(fixture.put("dir/planted", b"x").await.is_err());
    assert!(fixture.store.delete(&path("dir/canary")).await.is_err());
    assert_eq!(fixture.store.list(Some(&path("dir"))).await.unwrap(), []);
    assert_eq!(fixture.store.list(None).await.unwrap(), []);
    assert_eq!(fixture.store.find(&path("dir")).await.unwrap(), []);
    // Writing over a link, or removing one, changes the link only.
    fixture.put("file", b"mine").await.unwrap();
    fixture.store.delete(&path("dir")).await.unwrap();
    assert_eq!(
        std::fs::read(outside.path().join("canary")).unwrap(),
        b"secret"
    );
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_file_in_the_way_is_not_a_directory() {
    let fixture = Fixture::new();
    fixture.put("a", b"1").await.unwrap();
    assert!(matches!(
        fixture.put("a/b", b"1").await,
        Err(ArtifactError::NotADirectory)
    ));
    fixture.put("d/x", b"1").await.unwrap();
    assert!(fixture.put("d", b"1").await.is_err());
    assert!(matches!(
        fixture.get("d", None).await,
        Err(ArtifactError::IsDirectory)
    ));
}

#[tokio::test]
async fn only_the_owner_can_read_what_is_stored() {
    let fixture = Fixture::new();
    fixture.put("d/x", b"1").await.unwrap();
    let mode = |at: &str| {
        std::fs::metadata(fixture.directory.path().join(at))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (
            mode("files"),
            mode("incoming"),
            mode("files/d"),
            mode("files/d/x")
        ),
        (0o700, 0o700, 0o700, 0o600)
    );
}

#[tokio::test]
async fn strays_of_a_crash_are_removed_a_day_later() {
    let fixture = Fixture::new();
    let stray = fixture.directory.path().join("incoming/stray");
    std::fs::write(&stray, "x").unwrap();
    open(
        fixture.directory.path(),
        Limits::default(),
        SystemTime::now(),
    );
    assert!(stray.exists());
    open(
        fixture.directory.path(),
        Limits::default(),
        SystemTime::now() + std::time::Duration::from_hours(25),
    );
    assert!(!stray.exists());
}
