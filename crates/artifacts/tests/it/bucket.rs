//! What only a bucket has: a server of its own that may refuse, keys, uploads that others can't see.

use std::time::{Duration, SystemTime};

use hokusai_artifacts::{ArtifactError, Artifacts, ArtifactsLocation, AwsEnvironment};
use hokusai_s3_server::{BUCKET, S3Server};

use crate::fixture::{Fixture, Kind, LIMITS, bucket, bytes};

async fn refusal(location: &ArtifactsLocation) -> String {
    match Artifacts::open(location, LIMITS(), SystemTime::now()).await {
        Err(ArtifactError::Refused(reason)) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_bucket_that_refuses_us_is_found_out_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let server = S3Server::start(directory.path()).await.unwrap();
    let missing = bucket("s3://another-bucket", &server.url());
    assert!(refusal(&missing).await.contains("NoSuchBucket"));

    let ArtifactsLocation::Bucket(known) = bucket(&format!("s3://{BUCKET}"), &server.url()) else {
        panic!("no bucket");
    };
    let variables = |names: &[(&str, &str)]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        AwsEnvironment::from_variables(names.iter().map(owned).collect::<Vec<_>>())
    };
    let wrong = variables(&[
        ("AWS_ACCESS_KEY_ID", hokusai_s3_server::ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", "another-secret"),
    ]);
    let wrong = ArtifactsLocation::Bucket(known.clone().with_environment(wrong));
    let reason = refusal(&wrong).await;
    assert!(reason.contains("SignatureDoesNotMatch"), "{reason}");
    assert!(!reason.contains("another-secret"), "{reason}");

    let nobody =
        ArtifactsLocation::Bucket(known.clone().with_environment(AwsEnvironment::default()));
    assert!(refusal(&nobody).await.contains("AWS_ACCESS_KEY_ID"));
    let nowhere = ArtifactsLocation::Bucket(
        known
            .at(None)
            .with_environment(variables(&[("AWS_ACCESS_KEY_ID", "x")])),
    );
    assert!(refusal(&nowhere).await.contains("AWS_REGION"));
}

#[tokio::test]
async fn a_key_that_s3_would_not_take_is_refused_before_a_byte_is_sent() {
    let fixture = Fixture::new(Kind::Bucket).await;
    let segment = "x".repeat(210);
    let long = [segment.as_str(); 5].join("/");
    assert!(matches!(
        fixture.put(&long, b"1").await,
        Err(ArtifactError::PathTooLong { limit_bytes: 1024 })
    ));
}

#[tokio::test]
async fn keys_are_the_paths_below_the_prefix() {
    let fixture = Fixture::new(Kind::Bucket).await;
    fixture
        .put("1/run/artifacts/a b%25.txt", b"1")
        .await
        .unwrap();
    let stored = fixture.directory.path().join(BUCKET);
    assert!(
        stored
            .join("some/prefix/files/1/run/artifacts/a b%25.txt")
            .exists()
    );
}

/// What `kill -9` leaves: an upload with parts, and its note. A process that is not there any more aborts nothing.
#[tokio::test]
async fn an_upload_that_a_crash_left_is_aborted_by_a_start_a_day_later() {
    let fixture = Fixture::new(Kind::Bucket).await;
    let staged = fixture.stage("a", &bytes(12 << 20)).await.unwrap();
    std::mem::forget(staged);
    let held = fixture.strays();
    assert!(held >= 3, "an upload, its parts and its note: {held}");
    let reopen =
        |later: Duration| Artifacts::open(&fixture.location, LIMITS(), SystemTime::now() + later);
    // It may still be another process's.
    reopen(Duration::ZERO).await.unwrap();
    assert_eq!(fixture.strays(), held);
    reopen(Duration::from_hours(25)).await.unwrap();
    assert_eq!(fixture.strays(), 0);
    assert_eq!(fixture.store.list(None).await.unwrap(), []);
}
