//! File modes, names that survive a power cut, and the advisory lock that keeps a second process off the same file.
//!
//! `SQLite`'s own exclusive locking mode would lock out our readers, so a file beside the database is locked instead. The system
//! releases it when the process ends, however it ends.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::OpenError;

/// Makes the directory with mode 0700, or tightens the one that is there. Its name is on disk when this returns: else a power cut would
/// take the whole database with it.
pub(super) fn private_directory(directory: &Path) -> Result<(), OpenError> {
    make_durably(directory)
        .and_then(|()| std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700)))
        .map_err(|error| unusable(directory, &error))
}

fn make_durably(directory: &Path) -> std::io::Result<()> {
    if !parent(directory).is_dir() {
        make_durably(parent(directory))?;
    }
    let made = DirBuilder::new().mode(0o700).create(directory);
    match made.and_then(|()| sync_parent(directory)) {
        // A start that was killed may have made it and no more.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && directory.is_dir() => {
            match sync_parent(directory) {
                // What lies where we may not even look was made by somebody else.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
                synced => synced,
            }
        }
        done => done,
    }
}

/// Makes the database file with mode 0600 under any umask; its WAL and shared memory inherit the mode. SQLite syncs the names of
/// files that it makes itself, but not of this one.
pub(super) fn private_file(path: &Path) -> Result<(), OpenError> {
    private(path)?;
    sync_parent(path).map_err(|error| unusable(path, &error))
}

/// Puts the name of `path` on the disk.
fn sync_parent(path: &Path) -> std::io::Result<()> {
    File::open(parent(path))?.sync_all()
}

fn parent(path: &Path) -> &Path {
    let parent = path.parent().unwrap_or(path);
    // A single name lies in the working directory.
    if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    }
}

/// Takes the lock, which is held as long as the file is.
pub(super) fn hold(path: &Path) -> Result<File, OpenError> {
    let lock_path = path.with_extension("sqlite.lock");
    let file = private(&lock_path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(unusable(&lock_path, &error)),
    }
}

fn private(path: &Path) -> Result<File, OpenError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .and_then(|file| {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
            Ok(file)
        })
        .map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> OpenError {
    OpenError::Path {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
