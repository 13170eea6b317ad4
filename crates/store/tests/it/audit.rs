//! The audit logs of both databases: append-only, chained, whole also when many write at once.

use hokusai_store::audit::seal::{LEAST_AGE_MS, Sealing, Segment, seal};
use hokusai_store::audit::{self, Chain, Entry};
use hokusai_store::statement::{Schema, Statement};
use hokusai_store::{Dialect, Store, StoreError, StoreOptions};
use hokusai_testkit::{Backend, TestDatabase};
use rstest::rstest;

use crate::{close, open};

fn entry(target: &str) -> Entry {
    Entry {
        at_ms: 7,
        actor: "k1".to_owned(),
        action: "alias.set".to_owned(),
        target: target.to_owned(),
        client_ip: Some("10.0.0.1".to_owned()),
    }
}

async fn append(store: &Store, log: Schema, target: String) {
    store
        .write(move |tx| audit::append(tx, log, &entry(&target)))
        .await
        .unwrap();
}

async fn with_four(backend: Backend, log: Schema) -> (TestDatabase, Store) {
    let database = TestDatabase::new(backend);
    let store = open(StoreOptions::new(database.location(), log)).await;
    for n in 1..=4 {
        append(&store, log, format!("churn@champion: {n}")).await;
    }
    (database, store)
}

async fn execute(store: &Store, log: Schema, sql: &str) -> Result<u64, StoreError> {
    let sql = sql.to_owned();
    store
        .write(move |tx| tx.execute(&Statement::built(log, "TAMPER", sql.clone()), &[]))
        .await
}

/// What somebody does who goes around us.
async fn open_the_log(store: &Store, log: Schema) {
    let dialect: Result<Dialect, StoreError> = store.read(|tx| Ok(tx.dialect())).await;
    let guards: &[&str] = match dialect.unwrap() {
        Dialect::Sqlite => &[
            "DROP TRIGGER audit_is_not_edited",
            "DROP TRIGGER audit_is_not_cut",
        ],
        Dialect::Postgres => &[
            "DROP TRIGGER audit_is_append_only ON audit",
            "DROP TRIGGER audit_is_not_cut ON audit",
        ],
    };
    for guard in guards {
        execute(store, log, guard).await.unwrap();
    }
}

async fn first_break(store: &Store, log: Schema) -> Option<i64> {
    let found: Result<_, StoreError> = store.read(move |tx| audit::first_break(tx, log)).await;
    found.unwrap()
}

#[rstest]
#[tokio::test]
async fn security_8_the_database_refuses_to_edit_or_cut_a_log(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Schema::Auth, Schema::Registry)] log: Schema,
) {
    let (_database, store) = with_four(backend, log).await;
    for forbidden in [
        "UPDATE audit SET actor = 'nobody' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 4",
    ] {
        let refused = execute(&store, log, forbidden).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    assert_eq!(first_break(&store, log).await, None);
    close(store).await;
}

#[rstest]
#[tokio::test]
async fn security_8_an_edited_entry_and_a_cut_end_are_found(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Schema::Auth, Schema::Registry)] log: Schema,
    #[values(
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 2", 2),
        ("UPDATE audit SET client_ip = NULL WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 4", 4),
        ("DELETE FROM audit", 1)
    )]
    (tampering, at): (&str, i64),
) {
    let (_database, store) = with_four(backend, log).await;
    assert_eq!(first_break(&store, log).await, None);
    open_the_log(&store, log).await;
    execute(&store, log, tampering).await.unwrap();
    assert_eq!(first_break(&store, log).await, Some(at));
    close(store).await;
}

