//! Backup, restore and check of a bucket.

use std::path::Path;

use hokusai_s3_server::{BUCKET, S3Server};
use hokusai_testkit::Backend;

use super::refused::{error, refusal};
use super::{World, large};
use crate::backup::moved_under_load;
use crate::home::{Home, json_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_under_load_is_backed_up_and_restored_into_another_place() {
    let directory = tempfile::tempdir().unwrap();
    let store = S3Server::start(directory.path()).await.unwrap();
    let from = Home::new(Backend::Sqlite).in_bucket(&store, "prod");
    let to = Home::new(Backend::Sqlite).in_bucket(&store, "copies/new");
    moved_under_load(&from, &to).await;
    assert_eq!(store.unfinished().unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_into_a_bucket_is_all_or_nothing() {
    let world = World::new(Backend::Sqlite).await;
    assert_eq!(world.put("model/x", large()).await.status, 200);
    assert_eq!(world.register_at(&world.server, "model").await.status, 200);
    let backup = world.home.path("backup");
    let taken = world.home.run(&["backup", &backup]);
    assert_eq!(taken.status.code(), Some(0), "{taken:?}");

    let store = world.store.as_ref().unwrap();
    let place = |prefix: &str| Home::new(Backend::Sqlite).in_bucket(store, prefix);
    let refused = place("prod").run(&["restore", &backup]);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(error(&refused).contains("is not empty"), "{refused:?}");

    let copy = format!("{backup}/artifacts/{}/model/x", world.root);
    let whole = std::fs::read(&copy).unwrap();
    std::fs::write(&copy, &whole[1..]).unwrap();
    let broken = place("broken").run(&["restore", &backup]);
    assert_eq!(broken.status.code(), Some(3), "{broken:?}");
    let left = world.directory.path().join(BUCKET).join("broken");
    assert_eq!(objects_below(&left), 0);
    std::fs::write(&copy, &whole).unwrap();

    // As a restore leaves it that was killed.
    std::fs::create_dir_all(left.join("files")).unwrap();
    std::fs::write(left.join("restoring"), "").unwrap();
    let unfinished = place("broken").run(&["restore", &backup]);
    assert!(
        error(&unfinished).contains("was broken off"),
        "{unfinished:?}"
    );
    let unfinished = refusal(
        &["--artifacts-url", &format!("s3://{BUCKET}/broken")],
        store,
    );
    assert!(unfinished.contains("was broken off"), "{unfinished}");
}

/// How many files there are, in however many directories.
fn objects_below(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    entries
        .map(|entry| match entry.unwrap().path() {
            inner if inner.is_dir() => objects_below(&inner),
            _ => 1,
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_reads_the_bucket_and_says_when_it_cannot() {
    let mut world = World::new(Backend::Sqlite).await;
    assert_eq!(world.put("model/x", b"right".to_vec()).await.status, 200);
    assert_eq!(world.register_at(&world.server, "model").await.status, 200);
    let check = ["db", "check", "--artifacts", "--json"];
    let fine = world.home.run(&check);
    assert_eq!(fine.status.code(), Some(0), "{fine:?}");
    std::fs::write(world.stored("model/x"), "wrong").unwrap();
    let found = world.home.run(&check);
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    assert!(json_of(&found).to_string().contains("SHA-256"), "{found:?}");
    world.store.take().unwrap().stop().await;
    let away = world.home.run(&check);
    assert_eq!(away.status.code(), Some(3), "{away:?}");
    assert!(error(&away).contains("does not answer"), "{away:?}");
}
