//! The journal on disk.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use hokusai_migrate::journal::{Journal, JournalError};
use hokusai_migrate::machine::Ended;

use crate::world::World;

#[test]
fn a_cut_last_line_is_dropped_and_a_damaged_one_in_the_middle_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&[]);
    world.begin(directory.path());
    let path = directory.path().join("journal.jsonl");
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(br#"{"at_ms":1,"event":"beg"#).unwrap();
    assert_eq!(world.run(directory.path()).unwrap(), Ended::Finished);

    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"baseline\"", "\"bassline\"", 1)).unwrap();
    let Err(JournalError::Damaged { line, .. }) = Journal::open(directory.path()) else {
        panic!("a damaged journal was opened");
    };
    assert_eq!(line, 3);
}

#[test]
fn one_migrator_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&[]);
    world.begin(directory.path());
    let held = Journal::open(directory.path()).unwrap();
    assert!(matches!(
        Journal::open(directory.path()),
        Err(JournalError::Held(_))
    ));
    drop(held);
    assert!(Journal::open(directory.path()).is_ok());
}

#[test]
fn a_plan_that_was_changed_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&[]);
    world.begin(directory.path());
    let path = directory.path().join("plan.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"hold_s\": 90", "\"hold_s\": 0")).unwrap();
    assert!(matches!(
        Journal::open(directory.path()),
        Err(JournalError::PlanChanged(_))
    ));
}

#[test]
fn files_are_for_their_owner_only() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("migration");
    let world = World::new(&[]);
    world.begin(&directory);
    assert_eq!(world.run(&directory).unwrap(), Ended::Finished);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for file in ["journal.jsonl", "plan.json", "record.md", "lock"] {
        assert_eq!(mode(&directory.join(file)), 0o600, "{file}");
    }
}
