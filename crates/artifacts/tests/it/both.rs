//! What a directory and a bucket must do alike.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use hokusai_artifacts::{ArtifactError, ByteRange, Limits};
use rstest::rstest;

use crate::fixture::{Fixture, Kind, LIMITS, bytes, path};

/// More than two parts, and a last one that is not full.
const LARGE: usize = 25 << 20;

#[rstest]
#[tokio::test]
async fn what_was_uploaded_comes_back_whole_and_in_ranges(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
    #[values(1_000_000, 11 << 20, LARGE)] size: usize,
) {
    let fixture = Fixture::new(kind).await;
    let bytes = bytes(size);
    fixture
        .put("1/run/artifacts/model.bin", &bytes)
        .await
        .unwrap();
    let whole = fixture
        .get("1/run/artifacts/model.bin", None)
        .await
        .unwrap();
    assert!(whole == bytes);
    let last = bytes.len() - 7;
    for (range, expected) in [
        (ByteRange::From(999, Some(700_000)), &bytes[999..=700_000]),
        (ByteRange::From(last as u64, None), &bytes[last..]),
        (ByteRange::From(last as u64, Some(u64::MAX)), &bytes[last..]),
        (ByteRange::Last(7), &bytes[last..]),
        (ByteRange::From(0, Some(0)), &bytes[..1]),
    ] {
        let part = fixture.get("1/run/artifacts/model.bin", Some(range)).await;
        assert!(part.unwrap() == expected, "{range:?}");
    }
    let behind = ByteRange::From(bytes.len() as u64, None);
    assert!(matches!(
        fixture.get("1/run/artifacts/model.bin", Some(behind)).await,
        Err(ArtifactError::RangeNotSatisfiable { size_bytes }) if size_bytes == bytes.len() as u64
    ));
    assert_eq!(fixture.strays(), 0);
}

#[rstest]
#[tokio::test]
async fn the_digest_on_the_way_in_is_the_digest_of_what_is_stored(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
) {
    let fixture = Fixture::new(kind).await;
    let sha256 = fixture.put("a", b"abc").await.unwrap();
    assert_eq!(
        sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(fixture.store.digest(&path("a")).await.unwrap(), sha256);
    let sha256 = fixture.put("large", &bytes(LARGE)).await.unwrap();
    assert_eq!(fixture.store.digest(&path("large")).await.unwrap(), sha256);
}

#[rstest]
#[tokio::test]
async fn a_byte_that_changed_below_the_store_changes_the_digest(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
) {
    let fixture = Fixture::new(kind).await;
    let sha256 = fixture.put("d/model", b"abc").await.unwrap();
    std::fs::write(fixture.on_disk("d/model"), b"abd").unwrap();
    assert_ne!(
        fixture.store.digest(&path("d/model")).await.unwrap(),
        sha256
    );
}

#[rstest]
#[tokio::test]
async fn an_empty_file_is_a_file(#[values(Kind::Directory, Kind::Bucket)] kind: Kind) {
    let fixture = Fixture::new(kind).await;
    fixture.put("empty", b"").await.unwrap();
    assert_eq!(fixture.get("empty", None).await.unwrap(), b"");
}

#[rstest]
#[tokio::test]
async fn a_later_upload_replaces_an_earlier_one(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
    #[values(10, LARGE)] size: usize,
) {
    let fixture = Fixture::new(kind).await;
    fixture.put("a", b"first").await.unwrap();
    let second = bytes(size);
    fixture.put("a", &second).await.unwrap();
    assert!(fixture.get("a", None).await.unwrap() == second);
}

#[rstest]
#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing_and_does_not_touch_what_was_there(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
    #[values(10, LARGE)] size: usize,
) {
    let fixture = Fixture::new(kind).await;
    fixture.put("a", b"before").await.unwrap();
    let half = Bytes::from(bytes(size));
    let body = stream::iter([Ok(half), Err("gone")]);
    assert!(matches!(
        fixture.store.receive(&path("a"), body).await,
        Err(ArtifactError::Body(_))
    ));
    fixture.no_strays().await;
    assert_eq!(fixture.get("a", None).await.unwrap(), b"before");
}

