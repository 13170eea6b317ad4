//! The promises of the store that none of our tables is needed for, on both databases.

use hokusai_store::statement::{Schema, Statement};
use hokusai_store::{Param, Store, StoreError, StoreOptions, params};
use hokusai_testkit::TestDatabase;

use crate::BOTH;

static CREATE: Statement = Statement::new(
    Schema::Registry,
    "CREATE",
    "CREATE TABLE IF NOT EXISTS t (a BIGINT NOT NULL)",
);
static INSERT: Statement =
    Statement::new(Schema::Registry, "INSERT", "INSERT INTO t (a) VALUES ($1)");
static COUNT: Statement = Statement::new(Schema::Registry, "COUNT", "SELECT count(*) FROM t");
static LISTED: Statement = Statement::new(
    Schema::Registry,
    "LISTED",
    "SELECT count(*) FROM t WHERE a = ANY($1)",
);

async fn with_table(database: &TestDatabase) -> Store {
    let store = crate::open(StoreOptions::new(database.location(), Schema::Registry)).await;
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
    for backend in BOTH {
        let database = TestDatabase::new(backend);
        let store = with_table(&database).await;
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
}

#[tokio::test]
async fn a_panicking_operation_is_rolled_back_and_the_writer_lives_on() {
    for backend in BOTH {
        let database = TestDatabase::new(backend);
        let store = with_table(&database).await;
        let answer: Result<(), StoreError> = store
            .write(|tx| {
                tx.execute(&INSERT, &params![1_i64])?;
                panic!("planted");
            })
            .await;
        assert_eq!(answer, Err(StoreError::Panicked));
        assert_eq!(count(&store).await, 0);
    }
}

#[tokio::test]
async fn hooks_run_after_commit_and_not_after_a_refusal() {
    for backend in BOTH {
        let database = TestDatabase::new(backend);
        let store = with_table(&database).await;
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
        crate::close(store.clone()).await;
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [false]);
    }
}

#[tokio::test]
async fn a_reader_cannot_write() {
    for backend in BOTH {
        let database = TestDatabase::new(backend);
        let store = with_table(&database).await;
        let answer: Result<u64, StoreError> =
            store.read(|tx| tx.execute(&INSERT, &params![1_i64])).await;
        assert!(answer.is_err());
        assert_eq!(count(&store).await, 0);
    }
}

#[tokio::test]
async fn a_list_parameter_matches_any_of_its_values() {
    for backend in BOTH {
        let database = TestDatabase::new(backend);
        let store = with_table(&database).await;
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
}

#[tokio::test]
async fn a_closed_store_refuses_and_keeps_what_it_acknowledged() {
    for backend in BOTH {
        let database = TestDatabase::new(backend);
        let store = with_table(&database).await;
        store
            .write(|tx| tx.execute(&INSERT, &params![7_i64]))
            .await
            .unwrap();
        crate::close(store.clone()).await;
        let refused: Result<u64, StoreError> =
            store.write(|tx| tx.execute(&INSERT, &params![8_i64])).await;
        assert!(matches!(refused, Err(StoreError::Unavailable { .. })));
        let reopened = with_table(&database).await;
        assert_eq!(count(&reopened).await, 1);
    }
}
