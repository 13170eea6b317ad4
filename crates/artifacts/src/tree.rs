//! Steps in a directory tree from an open handle, never through a symlink.

use std::collections::HashSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;

use hokusai_core::artifact_path::ArtifactPath;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use crate::ArtifactError;

/// Modes under any umask: only the owner sees artifacts.
const DIRECTORY_MODE: Mode = Mode::RWXU;
/// Likewise, for files.
pub(crate) const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
// NONBLOCK: opening a planted FIFO must not hang.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);

/// One name in a directory.
pub(crate) struct Name {
    pub(crate) name: String,
    pub(crate) is_dir: bool,
}

/// Opens the directory `name` in `parent`.
pub(crate) fn open_directory(parent: BorrowedFd<'_>, name: &str) -> Result<OwnedFd, ArtifactError> {
    Ok(openat(parent, name, DIRECTORY, Mode::empty())?)
}

/// Opens a directory below `root`.
pub(crate) fn descend(
    root: BorrowedFd<'_>,
    path: Option<&ArtifactPath>,
) -> Result<OwnedFd, ArtifactError> {
    let mut here = open_directory(root, ".")?;
    for segment in path.iter().flat_map(|path| path.segments()) {
        here = open_directory(here.as_fd(), segment)?;
    }
    Ok(here)
}

/// Opens the directory that holds `path`'s last segment.
pub(crate) fn descend_to_parent(
    root: BorrowedFd<'_>,
    path: &ArtifactPath,
) -> Result<OwnedFd, ArtifactError> {
    let mut here = open_directory(root, ".")?;
    let count = path.segments().count();
    for segment in path.segments().take(count - 1) {
        here = open_directory(here.as_fd(), segment)?;
    }
    Ok(here)
}

/// The directories whose names this process knows to be on the disk. That one exists says nothing: another upload may have
/// made it and not synced it yet, or a process that was killed before it could.
#[derive(Debug, Default)]
pub(crate) struct DurableNames(Mutex<HashSet<String>>);

/// Beyond so many they are forgotten and synced again: bounded memory, and a sync of what is on the disk costs little.
const MOST_DURABLE_NAMES: usize = 10_000;

impl DurableNames {
    fn contains(&self, path: &str) -> bool {
        self.0.lock().is_ok_and(|names| names.contains(path))
    }

    fn insert(&self, path: &str) {
        if let Ok(mut names) = self.0.lock() {
            if names.len() >= MOST_DURABLE_NAMES {
                names.clear();
            }
            names.insert(path.to_owned());
        }
    }

    /// Forgets what is removed, and all below it; nobody asks in between, so nobody takes a name that is made anew for the old one.
    pub(crate) fn removing<T>(&self, path: &str, remove: impl FnOnce() -> T) -> T {
        let names = self.0.lock();
        let removed = remove();
        if let Ok(mut names) = names {
            let below = format!("{path}/");
            names.retain(|name| name != path && !name.starts_with(&below));
        }
        removed
    }
}

/// The same, creating what is missing; the parent of each directory on the way is fsynced once, so that the way in survives a
/// power cut.
pub(crate) fn make_parent(
    root: BorrowedFd<'_>,
    path: &ArtifactPath,
    durable: &DurableNames,
) -> Result<OwnedFd, ArtifactError> {
    let mut here = open_directory(root, ".")?;
    let mut walked = String::new();
    let count = path.segments().count();
    for segment in path.segments().take(count - 1) {
        if !walked.is_empty() {
            walked.push('/');
        }
        walked.push_str(segment);
        let is_new = match mkdirat(&here, segment, DIRECTORY_MODE) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(other) => return Err(other.into()),
        };
        if is_new || !durable.contains(&walked) {
            rustix::fs::fsync(&here)?;
            durable.insert(&walked);
        }
        here = open_directory(here.as_fd(), segment)?;
    }
    Ok(here)
}

/// Opens a regular file; answers its size too.
pub(crate) fn open_file(
    root: BorrowedFd<'_>,
    path: &ArtifactPath,
) -> Result<(OwnedFd, u64), ArtifactError> {
    let parent = descend_to_parent(root, path)?;
    let file = openat(&parent, path.file_name(), FILE, Mode::empty())?;
    let stat = fstat(&file)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok((file, u64::try_from(stat.st_size).unwrap_or(0))),
        FileType::Directory => Err(ArtifactError::IsDirectory),
        _ => Err(ArtifactError::NotFound),
    }
}

/// The files and directories in a directory, sorted by name. Links and devices are left out: they are no artifacts.
pub(crate) fn names(directory: BorrowedFd<'_>) -> Result<Vec<Name>, ArtifactError> {
    let mut found = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else {
            continue;
        };
        if matches!(name, "." | "..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(stat.st_mode)
            }
            known => known,
        };
        if matches!(kind, FileType::RegularFile | FileType::Directory) {
            found.push(Name {
                name: name.to_owned(),
                is_dir: kind == FileType::Directory,
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Size of a file in a directory, in bytes.
pub(crate) fn size(directory: BorrowedFd<'_>, name: &str) -> Result<u64, ArtifactError> {
    let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(u64::try_from(stat.st_size).unwrap_or(0))
}

/// Removes a file, or a directory with all that is in it.
pub(crate) fn remove(parent: BorrowedFd<'_>, name: &str) -> Result<(), ArtifactError> {
    match unlinkat(parent, name, AtFlags::empty()) {
        // Linux says ISDIR, POSIX says PERM.
        Err(Errno::ISDIR | Errno::PERM) => {}
        other => return Ok(other?),
    }
    let directory = open_directory(parent, name)?;
    for entry in Dir::read_from(&directory)?.collect::<Vec<_>>() {
        let entry = entry?;
        match entry.file_name().to_str() {
            Ok("." | "..") => {}
            Ok(inner) => remove(directory.as_fd(), inner)?,
            Err(_) => unlinkat(&directory, entry.file_name(), AtFlags::empty())?,
        }
    }
    Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}