#[rstest]
#[tokio::test]
async fn security_8_many_writers_at_once_make_one_chain_without_gaps(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Schema::Auth, Schema::Registry)] log: Schema,
) {
    const WRITERS: i64 = 8;
    const EACH: i64 = 25;
    let (_database, store) = with_four(backend, log).await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..EACH {
                    append(&store, log, format!("{writer}/{n}")).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let chain: Result<_, StoreError> = store.read(move |tx| audit::verify(tx, log, None)).await;
    let chain = chain.unwrap();
    assert_eq!(
        (chain.entries, chain.first_break),
        (4 + WRITERS * EACH, None)
    );
    close(store).await;
}

async fn verified(store: &Store, log: Schema, head: Option<&str>) -> Chain {
    let head = head.map(str::to_owned);
    let chain: Result<_, StoreError> = store
        .read(move |tx| audit::verify(tx, log, head.as_deref()))
        .await;
    chain.unwrap()
}

/// Seals what ends with an entry, as somebody who has its hash, at a moment.
async fn sealed(store: &Store, log: Schema, (through, head): (i64, &str), now_ms: i64) -> Sealing {
    let segment = Segment {
        through,
        head: head.to_owned(),
        file_sha256: "f".repeat(64),
    };
    let by = Entry {
        at_ms: now_ms,
        ..entry("")
    };
    let outcome: Result<_, StoreError> = store
        .write(move |tx| seal(tx, log, &segment, by.clone()))
        .await;
    outcome.unwrap()
}

async fn hash_of(store: &Store, seq: i64) -> String {
    let page: Result<_, StoreError> = store.read(move |tx| audit::page(tx, seq - 1, 1)).await;
    page.unwrap().first().unwrap().hash()
}

#[rstest]
#[tokio::test]
async fn security_8_a_sealed_segment_leaves_the_log_and_the_chain_goes_on_from_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Schema::Auth, Schema::Registry)] log: Schema,
) {
    let (_database, store) = with_four(backend, log).await;
    let now_ms = 7 + LEAST_AGE_MS;
    let (third, fourth) = (hash_of(&store, 3).await, hash_of(&store, 4).await);
    for (segment, at_ms, refused) in [
        ((3, "0".repeat(64)), now_ms, Sealing::Unknown),
        ((3, fourth.clone()), now_ms, Sealing::Unknown),
        ((5, fourth.clone()), now_ms, Sealing::Unknown),
        ((3, third.clone()), now_ms - 1, Sealing::TooYoung),
    ] {
        let (through, head) = (segment.0, &*segment.1);
        assert_eq!(sealed(&store, log, (through, head), at_ms).await, refused);
        assert_eq!(verified(&store, log, None).await.entries, 4);
    }
    assert_eq!(
        sealed(&store, log, (3, &third), now_ms).await,
        Sealing::Done
    );
    append(&store, log, "churn@champion: 6".to_owned()).await;
    let chain = verified(&store, log, Some(&third)).await;
    assert_eq!(
        (chain.entries, chain.sealed, chain.first_break, chain.found),
        (6, 3, None, Some(3))
    );
    assert_eq!(verified(&store, log, Some(&fourth)).await.found, Some(4));
    let left: Result<_, StoreError> = store.read(|tx| audit::page(tx, 0, 9)).await;
    let left: Vec<i64> = left.unwrap().iter().map(|entry| entry.seq).collect();
    assert_eq!(left, [4, 5, 6]);
    // A second segment begins where the first ended.
    assert_eq!(
        sealed(&store, log, (4, &fourth), now_ms).await,
        Sealing::Done
    );
    let chain = verified(&store, log, None).await;
    assert_eq!(
        (chain.entries, chain.sealed, chain.first_break),
        (7, 4, None)
    );
    let cut = execute(&store, log, "DELETE FROM audit WHERE seq = 5").await;
    assert!(cut.unwrap_err().to_string().contains("append-only"));
    close(store).await;
}

#[rstest]
#[tokio::test]
async fn security_8_what_is_gone_without_its_seal_is_missing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Schema::Auth, Schema::Registry)] log: Schema,
    #[values(
        ("DELETE FROM audit WHERE seq <= 4", 4),
        ("DELETE FROM audit WHERE seq <= 5", 5),
        ("UPDATE audit SET target = '4 entries' WHERE seq = 5", 3)
    )]
    (tampering, at): (&str, i64),
) {
    let (_database, store) = with_four(backend, log).await;
    let third = hash_of(&store, 3).await;
    let now_ms = 7 + LEAST_AGE_MS;
    assert_eq!(
        sealed(&store, log, (3, &third), now_ms).await,
        Sealing::Done
    );
    append(&store, log, "churn@champion: 6".to_owned()).await;
    open_the_log(&store, log).await;
    execute(&store, log, tampering).await.unwrap();
    assert_eq!(first_break(&store, log).await, Some(at));
    close(store).await;
}
