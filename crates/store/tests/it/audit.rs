//! The audit logs of both databases: append-only, chained, whole also when many write at once.

use hokusai_store::audit::{self, Entry};
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
        Dialect::Postgres => &["DROP TRIGGER audit_is_append_only ON audit"],
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
