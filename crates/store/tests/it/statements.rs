//! Every statement is one that both databases understand.

use hokusai_store::statement::{Listed, Schema, every};
use hokusai_store::{Store, StoreOptions};
use hokusai_testkit::{Backend, TestDatabase};

fn texts(schema: Schema) -> impl Iterator<Item = (&'static str, String, String)> {
    every().into_iter().filter_map(move |listed| match listed {
        Listed::One(one) if one.is_of(schema) => Some((
            one.name(),
            one.sqlite().to_owned(),
            one.postgres().to_owned(),
        )),
        Listed::Many(many) if many.schema() == schema => Some((
            many.name(),
            many.sqlite().to_owned(),
            many.postgres().to_owned(),
        )),
        _ => None,
    })
}

#[test]
fn sqlite_prepares_every_statement() {
    let database = TestDatabase::new(Backend::Sqlite);
    for schema in [Schema::Auth, Schema::Registry] {
        Store::open(&StoreOptions::new(database.location(), schema))
            .unwrap()
            .close();
        let file = database
            .directory()
            .join("data")
            .join(format!("{}.sqlite", schema.name()));
        let connection = rusqlite::Connection::open(file).unwrap();
        rusqlite::vtab::array::load_module(&connection).unwrap();
        for (name, sql, _) in texts(schema) {
            connection
                .prepare(&sql)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[test]
fn postgresql_prepares_every_statement() {
    let database = TestDatabase::new(Backend::Postgres);
    let (url, prefix) = database.postgres().unwrap();
    for schema in [Schema::Auth, Schema::Registry] {
        Store::open(&StoreOptions::new(database.location(), schema))
            .unwrap()
            .close();
        let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
        client
            .batch_execute(&format!("SET search_path = \"{prefix}{}\"", schema.name()))
            .unwrap();
        for (name, _, sql) in texts(schema) {
            client
                .prepare(&sql)
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
    }
}

/// The cost of showing a model must not grow with its versions.
#[test]
fn the_newest_version_of_a_stage_is_looked_up() {
    let database = TestDatabase::new(Backend::Sqlite);
    Store::open(&StoreOptions::new(database.location(), Schema::Registry))
        .unwrap()
        .close();
    let connection =
        rusqlite::Connection::open(database.directory().join("data/registry.sqlite")).unwrap();
    rusqlite::vtab::array::load_module(&connection).unwrap();
    let (_, sql, _) = texts(Schema::Registry)
        .find(|(name, ..)| *name == "LATEST_VERSIONS")
        .unwrap();
    let mut explain = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let steps: Vec<String> = explain
        .query_map([None::<i64>], |row| row.get("detail"))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let plan = steps.join("\n");
    assert!(
        plan.contains("model_versions_by_stage (model_id=? AND stage=?)"),
        "{plan}"
    );
    for scanned in ["SCAN v", "SCAN n", "SCAN m"] {
        assert!(!steps.iter().any(|step| step == scanned), "{plan}");
    }
}
