//! A group whose database is full in the middle of it: a limit on pages fails the same allocation each time, as a full disk would.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::{Tx, artifact_digests};

/// Writes one row; tells what it was told, and whether its hook ran.
struct Member {
    name: String,
    bytes: usize,
    /// Whether it goes on after its first statement failed, and says that all is well.
    is_careless: bool,
    told: Sender<(String, Result<(), StoreError>)>,
    published: Sender<String>,
    refusal: Option<StoreError>,
}

impl Job for Member {
    fn run(&mut self, tx: &mut dyn Tx) -> Ran {
        let (published, name) = (self.published.clone(), self.name.clone());
        tx.after_commit(Box::new(move || published.send(name).unwrap()));
        let path = self.name.parse().unwrap();
        self.refusal = artifact_digests::put(tx, &path, 0, &"x".repeat(self.bytes)).err();
        if self.is_careless {
            self.refusal = None;
            let _ = artifact_digests::put(tx, &"late".parse().unwrap(), 0, "x");
        }
        match self.refusal {
            None => Ran::Done,
            Some(_) => Ran::Failed,
        }
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        let answer = self.refusal.map_or(outcome, Err);
        self.told.send((self.name, answer)).unwrap();
    }
}

struct Told {
    told: Receiver<(String, Result<(), StoreError>)>,
    published: Receiver<String>,
}

/// A group of rows with these names and sizes.
fn group(members: &[(&str, usize)]) -> (Vec<Box<dyn Job>>, Told) {
    let (tell, told) = channel();
    let (publish, published) = channel();
    let group = members
        .iter()
        .map(|(name, bytes)| {
            Box::new(Member {
                name: (*name).to_owned(),
                bytes: *bytes,
                is_careless: name.starts_with("careless"),
                told: tell.clone(),
                published: publish.clone(),
                refusal: None,
            }) as Box<dyn Job>
        })
        .collect();
    (group, Told { told, published })
}

/// A database with room for so many pages.
fn with_room(pages: u32) -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    std::fs::File::create(&path).unwrap();
    let mut connection = super::super::connection::writer(&path).unwrap();
    crate::migrate::sqlite(&mut connection, crate::statement::Schema::Registry).unwrap();
    let used: u32 = connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    connection
        .query_row(
            &format!("PRAGMA max_page_count = {}", used + pages),
            [],
            |_| Ok(()),
        )
        .unwrap();
    (folder, connection)
}

fn names(connection: &Connection) -> Vec<String> {
    connection
        .prepare("SELECT path FROM artifact_digests ORDER BY path")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// What the members were told "done", sorted; everybody else must have been told that there is no space.
fn done(told: &Told) -> Vec<String> {
    let mut done = Vec::new();
    for (name, answer) in told.told.try_iter() {
        match answer {
            Ok(()) => done.push(name),
            Err(refused) => assert_eq!(refused, StoreError::Full, "{name}"),
        }
    }
    done.sort();
    done
}

#[test]
fn who_is_told_done_has_a_row_and_nobody_else_when_the_disk_is_full_in_the_middle_of_a_group() {
    const SMALL: usize = 10;
    const LARGE: usize = 200_000;
    for large_at in 0..5 {
        let (_folder, connection) = with_room(20);
        let members: Vec<(&str, usize)> = ["a", "b", "c", "d", "e"]
            .into_iter()
            .enumerate()
            .map(|(index, name)| (name, if index == large_at { LARGE } else { SMALL }))
            .collect();
        let (group, told) = group(&members);
        commit_together(&connection, group);
        assert!(connection.is_autocommit());
        let done = done(&told);
        assert_eq!(done, names(&connection), "large at {large_at}");
        assert_eq!(done.len(), 4, "the small ones fit: {done:?}");
        let mut published: Vec<String> = told.published.try_iter().collect();
        published.sort();
        assert_eq!(published, done, "hooks of what is there, once each");
    }
}

#[test]
fn nothing_of_an_operation_that_ignores_a_full_disk_is_committed_behind_its_back() {
    for others in [&[][..], &[("a", 10), ("b", 10)][..]] {
        let (_folder, connection) = with_room(20);
        let members = [others, &[("careless", 200_000)][..]].concat();
        let (group, told) = group(&members);
        commit_together(&connection, group);
        assert_eq!(done(&told), names(&connection), "{members:?}");
        assert_eq!(names(&connection).len(), others.len());
    }
}
