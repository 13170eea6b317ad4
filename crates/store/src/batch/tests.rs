//! What one caller sees of a batch that it shares with others.

use super::*;
use crate::statement::{Schema, Statement};
use crate::{Location, StoreOptions, params};

static CREATE: Statement = Statement::new(
    Schema::Registry,
    "CREATE",
    "CREATE TABLE t (a INTEGER NOT NULL) STRICT",
);
static INSERT: Statement =
    Statement::new(Schema::Registry, "INSERT", "INSERT INTO t (a) VALUES ($1)");
static COUNT: Statement = Statement::new(Schema::Registry, "COUNT", "SELECT count(*) FROM t");

/// Inserts its number. Odd ones are refused, 13 fails the whole, and 17 panics.
struct Insert(i64);

impl Batch for Insert {
    type Reply = i64;
    type Error = StoreError;

    fn run(items: &[Self], tx: &mut dyn Tx) -> Result<Vec<Result<i64, StoreError>>, StoreError> {
        items
            .iter()
            .map(|Self(number)| match number {
                13 => {
                    tx.execute(&INSERT, &params![*number])?;
                    Err(StoreError::Full)
                }
                17 => panic!("planted"),
                odd if odd % 2 == 1 => Ok(Err(StoreError::Busy { waiting: 0 })),
                even => {
                    tx.execute(&INSERT, &params![*even])?;
                    Ok(Ok(*even))
                }
            })
            .collect()
    }
}

async fn with_table(directory: &tempfile::TempDir) -> Store {
    let location = Location::Sqlite {
        directory: directory.path().join("data"),
    };
    let store = Store::open(&StoreOptions::new(location, Schema::Registry)).unwrap();
    store.write(|tx| tx.execute(&CREATE, &[])).await.unwrap();
    store
}

async fn submit_all(store: &Store, numbers: std::ops::Range<i64>) -> Vec<Result<i64, StoreError>> {
    let queue = BatchQueue::<Insert>::new(store.clone());
    let sent: Vec<_> = numbers
        .map(|number| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.submit(Insert(number)).await })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn each_item_is_answered_for_itself_whatever_the_others_do() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    for (answer, number) in submit_all(&store, 0..1200).await.into_iter().zip(0..) {
        let expected = match number {
            13 => Err(StoreError::Full),
            17 => Err(StoreError::Panicked),
            odd if odd % 2 == 1 => Err(StoreError::Busy { waiting: 0 }),
            even => Ok(even),
        };
        assert_eq!(answer, expected, "{number}");
    }
    let count: Result<i64, StoreError> = store.read(|tx| tx.query_one(&COUNT, &[])?.int(0)).await;
    assert_eq!(count, Ok(600));
}

#[tokio::test]
async fn a_closed_store_refuses_every_item() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    store.close();
    for answer in submit_all(&store, 0..20).await {
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn items_that_arrive_while_an_empty_batch_commits_are_done() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_table(&directory).await;
    let queue = BatchQueue::<Insert>::new(store.clone());
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                for number in (100..500).step_by(2) {
                    assert_eq!(queue.submit(Insert(number)).await, Ok(number));
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    store.close();
}
