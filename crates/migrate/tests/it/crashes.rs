//! `kill -9` of the migrator between any two of its calls, then the same command again: the same end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hokusai_migrate::machine::{Ended, MigrateError};
use hokusai_migrate::step::Step;

use crate::world::World;

const SHIFTED: (u64, bool, bool, bool) = (100, true, true, false);
const RESTORED: (u64, bool, bool, bool) = (0, false, false, true);

/// Runs `first`, killed after so many calls, then `again` until it ends; the number of kills that it took.
fn killed_after(
    calls: u32,
    world: &World,
    act: impl Fn() -> Result<Ended, MigrateError>,
) -> (bool, Option<Ended>) {
    world.look().fuse = Some(calls);
    let first = catch_unwind(AssertUnwindSafe(&act));
    world.look().fuse = None;
    match first {
        Ok(ended) => (false, ended.ok()),
        Err(_) => (true, act().ok()),
    }
}

#[test]
fn a_migrator_killed_anywhere_and_run_again_finishes() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut kills = 0;
    for calls in 0.. {
        let directory = tempfile::tempdir().unwrap();
        let world = World::new(&["auth.key-valid"]);
        world.begin(directory.path());
        let (was_killed, ended) = killed_after(calls, &world, || world.run(directory.path()));
        assert_eq!(ended, Some(Ended::Finished), "killed after {calls} calls");
        assert_eq!(world.end(), SHIFTED, "killed after {calls} calls");
        if !was_killed {
            break;
        }
        kills += 1;
    }
    assert!(kills > 40, "only {kills} places to be killed at");
}

#[test]
fn a_rollback_killed_anywhere_and_run_again_restores() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut kills = 0;
    for calls in 0.. {
        let directory = tempfile::tempdir().unwrap();
        let world = World::new(&[]);
        world.begin(directory.path());
        world.look().fault = Some(Step::Hold);
        let (was_killed, ended) = killed_after(calls, &world, || world.run(directory.path()));
        assert!(
            matches!(ended, Some(Ended::RolledBack { .. })),
            "killed after {calls} calls: {ended:?}"
        );
        assert_eq!(world.end(), RESTORED, "killed after {calls} calls");
        if !was_killed {
            break;
        }
        kills += 1;
    }
    assert!(kills > 40, "only {kills} places to be killed at");
}
