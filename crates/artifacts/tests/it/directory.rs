//! What only a directory has: a disk that fills, links, modes.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::SystemTime;

use hokusai_artifacts::{ArtifactError, Limits, Space};

use crate::fixture::{Fixture, Kind, open_directory, path};

#[tokio::test]
async fn the_reserved_space_is_not_given_to_uploads() {
    let fixture = Fixture::with(
        Kind::Directory,
        Limits {
            free_space_floor_bytes: u64::MAX,
            ..Limits::default()
        },
    )
    .await;
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
async fn no_symlink_is_followed_by_any_operation() {
    let fixture = Fixture::new(Kind::Directory).await;
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
async fn only_the_owner_can_read_what_is_stored() {
    let fixture = Fixture::new(Kind::Directory).await;
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
    let fixture = Fixture::new(Kind::Directory).await;
    let stray = fixture.directory.path().join("incoming/stray");
    std::fs::write(&stray, "x").unwrap();
    open_directory(
        fixture.directory.path(),
        Limits::default(),
        SystemTime::now(),
    );
    assert!(stray.exists());
    open_directory(
        fixture.directory.path(),
        Limits::default(),
        SystemTime::now() + std::time::Duration::from_hours(25),
    );
    assert!(!stray.exists());
}
