//! Steps in a directory tree from an open handle, never through a symlink.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use hokusai_core::artifact_path::ArtifactPath;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use crate::ArtifactError;
use crate::durable::DurableNames;

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

/// The same, creating what is missing. The way to the directory survives a power cut, whoever made it.
pub(crate) fn make_parent(
    root: BorrowedFd<'_>,
    path: &ArtifactPath,
    names: &DurableNames,
) -> Result<OwnedFd, ArtifactError> {
    let mut here = open_directory(root, ".")?;
    let count = path.segments().count();
    for segment in path.segments().take(count - 1) {
        match mkdirat(&here, segment, DIRECTORY_MODE) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(other) => return Err(other.into()),
        }
        let inner = open_directory(here.as_fd(), segment)?;
        names.ensure(here.as_fd(), inner.as_fd())?;
        here = inner;
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
