//! An object store that is away: said at once and clearly, and over by itself.

use std::time::{Duration, Instant, SystemTime};

use hokusai_artifacts::{ArtifactError, Artifacts, ByteRange};
use hokusai_s3_server::S3Server;

use crate::fixture::{Fixture, Kind, LIMITS, bytes, path};

fn is_unavailable<T>(answer: &Result<T, ArtifactError>) -> bool {
    matches!(answer, Err(ArtifactError::Unavailable(_)))
}

#[tokio::test]
async fn every_operation_says_that_the_store_is_away_and_works_when_it_is_back() {
    let mut fixture = Fixture::new(Kind::Bucket).await;
    fixture.put("d/x", b"1").await.unwrap();
    let server = fixture.server.take().unwrap();
    let address = server.address();
    server.stop().await;

    let asked = Instant::now();
    assert!(is_unavailable(&fixture.put("d/y", b"2").await));
    assert!(is_unavailable(&fixture.put("d/z", &bytes(12 << 20)).await));
    assert!(is_unavailable(&fixture.get("d/x", None).await));
    let range = Some(ByteRange::Last(1));
    assert!(is_unavailable(&fixture.get("d/x", range).await));
    assert!(is_unavailable(&fixture.store.list(None).await));
    assert!(is_unavailable(&fixture.store.find(&path("d")).await));
    assert!(is_unavailable(&fixture.store.digest(&path("d/x")).await));
    assert!(is_unavailable(&fixture.store.delete(&path("d/x")).await));
    // Each tries three times, with pauses.
    assert!(
        asked.elapsed() < Duration::from_secs(20),
        "{:?}",
        asked.elapsed()
    );

    let server = S3Server::start_at(fixture.directory.path(), address).await;
    fixture.server = Some(server.unwrap());
    assert_eq!(fixture.get("d/x", None).await.unwrap(), b"1");
    fixture.put("d/y", b"2").await.unwrap();
    assert_eq!(fixture.found("d").await, ["x", "y"]);
}

#[tokio::test]
async fn a_store_that_is_away_at_the_start_may_come_later() {
    let mut fixture = Fixture::new(Kind::Bucket).await;
    let server = fixture.server.take().unwrap();
    let address = server.address();
    server.stop().await;
    let opened = Artifacts::open(&fixture.location, LIMITS(), SystemTime::now()).await;
    fixture.store = opened.unwrap();
    assert!(is_unavailable(&fixture.store.list(None).await));
    let server = S3Server::start_at(fixture.directory.path(), address).await;
    fixture.server = Some(server.unwrap());
    fixture.put("x", b"1").await.unwrap();
}

#[tokio::test]
async fn a_download_that_the_store_cuts_off_is_an_error_and_never_a_short_file() {
    use futures_util::StreamExt as _;
    let mut fixture = Fixture::new(Kind::Bucket).await;
    let size = 64 << 20;
    fixture.put("x", &vec![7; size]).await.unwrap();
    let download = fixture.store.download(&path("x"), None).await.unwrap();
    let mut chunks = download.into_stream();
    let mut received = chunks.next().await.unwrap().unwrap().len();
    fixture.server.take().unwrap().stop().await;
    let mut is_failed = false;
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => received += chunk.len(),
            Err(_) => is_failed = true,
        }
    }
    assert!(
        is_failed,
        "{received} of {size} bytes came without an error"
    );
}

/// Accepts connections and says nothing: a store that hangs.
#[tokio::test]
async fn a_store_that_hangs_is_given_up_in_time() {
    let mut fixture = Fixture::new(Kind::Bucket).await;
    let server = fixture.server.take().unwrap();
    let address = server.address();
    server.stop().await;
    let hanging = std::net::TcpListener::bind(address).unwrap();
    let asked = Instant::now();
    let (store, path) = (&fixture.store, path("x"));
    let (read, listed, written) = tokio::join!(
        store.download(&path, None),
        store.list(None),
        fixture.put("y", b"1")
    );
    assert!(is_unavailable(&read) && is_unavailable(&listed) && is_unavailable(&written));
    let waited = asked.elapsed();
    assert!(waited < Duration::from_secs(15), "{waited:?}");
    drop(hanging);
}
