//! `hokusai db`: what it shows, what it applies, and what it finds.

use std::fmt::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use hokusai_store::Dialect;
use hokusai_store::migrate;
use hokusai_store::statement::Schema;
use hokusai_testkit::{Backend, tamper};
use serde_json::{Value, json};

use crate::backup::files_below;
use crate::backup::load::Load;
use crate::home::{Home, json_of};
use crate::process::read_key;

/// The auth schema as a release before left it, without its last migration.
fn older_auth() -> String {
    let all: Vec<_> = migrate::later_than(Schema::Auth, 0).collect();
    let mut sql = "CREATE SCHEMA hokusai_auth; SET search_path = hokusai_auth; CREATE TABLE schema_migrations \
         (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BIGINT NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now());"
        .to_owned();
    for step in &all[..all.len() - 1] {
        let (version, name, checksum) = (step.version, step.name, step.checksum(Dialect::Postgres));
        let _ = write!(
            sql,
            "{}; INSERT INTO schema_migrations VALUES ({version}, '{name}', {checksum});",
            step.sql(Dialect::Postgres)
        );
    }
    sql
}

#[test]
fn what_is_pending_is_shown_and_applied() {
    let home = Home::new(Backend::Postgres);
    let absent = home.run(&["db", "status"]);
    assert_eq!(absent.status.code(), Some(3), "{absent:?}");
    tamper(home.database.as_deref().unwrap(), &older_auth());
    let latest = migrate::later_than(Schema::Auth, 0).last().unwrap();
    let status = home.run(&["db", "status", "--json"]);
    assert_eq!(status.status.code(), Some(1), "{status:?}");
    let found = &json_of(&status)["schemas"][0];
    assert_eq!(found["version"], latest.version - 1, "{found}");
    assert_eq!(found["pending"], json!([latest.name]), "{found}");
    assert!(found["bytes"].as_u64().unwrap() > 0, "{found}");
    let upgraded = home.run(&["db", "upgrade", "--json"]);
    assert_eq!(
        json_of(&upgraded)["applied"],
        json!([{"schema": "auth", "migration": latest.name}])
    );
    assert_eq!(home.run(&["db", "status"]).status.code(), Some(0));
    let again = home.run(&["db", "upgrade"]);
    assert_eq!(again.stdout, b"nothing was pending\n");
}

/// What a check finds, which must be something or nothing as the exit code says.
fn faults(home: &Home, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["db", "check", "--json"], arguments].concat();
    let checked = home.run(&arguments);
    let answer = json_of(&checked);
    let faults: Vec<String> = serde_json::from_value(answer["faults"].clone()).unwrap();
    let expected = i32::from(!faults.is_empty());
    assert_eq!(checked.status.code(), Some(expected), "{checked:?}");
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_nothing_wrong_under_load_and_then_each_artifact_that_is() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let home = Home::new(backend);
        let server = home.serve();
        let admin = read_key(Path::new(&home.path("key")));
        let load = Load::start(&server, &admin).await;
        load.until_each_did(2).await;
        let found = tokio::task::block_in_place(|| faults(&home, &["--artifacts"]));
        assert_eq!(found, Vec::<String>::new());
        load.stop().await;
        let mut files = Vec::new();
        let root = home.path("data/artifacts/files");
        files_below(Path::new(&root), &mut files);
        let mut models = files.iter().filter(|path| path.ends_with("model.bin"));
        std::fs::write(models.next().unwrap(), "bit rot").unwrap();
        std::fs::remove_file(models.next().unwrap()).unwrap();
        let stray = files[0].with_file_name("stray");
        std::fs::write(stray, "x").unwrap();
        assert_eq!(
            faults(&home, &[]),
            Vec::<String>::new(),
            "the databases are whole"
        );
        let found = faults(&home, &["--artifacts"]).join("\n");
        assert!(found.contains("bytes in place of"), "{found}");
        assert!(found.contains("is not there"), "{found}");
        assert_eq!(found.lines().count(), 2, "{found}");
        let listed: Value = json_of(&home.run(&["db", "check", "--artifacts", "--json"]));
        let unnamed = listed["artifacts"]["unnamed"].as_array().unwrap();
        assert_eq!(unnamed.len(), 1, "{listed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_what_is_damaged_in_a_database() {
    let home = Home::new(Backend::Postgres);
    drop(home.serve());
    let database = home.database.as_deref().unwrap();
    let orphan = "SET session_replication_role = replica; SET search_path = hokusai_registry; \
        INSERT INTO experiment_tags (experiment_id, key, value) VALUES (77, 'a', 'b')";
    tamper(database, orphan);
    let found = faults(&home, &[]).join("\n");
    assert!(
        found.contains("1 rows of `experiment_tags` refer to rows of `experiments`"),
        "{found}"
    );
    let edit = "SET search_path = hokusai_auth; ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET actor = 'nobody'";
    tamper(database, edit);
    let found = faults(&home, &[]).join("\n");
    assert!(found.contains("entry 1 was changed"), "{found}");

    let home = Home::new(Backend::Sqlite);
    let mut server = home.serve();
    assert_eq!(server.stop(), Some(0));
    assert_eq!(faults(&home, &[]), Vec::<String>::new());
    // The middle of the registry: pages of tables and indexes.
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(home.path("data/registry.sqlite"))
        .unwrap();
    let middle = file.metadata().unwrap().len() / 2 / 4096 * 4096;
    file.write_all_at(&[0x55; 4096], middle).unwrap();
    assert_ne!(faults(&home, &[]), Vec::<String>::new());
}