#[rstest]
#[tokio::test]
async fn an_upload_whose_connection_is_gone_leaves_nothing(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
) {
    let fixture = Fixture::new(kind).await;
    let half = Bytes::from(bytes(LARGE));
    let body = stream::unfold(Some(half), |half| async {
        match half {
            Some(half) => Some((Ok::<_, String>(half), None)),
            None => std::future::pending().await,
        }
    });
    // A server drops the future of a request whose connection breaks.
    let (store, path) = (fixture.store.clone(), path("a"));
    let upload = tokio::spawn(async move { store.receive(&path, body).await.map(drop) });
    while fixture.strays() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    upload.abort();
    assert!(upload.await.unwrap_err().is_cancelled());
    fixture.no_strays().await;
    assert_eq!(fixture.store.list(None).await.unwrap(), []);
}

#[rstest]
#[tokio::test]
async fn an_upload_that_is_not_published_is_not_seen(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
    #[values(10, LARGE)] size: usize,
) {
    let fixture = Fixture::new(kind).await;
    let staged = fixture.stage("d/x", &bytes(size)).await.unwrap();
    assert_eq!(fixture.store.list(None).await.unwrap(), []);
    assert!(fixture.found("d").await.is_empty());
    assert!(matches!(
        fixture.get("d/x", None).await,
        Err(ArtifactError::NotFound)
    ));
    drop(staged);
    fixture.no_strays().await;
}

