//! What only PostgreSQL can do to us: starts that race, connections that die, transactions that must be repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hokusai_core::access::Scope;
use hokusai_core::key::{Environment, KeyHash, KeyRecord};
use hokusai_store::statement::{Schema, Statement};
use hokusai_store::{Store, StoreError, StoreOptions, audit, keys};
use hokusai_testkit::{Backend, TestDatabase};

use crate::{close, open};

/// Ends the other connections of one test's database.
fn end_others(database: &TestDatabase) -> Statement {
    let (_, prefix) = database.postgres().unwrap();
    let sql = format!(
        "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'hokusai {prefix}' AND pid <> pg_backend_pid()) ended"
    );
    Statement::built(Schema::Auth, "END_OTHERS", sql)
}

fn options(database: &TestDatabase) -> StoreOptions {
    StoreOptions::new(database.location(), Schema::Auth)
}

#[test]
fn two_first_starts_at_once_both_succeed() {
    let database = TestDatabase::new(Backend::Postgres);
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let options = options(&database);
            std::thread::spawn(move || Store::open(&options).map(|store| store.close()))
        })
        .collect();
    for start in starts {
        start.join().unwrap().unwrap();
    }
}

#[tokio::test]
async fn security_6_a_recovery_command_is_refused_while_a_server_holds_the_database_and_the_other_way_round()
 {
    let database = TestDatabase::new(Backend::Postgres);
    let first = open(options(&database)).await;
    let second = open(options(&database)).await;
    let alone = options(&database).alone();
    let refused = |options: StoreOptions| {
        tokio::task::spawn_blocking(move || Store::open(&options).unwrap_err().to_string())
    };
    assert!(
        refused(alone.clone())
            .await
            .unwrap()
            .contains("stop every server")
    );
    close(first).await;
    assert!(
        refused(alone.clone())
            .await
            .unwrap()
            .contains("stop every server")
    );
    close(second).await;
    let recovery = open(alone).await;
    let said = refused(options(&database)).await.unwrap();
    assert!(said.contains("recovery command"), "{said}");
    close(recovery).await;
    close(open(options(&database)).await).await;
}

#[tokio::test]
async fn a_change_of_keys_is_heard_by_the_other_replica_and_after_a_lost_connection() {
    let database = TestDatabase::new(Backend::Postgres);
    let end_others = end_others(&database);
    let (first, second) = (
        open(options(&database)).await,
        open(options(&database)).await,
    );
    let mut changes = second.changes();
    let heard = async |changes: &mut tokio::sync::watch::Receiver<u64>| {
        let patience = std::time::Duration::from_secs(10);
        tokio::time::timeout(patience, changes.changed())
            .await
            .unwrap()
            .unwrap();
    };
    assert_eq!(
        first.write(|tx| keys::bootstrap(tx, &key())).await,
        Ok(true)
    );
    heard(&mut changes).await;
    let ended: Result<i64, StoreError> = first
        .write(move |tx| tx.query_one(&end_others, &[])?.int(0))
        .await;
    assert!(ended.unwrap() > 0);
    heard(&mut changes).await;
    let revoked = first
        .write(|tx| keys::revoke(tx, "first", 2, "local", None))
        .await;
    assert_eq!(revoked, Ok(true));
    heard(&mut changes).await;
    close(first).await;
    close(second).await;
}

#[tokio::test]
async fn a_connection_that_dies_is_replaced() {
    let database = TestDatabase::new(Backend::Postgres);
    let end_others = Arc::new(end_others(&database));
    let store = open(options(&database)).await;
    for _ in 0..3 {
        let end_others = Arc::clone(&end_others);
        store
            .write(move |tx| tx.query_one(&end_others, &[])?.int(0))
            .await
            .unwrap();
        let epoch: Result<i64, StoreError> = store.read(|tx| keys::epoch(tx)).await;
        assert_eq!(epoch, Ok(0));
    }
    close(store).await;
}

static CONFLICT: Statement = Statement::new(
    Schema::Auth,
    "CONFLICT",
    "DO $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '40001'; END $$",
);
static DIVIDE: Statement = Statement::new(Schema::Auth, "DIVIDE", "SELECT 1 / 0");

