//! The diff against the matcher on every request of a small world: it lists each region in which a request changes its
//! target, and no other.

use std::collections::BTreeSet;

use hokusai_routes::diff::diff;
use hokusai_routes::matcher::{Selection, select};
use hokusai_routes::model::{Listener, Table};
use hokusai_routes::reader;
use hokusai_routes::request::Request;
use hokusai_routes::source::Source;
use proptest::prelude::*;

use crate::world::{MAX_WORLD, World, folded, is_of_world, listener};

type Region = (Option<String>, Option<String>);

fn table(listener: &Listener) -> Table {
    Table {
        listeners: vec![listener.clone()],
        ..Table::default()
    }
}

/// The rules that decide a request before and after, when its target changes.
fn region(old: &Listener, new: &Listener, request: &Request<'_>) -> Option<Region> {
    let (before, after) = (select(old, request), select(new, request));
    let name = |selection: &Selection<'_>| selection.rule.map(|rule| rule.name.clone());
    (before.action != after.action).then(|| (name(&before), name(&after)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_global_rejects: 2_400, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_regions_whose_target_changes_are_listed(old in listener(), new in listener()) {
        let new = Listener { host_port: old.host_port, ..new };
        let mut both = old.clone();
        both.rules.extend(new.rules.clone());
        let world = World::of(&both);
        prop_assume!(world.size() <= MAX_WORLD);
        let mut changed = BTreeSet::new();
        world.each(|request| changed.extend(region(&old, &new, request)));
        let diff = diff(&table(&old), &table(&new));
        prop_assert!(diff.undecided.is_empty(), "{:?}", diff.undecided);
        let mut listed = BTreeSet::new();
        for change in &diff.changes {
            let own = (change.old_rule.clone(), change.new_rule.clone());
            prop_assert_eq!(region(&old, &new, &change.witness), Some(own.clone()));
            if is_of_world(&folded(&change.witness)) && !change.is_odd {
                prop_assert!(changed.contains(&own), "{} was not enumerated", change.witness);
            }
            prop_assert!(listed.insert(own), "a region is listed twice");
        }
        prop_assert!(changed.is_subset(&listed), "{changed:?} {listed:?}");
    }

    #[test]
    fn a_permuted_table_differs_in_nothing(old in listener(), by in 0..5usize, turn in any::<bool>()) {
        let mut new = old.clone();
        let count = new.rules.len();
        new.rules.rotate_left(by % count);
        if turn {
            new.rules.reverse();
        }
        for rule in &mut new.rules {
            rule.name = format!("other-{}", rule.name);
            rule.priority *= 7;
        }
        prop_assert!(diff(&table(&old), &table(&new)).is_empty());
    }
}

fn example(name: &str) -> Table {
    let path = format!(
        "{}/../../examples/routes/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).expect("an example");
    reader::toml::read(&Source::new(0, name, text)).table
}

/// Every request for the two hosts and another, over paths of the letters that rules name.
fn requests() -> Vec<(&'static str, Request<'static>)> {
    let mut paths = vec!["/".to_owned()];
    for _ in 0..5 {
        let longer =
            |path: &String| ["a", "p", "i", "/", "x"].map(|letter| format!("{path}{letter}"));
        let grown: Vec<String> = paths.iter().flat_map(longer).collect();
        paths.extend(grown);
        paths.sort();
        paths.dedup();
    }
    // Where each host arrives afterwards; what is neither host still arrives on port 443.
    let hosts = [
        ("auth", "auth.example.com"),
        ("registry", "registry.example.com"),
        ("registry", "a"),
    ];
    let of_host = |(listener, host): (&'static str, &'static str)| {
        let paths = paths.clone().into_iter();
        paths.map(move |path| (listener, Request::get(host, path)))
    };
    hosts.into_iter().flat_map(of_host).collect()
}

#[test]
fn the_move_to_a_listener_per_service_lists_exactly_what_changes() {
    let (shared, dedicated) = (example("shared.toml"), example("dedicated.toml"));
    let diff = diff(&shared, &dedicated);
    assert!(diff.undecided.is_empty());
    let old = shared.listener("https").unwrap();
    let mut changed = BTreeSet::new();
    for (name, request) in requests() {
        let new = dedicated.listener(name).unwrap();
        changed.extend(region(old, new, &request).map(|region| (name.to_owned(), region)));
    }
    let listed: BTreeSet<(String, Region)> = diff
        .changes
        .iter()
        .map(|change| {
            (
                change.listener.clone(),
                (change.old_rule.clone(), change.new_rule.clone()),
            )
        })
        .collect();
    assert_eq!(listed, changed);
    let lines: Vec<String> = diff
        .changes
        .iter()
        .map(|change| format!("{}: {} -> {}", change.witness, change.from, change.to))
        .collect();
    assert_eq!(
        lines,
        [
            "GET auth.example.com/api: target group `registry-api` -> target group `auth`",
            "GET auth.example.com/: a fixed 404 answer -> target group `auth`",
            "GET b/api: target group `registry-api` -> a fixed 404 answer",
        ]
    );
}
