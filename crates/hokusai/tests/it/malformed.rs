//! Bad input at the listeners of both services: each request of the tables gets the 4xx that stands there, with a message that
//! names what is wrong, and leaves databases and files as they were.

mod at_limit;
mod http;
mod slow;
mod table;
mod world;

use hokusai_testkit::Backend;

use table::{Row, rows};
use world::World;

/// The tables, by what they are about; [`table`] says how they are written.
const TABLES: [(&str, &str); 10] = [
    ("heads", include_str!("malformed/heads.txt")),
    ("bodies", include_str!("malformed/bodies.txt")),
    ("tracking", include_str!("malformed/tracking.txt")),
    ("searches", include_str!("malformed/searches.txt")),
    ("models", include_str!("malformed/models.txt")),
    ("logged-models", include_str!("malformed/logged-models.txt")),
    ("artifacts", include_str!("malformed/artifacts.txt")),
    ("credentials", include_str!("malformed/credentials.txt")),
    ("keys", include_str!("malformed/keys.txt")),
    ("usage", include_str!("malformed/usage.txt")),
];

#[test]
fn a_malformed_request_is_refused_and_changes_nothing() {
    refused_on(Backend::Sqlite);
}

#[test]
fn a_malformed_request_is_refused_and_changes_nothing_on_postgresql() {
    refused_on(Backend::Postgres);
}

/// Sends every row and collects what went wrong, so that one run shows all of it.
fn refused_on(backend: Backend) {
    let world = World::new(backend);
    let rows = all();
    let mut faults = Vec::new();
    let mut before = world.kept();
    for row in &rows {
        faults.extend(fault(&world, row).map(|fault| format!("{}: {fault}", row.name)));
        let after = world.kept();
        if after != before {
            let changed = after.difference(&before);
            faults.push(format!("{}: changed {changed}", row.name));
            before = after;
        }
    }
    assert!(world.is_well(), "it does not answer good requests any more");
    assert!(
        faults.is_empty(),
        "{} faults in {} rows:\n{}",
        faults.len(),
        rows.len(),
        faults.join("\n")
    );
}

/// What was answered in place of what the row wants.
fn fault(world: &World, row: &Row) -> Option<String> {
    let answer = world.send(row);
    let is_refused = (400..500).contains(&answer.status) && answer.status == row.status;
    let is_clear = answer.message().contains(&row.says);
    let said = || format!("{} {}", answer.status, answer.text());
    (!is_refused || !is_clear)
        .then(|| format!("wanted {} `{}`, got {}", row.status, row.says, said()))
}

fn all() -> Vec<Row> {
    TABLES
        .iter()
        .flat_map(|(name, text)| rows(name, text))
        .collect()
}

#[test]
fn a_body_that_comes_too_slowly_is_refused_and_changes_nothing() {
    let world = World::new(Backend::Sqlite);
    let before = world.kept();
    for (name, answer) in slow::answers(&world) {
        let said = answer.text();
        assert!(
            (400..500).contains(&answer.status),
            "{name}: {} {said}",
            answer.status
        );
        assert!(answer.message().contains("slow"), "{name}: {said}");
    }
    assert!(world.kept() == before);
    assert!(world.is_well());
}

#[test]
fn what_is_at_its_limit_is_taken_by_both_databases() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::new(backend);
        let before = world.kept();
        at_limit::take(&world);
        assert!(world.kept() != before, "a change that is not seen");
    }
}

#[test]
fn the_tables_hold_a_hundred_requests_and_no_name_twice() {
    let rows = all();
    let names: std::collections::BTreeSet<&str> =
        rows.iter().map(|row| row.name.as_str()).collect();
    assert!(rows.len() >= 100, "{}", rows.len());
    assert_eq!(names.len(), rows.len(), "a name stands there twice");
}