#[rstest]
#[tokio::test]
async fn an_upload_beyond_the_limit_is_refused_and_removed(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
    #[values(10, 12 << 20)] limit: usize,
) {
    let limits = Limits {
        max_upload_bytes: limit as u64,
        ..LIMITS()
    };
    let fixture = Fixture::with(kind, limits).await;
    assert!(fixture.put("ok", &vec![1; limit]).await.is_ok());
    assert!(matches!(
        fixture.put("big", &vec![1; limit + 1]).await,
        Err(ArtifactError::TooLarge { limit_bytes }) if limit_bytes == limit as u64
    ));
    fixture.no_strays().await;
    assert_eq!(fixture.store.list(None).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_silent_upload_is_dropped(#[values(Kind::Directory, Kind::Bucket)] kind: Kind) {
    let limits = Limits {
        stall_seconds: 0,
        ..LIMITS()
    };
    let fixture = Fixture::with(kind, limits).await;
    let body = stream::pending::<Result<Bytes, String>>();
    assert!(matches!(
        fixture.store.receive(&path("a"), body).await,
        Err(ArtifactError::Stalled { seconds: 0, .. })
    ));
}

#[rstest]
#[tokio::test]
async fn an_upload_that_drips_is_dropped(#[values(Kind::Directory, Kind::Bucket)] kind: Kind) {
    let limits = Limits {
        stall_seconds: 1,
        stall_bytes: 1000,
        ..LIMITS()
    };
    let fixture = Fixture::with(kind, limits).await;
    let drips = stream::unfold(
        tokio::time::interval(Duration::from_millis(20)),
        |mut beat| async {
            beat.tick().await;
            Some((Ok::<_, String>(Bytes::from_static(b"x")), beat))
        },
    );
    // Not for ever: a server without patience must fail the test, not hang it.
    let drips = drips.take(500);
    assert!(matches!(
        fixture.store.receive(&path("a"), drips).await,
        Err(ArtifactError::Stalled {
            bytes: 1000,
            seconds: 1
        })
    ));
}

#[rstest]
#[tokio::test]
async fn listing_shows_files_with_sizes_and_directories_without(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
) {
    let fixture = Fixture::new(kind).await;
    for (at, bytes) in [
        ("d/b.txt", "12"),
        ("d/a/x", "1"),
        ("d/a.y", "3"),
        ("da/z", ""),
    ] {
        fixture.put(at, bytes.as_bytes()).await.unwrap();
    }
    let listed = fixture.store.list(Some(&path("d"))).await.unwrap();
    let shown: Vec<_> = listed
        .iter()
        .map(|entry| (entry.name.as_str(), entry.size_bytes))
        .collect();
    assert_eq!(shown, [("a", None), ("a.y", Some(1)), ("b.txt", Some(2))]);
    for nothing in ["d/b.txt", "nowhere/at/all", "d/b.txt/below"] {
        let listed = fixture.store.list(Some(&path(nothing))).await.unwrap();
        assert_eq!(listed, [], "{nothing}");
        let found = fixture.store.find(&path(nothing)).await.unwrap().len();
        assert_eq!(found, usize::from(nothing == "d/b.txt"), "{nothing}");
    }
    assert_eq!(fixture.found("d").await, ["a/x", "a.y", "b.txt"]);
    assert_eq!(fixture.found("d/b.txt").await, ["b.txt"]);
    let root = fixture.store.list(None).await.unwrap();
    assert_eq!(
        root.into_iter().map(|entry| entry.name).collect::<Vec<_>>(),
        ["d", "da"]
    );
}

#[rstest]
#[tokio::test]
async fn names_that_mean_something_elsewhere_are_kept_as_they_are(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
) {
    let fixture = Fixture::new(kind).await;
    let names = [
        "a b+c&d=e.txt",
        "100%25",
        "%41",
        "日本 ü.bin",
        "~[x]{y}^`|<z>*?\"'",
        "..dots..",
        "a@b:c,d;e!$()",
    ];
    for name in names {
        let at = format!("d/{name}/{name}");
        fixture.put(&at, name.as_bytes()).await.unwrap();
        assert_eq!(fixture.get(&at, None).await.unwrap(), name.as_bytes());
    }
    let listed = fixture.store.list(Some(&path("d"))).await.unwrap();
    let mut listed: Vec<_> = listed.into_iter().map(|entry| entry.name).collect();
    let mut expected = names.map(str::to_owned);
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    assert_eq!(fixture.found("d").await.len(), names.len());
}

#[rstest]
#[tokio::test]
async fn deleting_takes_a_file_or_a_whole_directory_and_nothing_beside_it(
    #[values(Kind::Directory, Kind::Bucket)] kind: Kind,
) {
    let fixture = Fixture::new(kind).await;
    for at in ["d/e/f", "d/g", "de", "h/i"] {
        fixture.put(at, b"1").await.unwrap();
    }
    fixture.store.delete(&path("d")).await.unwrap();
    fixture.store.delete(&path("h/i")).await.unwrap();
    assert!(fixture.found("d").await.is_empty());
    assert!(fixture.found("h").await.is_empty());
    assert_eq!(fixture.found("de").await, ["de"]);
    for at in ["d", "d/e/f", "h/i", "never"] {
        let again = fixture.store.delete(&path(at)).await;
        assert!(matches!(again, Err(ArtifactError::NotFound)), "{at}");
    }
}

#[rstest]
#[tokio::test]
async fn no_name_is_a_file_and_a_directory(#[values(Kind::Directory, Kind::Bucket)] kind: Kind) {
    let fixture = Fixture::new(kind).await;
    fixture.put("a", b"1").await.unwrap();
    for below in ["a/b", "a/b/c/d"] {
        assert!(matches!(
            fixture.put(below, b"1").await,
            Err(ArtifactError::NotADirectory)
        ));
    }
    fixture.put("d/x", b"1").await.unwrap();
    assert!(matches!(
        fixture.put("d", b"1").await,
        Err(ArtifactError::IsDirectory)
    ));
    assert!(matches!(
        fixture.get("d", None).await,
        Err(ArtifactError::IsDirectory)
    ));
    assert!(matches!(
        fixture.get("d", Some(ByteRange::Last(1))).await,
        Err(ArtifactError::IsDirectory)
    ));
    for missing in ["e", "d/y"] {
        assert!(matches!(
            fixture.get(missing, None).await,
            Err(ArtifactError::NotFound)
        ));
    }
    fixture.no_strays().await;
}