#[tokio::test]
async fn a_transaction_that_meets_a_conflict_is_repeated() {
    let database = TestDatabase::new(Backend::Postgres);
    let store = open(options(&database)).await;
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let answer = store
        .write(move |tx| {
            if counted.fetch_add(1, Ordering::Relaxed) < 2 {
                tx.execute(&CONFLICT, &[])?;
            }
            keys::epoch(tx)
        })
        .await;
    assert_eq!(answer, Ok(0));
    assert_eq!(attempts.load(Ordering::Relaxed), 3);
    let never = store.write(|tx| tx.execute(&CONFLICT, &[])).await;
    assert!(
        matches!(never, Err(StoreError::Unavailable { .. })),
        "the caller may try again"
    );
    close(store).await;
}

#[tokio::test]
async fn a_write_that_hides_a_failed_statement_is_not_acknowledged() {
    let database = TestDatabase::new(Backend::Postgres);
    let store = open(options(&database)).await;
    let answer = store
        .write(|tx| {
            let made = keys::bootstrap(tx, &key())?;
            let _ = tx.query(&DIVIDE, &[]);
            Ok::<bool, StoreError>(made)
        })
        .await;
    assert!(
        matches!(answer, Err(StoreError::Statement { statement, .. }) if statement == "DIVIDE")
    );
    assert_eq!(
        store.write(|tx| keys::bootstrap(tx, &key())).await,
        Ok(true),
        "nothing of it was kept"
    );
    close(store).await;
}

#[tokio::test]
async fn bootstrap_happens_once_and_is_audited() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::new(backend);
        let store = open(options(&database)).await;
        assert_eq!(
            store.write(|tx| keys::bootstrap(tx, &key())).await,
            Ok(true)
        );
        assert_eq!(
            store.write(|tx| keys::bootstrap(tx, &key())).await,
            Ok(false)
        );
        let chain: Result<_, StoreError> =
            store.read(|tx| audit::verify(tx, Schema::Auth, None)).await;
        let chain = chain.unwrap();
        assert_eq!((chain.entries, chain.first_break), (1, None));
        close(store).await;
    }
}

fn key() -> KeyRecord {
    KeyRecord {
        id: "first".to_owned(),
        hash: KeyHash([7; 32]),
        name: "first".to_owned(),
        prefix: "hk_test_abcd".to_owned(),
        owner: "admin".to_owned(),
        service_id: "platform".to_owned(),
        environment: Environment::Test,
        scopes: vec![Scope::Admin],
        allowed_ips: Vec::new(),
        rate_limit: None,
        created_at_ms: 1,
        expires_at_ms: None,
        revoked_at_ms: None,
        last_used_at_ms: None,
        rotated_to: None,
        chain_id: "first".to_owned(),
        last_refusal: None,
    }
}

#[tokio::test]
async fn a_session_plans_for_disks_that_seek_at_no_cost() {
    static COST: Statement = Statement::new(
        Schema::Auth,
        "COST",
        "SELECT current_setting('random_page_cost')",
    );
    let database = TestDatabase::new(Backend::Postgres);
    let store = open(options(&database)).await;
    let cost: Result<String, StoreError> = store.read(|tx| tx.query_one(&COST, &[])?.text(0)).await;
    assert_eq!(cost.as_deref(), Ok("1.1"));
    close(store).await;
}

#[tokio::test]
async fn a_commit_whose_connection_dies_is_not_acknowledged() {
    let database = TestDatabase::new(Backend::Postgres);
    let store = open(options(&database)).await;
    let published = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&published);
    let answer = store
        .write(move |tx| {
            for (name, sql) in DIES_IN_COMMIT {
                tx.execute(&Statement::new(Schema::Auth, name, sql), &[])?;
            }
            let counted = Arc::clone(&counted);
            tx.after_commit(Box::new(move || {
                counted.fetch_add(1, Ordering::Relaxed);
            }));
            keys::bootstrap(tx, &key())
        })
        .await;
    assert!(
        matches!(
            answer,
            Err(StoreError::Unavailable { .. } | StoreError::OutcomeUnknown { .. })
        ),
        "{answer:?}"
    );
    assert_eq!(published.load(Ordering::Relaxed), 0);
    let made = store.write(|tx| keys::bootstrap(tx, &key())).await;
    assert_eq!(made, Ok(true), "nothing of it is there");
    close(store).await;
}

/// A check that is put off until COMMIT, and ends the connection then.
const DIES_IN_COMMIT: [(&str, &str); 4] = [
    ("TABLE", "CREATE TEMP TABLE doomed (n BIGINT)"),
    (
        "FUNCTION",
        "CREATE FUNCTION pg_temp.die() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$",
    ),
    (
        "TRIGGER",
        "CREATE CONSTRAINT TRIGGER doom AFTER INSERT ON doomed DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION pg_temp.die()",
    ),
    ("ROW", "INSERT INTO doomed VALUES (1)"),
];
