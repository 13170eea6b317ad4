//! A fault at each step, from a healthy start and from the incident's.

use hokusai_migrate::machine::{Ended, MigrateError, Question};
use hokusai_migrate::step::Step;

use crate::world::{World, plan};

const RESTORED: (u64, bool, bool, bool) = (0, false, false, true);

#[test]
fn a_fault_at_any_step_restores_the_earlier_state() {
    for step in plan().steps() {
        if matches!(step, Step::PreCheck | Step::CleanUp) {
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        let world = World::new(&[]);
        world.begin(directory.path());
        world.look().fault = Some(step);
        let ended = world.run(directory.path()).unwrap();
        let Ended::RolledBack { why, red } = ended else {
            panic!("{step}: {ended:?}")
        };
        assert!(why.starts_with(&format!("{step}: ")), "{why}");
        assert!(red.is_empty());
        assert_eq!(world.end(), RESTORED, "{step}");
        let record = std::fs::read_to_string(directory.path().join("record.md")).unwrap();
        assert!(record.contains("**Status**: rolled back"), "{record}");
    }
}

#[test]
fn going_back_to_something_worse_stops_and_asks() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&["auth.key-valid", "registry.register"]);
    world.begin(directory.path());
    world.look().fault = Some(Step::Proof);
    let ended = world.run(directory.path()).unwrap();
    let Ended::Undecided { why, red } = ended else {
        panic!("{ended:?}")
    };
    assert!(why.contains("could not load the model"));
    assert_eq!(red, ["auth.key-valid", "registry.register"]);
    assert_eq!(world.end(), (100, true, true, true), "nothing was changed");

    world.look().refuses = None;
    let ended = world.roll_back(directory.path()).unwrap();
    assert!(matches!(ended, Ended::RolledBack { .. }));
    assert_eq!(world.end(), RESTORED);
}

#[test]
fn from_a_broken_start_red_probes_may_stay_red_until_they_are_repaired() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&["auth.key-valid"]);
    world.begin(directory.path());
    assert_eq!(world.run(directory.path()).unwrap(), Ended::Finished);
}

#[test]
fn a_no_changes_nothing_and_the_next_run_asks_again() {
    for question in [
        Question::Apply,
        Question::Attach,
        Question::Shift,
        Question::CleanUp,
    ] {
        let directory = tempfile::tempdir().unwrap();
        let world = World::new(&[]);
        world.begin(directory.path());
        world.look().refuses = Some(question);
        let ended = world.run(directory.path()).unwrap();
        assert!(
            matches!(ended, Ended::Declined(_)),
            "{question:?}: {ended:?}"
        );
        assert!(world.look().has_old);
        world.look().refuses = None;
        assert_eq!(
            world.run(directory.path()).unwrap(),
            Ended::Finished,
            "{question:?}"
        );
    }
}

#[test]
fn another_account_is_refused_before_anything_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&[]);
    world.begin(directory.path());
    "2".clone_into(&mut world.look().account);
    let error = world.run(directory.path()).unwrap_err();
    assert!(matches!(error, MigrateError::NotOurs(_)), "{error}");
    assert_eq!(
        error.to_string(),
        "the plan is for memory (account 1), and this is memory (account 2); nothing was changed"
    );
    assert_eq!(world.end(), RESTORED);
}

#[test]
fn weights_edited_behind_its_back_stop_both_ways() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&[]);
    world.begin(directory.path());
    world.look().refuses = Some(Question::CleanUp);
    assert!(matches!(
        world.run(directory.path()).unwrap(),
        Ended::Declined(_)
    ));
    world.look().weight = 37;
    let forward = world.run(directory.path()).unwrap_err();
    let back = world.roll_back(directory.path()).unwrap_err();
    for error in [forward, back] {
        assert!(matches!(error, MigrateError::NotOurs(_)), "{error}");
    }
    assert_eq!(
        world.look().weight,
        37,
        "what somebody else set is not touched"
    );
}

#[test]
fn what_is_over_is_not_run_again() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(&[]);
    world.begin(directory.path());
    assert_eq!(world.run(directory.path()).unwrap(), Ended::Finished);
    assert_eq!(world.run(directory.path()).unwrap(), Ended::Finished);
    assert!(matches!(
        world.roll_back(directory.path()),
        Err(MigrateError::Over("finished"))
    ));
}
