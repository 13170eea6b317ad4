//! What an interrupted registration leaves on this machine, so that the next run goes on where it stopped.
//!
//! A small file under the user's state directory, one per registry, name and set of files. It is locked while a registration runs: two
//! at the same time don't share a staging place, and `kill -9` lets the lock go. Without a place for the file nothing is resumed; a
//! registration then begins from the start.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::commands::digest::Running;
use crate::commands::model::tree::LocalFile;

/// The run and the logged model that hold an upload until it is registered.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Place {
    pub(super) run_id: String,
    pub(super) model_id: String,
    pub(super) artifact_uri: String,
}

/// The file, if there could be one.
pub(super) struct Journal(Option<File>);

impl Journal {
    /// Opens and locks the file for this registration.
    pub(super) fn open(registry: &str, name: &str, files: &[LocalFile]) -> Self {
        Self(locked(&fingerprint(registry, name, files)))
    }

    /// What an earlier run left.
    pub(super) fn left(&mut self) -> Option<Place> {
        let mut text = String::new();
        self.0.as_mut()?.read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Notes a new place. A registration that can't be noted still runs.
    pub(super) fn note(&mut self, place: &Place) {
        if let Ok(text) = serde_json::to_vec(place) {
            let _ = self.write(&text);
        }
    }

    /// Forgets the place: it is registered, or taken away.
    pub(super) fn clear(&mut self) {
        let _ = self.write(b"");
    }

    fn write(&mut self, text: &[u8]) -> std::io::Result<()> {
        let Some(file) = &mut self.0 else {
            return Ok(());
        };
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text)
    }
}

fn locked(fingerprint: &str) -> Option<File> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    let directory = state.join("hokusai/registrations");
    std::fs::create_dir_all(&directory).ok()?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(directory.join(fingerprint))
        .ok()?;
    file.try_lock().ok()?;
    Some(file)
}

fn fingerprint(registry: &str, name: &str, files: &[LocalFile]) -> String {
    let mut digest = Running::default();
    for part in [registry, name] {
        digest.add(part.as_bytes());
        digest.add(b"\0");
    }
    for file in files {
        digest.add(format!("{}\0{}\0", file.to, file.size_bytes).as_bytes());
    }
    digest.finish()
}
