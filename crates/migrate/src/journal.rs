//! The journal on disk: one JSON object a line, each on disk before what it announces is done.
//!
//! A migrator that is killed leaves at most a cut last line, which is dropped when the journal is opened again. Directory 0700,
//! files 0600; no credentials stand in it (security 23). One migrator at a time: an advisory lock.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use hokusai_core::clock::Clock;
use rustix::fs::{FlockOperation, flock};

use crate::plan::{FORMAT, Plan};
use crate::state::{Entry, Event};

/// A migration's directory, held by this process.
#[derive(Debug)]
pub struct Journal {
    directory: PathBuf,
    file: File,
    entries: Vec<Entry>,
    _lock: File,
}

/// Why the directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another migrator holds it.
    #[error("another migrator works on `{0}`: wait for it, or stop it")]
    Held(String),
    /// There is a migration already.
    #[error(
        "`{0}` holds a migration already: finish it, roll it back, or choose another directory"
    )]
    Exists(String),
    /// There is none.
    #[error("`{0}` holds no migration: make one with `hokusai migrate plan`")]
    Missing(String),
    /// A line in the middle is no entry.
    #[error("line {line} of the journal `{file}` is damaged: {why}")]
    Damaged {
        /// Which file.
        file: String,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The plan is not the one that the journal was begun with.
    #[error("the plan in `{0}` was changed after it was agreed to")]
    PlanChanged(String),
    /// The plan is of a release that this one does not know.
    #[error("the plan in `{file}` has form {found}; this release knows {FORMAT}")]
    Format {
        /// Which file.
        file: String,
        /// Its form.
        found: u32,
    },
    /// The file system.
    #[error("`{file}`: {error}")]
    Io {
        /// Which file.
        file: String,
        /// Why.
        error: io::Error,
    },
}

impl Journal {
    /// Begins a migration in a directory that holds none.
    pub fn create(directory: &Path, plan: &Plan, clock: &dyn Clock) -> Result<Self, JournalError> {
        let at = |path: &Path| {
            let file = path.display().to_string();
            move |error| JournalError::Io { file, error }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(at(directory))?;
        let lock = lock(directory)?;
        let path = directory.join(JOURNAL);
        if path.exists() {
            return Err(JournalError::Exists(directory.display().to_string()));
        }
        write_new(
            &directory.join(PLAN),
            &format!("{:#}\n", serde_json::json!(plan)),
        )
        .map_err(at(&directory.join(PLAN)))?;
        let file = private()
            .read(true)
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(at(&path))?;
        sync_directory(directory).map_err(at(directory))?;
        let mut journal = Self {
            directory: directory.to_owned(),
            file,
            entries: Vec::new(),
            _lock: lock,
        };
        journal.write(clock, Event::Planned { plan: plan.hash() })?;
        Ok(journal)
    }

    /// Opens a migration that was begun, and its plan.
    pub fn open(directory: &Path) -> Result<(Self, Plan), JournalError> {
        let name = directory.display().to_string();
        if !directory.join(JOURNAL).exists() {
            return Err(JournalError::Missing(name));
        }
        let lock = lock(directory)?;
        let plan = read_plan(directory)?;
        let path = directory.join(JOURNAL);
        let io = |error| JournalError::Io {
            file: path.display().to_string(),
            error,
        };
        let mut file = private().read(true).append(true).open(&path).map_err(io)?;
        let entries = recover(&mut file, &path)?;
        let agreed = entries
            .first()
            .is_some_and(|entry| entry.event == Event::Planned { plan: plan.hash() });
        if !agreed {
            return Err(JournalError::PlanChanged(name));
        }
        Ok((
            Self {
                directory: directory.to_owned(),
                file,
                entries,
                _lock: lock,
            },
            plan,
        ))
    }

    /// Reads a migration without holding it: for showing where it stands.
    pub fn read(directory: &Path) -> Result<(Plan, Vec<Entry>), JournalError> {
        let path = directory.join(JOURNAL);
        if !path.exists() {
            return Err(JournalError::Missing(directory.display().to_string()));
        }
        let plan = read_plan(directory)?;
        let text = std::fs::read_to_string(&path).map_err(|error| JournalError::Io {
            file: path.display().to_string(),
            error,
        })?;
        let (entries, _) = parse(&text, &path)?;
        Ok((plan, entries))
    }

    /// What was written.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The migration's directory: reports go there too.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes an entry; it is on disk when this returns.
    pub fn write(&mut self, clock: &dyn Clock, event: Event) -> Result<(), JournalError> {
        let io = |error| JournalError::Io {
            file: JOURNAL.to_owned(),
            error,
        };
        let entry = Entry {
            at_ms: clock.now_ms(),
            event,
        };
        let mut line = serde_json::to_vec(&entry).map_err(|error| io(error.into()))?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .and_then(|()| self.file.sync_data())
            .map_err(io)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes a file of the record beside the journal, whole or not at all.
    pub fn write_file(&self, name: &str, text: &str) -> Result<PathBuf, JournalError> {
        let path = self.directory.join(name);
        write_new(&path, text).map_err(|error| JournalError::Io {
            file: path.display().to_string(),
            error,
        })?;
        Ok(path)
    }
}

fn lock(directory: &Path) -> Result<File, JournalError> {
    let path = directory.join(LOCK);
    let io = |error| JournalError::Io {
        file: path.display().to_string(),
        error,
    };
    let file = private()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(io)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => Err(JournalError::Held(directory.display().to_string())),
    }
}

fn read_plan(directory: &Path) -> Result<Plan, JournalError> {
    let path = directory.join(PLAN);
    let file = path.display().to_string();
    let text = std::fs::read_to_string(&path).map_err(|error| JournalError::Io {
        file: file.clone(),
        error,
    })?;
    let plan: Plan = serde_json::from_str(&text).map_err(|why| JournalError::Damaged {
        file: file.clone(),
        line: why.line(),
        why: why.to_string(),
    })?;
    if plan.format != FORMAT {
        return Err(JournalError::Format {
            file,
            found: plan.format,
        });
    }
    Ok(plan)
}

/// Reads all entries and cuts off a last line that a crash left incomplete.
fn recover(file: &mut File, path: &Path) -> Result<Vec<Entry>, JournalError> {
    let io = |error| JournalError::Io {
        file: path.display().to_string(),
        error,
    };
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    file.read_to_string(&mut text).map_err(io)?;
    let (entries, whole) = parse(&text, path)?;
    if whole < text.len() {
        file.set_len(whole as u64)
            .and_then(|()| file.sync_data())
            .map_err(io)?;
    }
    Ok(entries)
}

/// The entries, and how many bytes they take. A last line without its end was never acknowledged and is no error.
fn parse(text: &str, path: &Path) -> Result<(Vec<Entry>, usize), JournalError> {
    let mut entries = Vec::new();
    let mut whole = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if !line.ends_with('\n') {
            break;
        }
        let entry = serde_json::from_str(line).map_err(|why| JournalError::Damaged {
            file: path.display().to_string(),
            line: index + 1,
            why: why.to_string(),
        })?;
        entries.push(entry);
        whole += line.len();
    }
    Ok((entries, whole))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Temporary name, fsync, rename, fsync of the directory.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = private()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

const JOURNAL: &str = "journal.jsonl";
const PLAN: &str = "plan.json";
const LOCK: &str = "lock";
