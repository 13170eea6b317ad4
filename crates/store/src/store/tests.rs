//! The promises of the store that no table is needed for, on `SQLite`.

use super::*;
use crate::statement::Statement;
use crate::{Param, params};

static CREATE: Statement = Statement::new(
    Schema::Registry,
    "CREATE",
    "CREATE TABLE IF NOT EXISTS t (a INTEGER NOT NULL) STRICT",
);
static INSERT: Statement =
    Statement::new(Schema::Registry, "INSERT", "INSERT INTO t (a) VALUES ($1)");
static COUNT: Statement = Statement::new(Schema::Registry, "COUNT", "SELECT count(*) FROM t");
static LISTED: Statement = Statement::new(
    Schema::Registry,
    "LISTED",
    "SELECT count(*) FROM t WHERE a = ANY($1)",
);

fn options(directory: &tempfile::TempDir) -> StoreOptions {
    StoreOptions::new(
        Location::Sqlite {
            directory: directory.path().join("data"),
        },
        Schema::Registry,
    )
}

async fn with_table(directory: &tempfile::TempDir) -> Store {
    let store = Store::open(&options(directory)).unwrap();
    store.write(|tx| tx.execute(&CREATE, &[])).await.unwrap();
    store
}

async fn count(store: &Store) -> i64 {
    store
        .read(|tx| tx.query_one(&COUNT, &[])?.int(0))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_refused_member_of_a_group_leaves_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    let writes = (0..200_i64).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(move |tx| {
                    tx.execute(&INSERT, &params![n])?;
                    if n % 3 == 0 {
                        Err(StoreError::Panicked)
                    } else {
                        Ok(())
                    }
                })
                .await
        })
    });
    let mut done = 0;
    for write in writes.collect::<Vec<_>>() {
        done += i64::from(write.await.unwrap().is_ok());
    }
    assert_eq!(done, 133);
    assert_eq!(count(&store).await, 133);
}

#[tokio::test]
async fn a_panicking_operation_is_rolled_back_and_the_writer_lives_on() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    let answer: Result<(), StoreError> = store
        .write(|tx| {
            tx.execute(&INSERT, &params![1_i64])?;
            panic!("planted");
        })
        .await;
    assert_eq!(answer, Err(StoreError::Panicked));
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn hooks_run_after_commit_and_not_after_a_refusal() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    let (sender, heard) = std::sync::mpsc::channel();
    for refuse in [false, true] {
        let sender = sender.clone();
        let _ = store
            .write(move |tx| {
                let sender = sender.clone();
                tx.after_commit(Box::new(move || sender.send(refuse).unwrap()));
                if refuse {
                    Err(StoreError::Full)
                } else {
                    Ok(())
                }
            })
            .await;
    }
    drop(sender);
    store.close();
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [false]);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    let answer: Result<u64, StoreError> =
        store.read(|tx| tx.execute(&INSERT, &params![1_i64])).await;
    assert!(answer.is_err());
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn a_list_parameter_matches_any_of_its_values() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    for n in 0..5_i64 {
        store
            .write(move |tx| tx.execute(&INSERT, &params![n]))
            .await
            .unwrap();
    }
    let found = store
        .read(|tx| {
            tx.query_one(&LISTED, &[Param::IntList(vec![1, 3, 9])])?
                .int(0)
        })
        .await
        .unwrap();
    assert_eq!(found, 2);
}

#[tokio::test]
async fn a_second_store_on_the_same_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    assert!(matches!(
        Store::open(&options(&directory)),
        Err(OpenError::InUse { .. })
    ));
    store.close();
    Store::open(&options(&directory)).unwrap().close();
}

#[tokio::test]
async fn files_are_private_under_any_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    let data = directory.path().join("data");
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.path()
        );
    }
    store.close();
}

#[tokio::test]
async fn a_closed_store_refuses_and_keeps_what_it_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    store
        .write(|tx| tx.execute(&INSERT, &params![7_i64]))
        .await
        .unwrap();
    store.close();
    let refused: Result<u64, StoreError> =
        store.write(|tx| tx.execute(&INSERT, &params![8_i64])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })));
    let reopened = with_table(&directory).await;
    assert_eq!(count(&reopened).await, 1);
}
