//! Names of directories that survive a power cut: a directory is there for good only when the one that holds it was synced.

use std::collections::HashSet;
use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{AtFlags, StatxFlags, fsync, statx};

/// Directories of which this process knows that their names are on disk.
///
/// That a directory is there does not say so: whoever made it may still be waiting for the disk, or may have been killed before it asked.
/// So each process syncs the way to each directory once, and remembers that, since even a sync that finds nothing to do flushes the disk.
#[derive(Debug, Default)]
pub(crate) struct DurableNames(Mutex<HashSet<Identity>>);

/// Which directory it is: another one that gets the same number later was born later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Identity {
    device: (u32, u32),
    inode: u64,
    born: (i64, u32),
}

/// A few megabytes; beyond it all are forgotten and synced once more.
const MOST_REMEMBERED: usize = 50_000;

impl DurableNames {
    /// Returns when the name of `child`, a directory in `parent`, is on disk.
    pub(crate) fn ensure(
        &self,
        parent: BorrowedFd<'_>,
        child: BorrowedFd<'_>,
    ) -> rustix::io::Result<()> {
        let identity = Identity::of(child);
        let is_known = |identity| {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.contains(&identity)
        };
        if identity.is_some_and(is_known) {
            return Ok(());
        }
        fsync(parent)?;
        if let Some(identity) = identity {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MOST_REMEMBERED {
                known.clear();
            }
            known.insert(identity);
        }
        Ok(())
    }
}

impl Identity {
    /// None where the file system keeps no time of birth: such a directory is never remembered.
    fn of(directory: impl AsFd) -> Option<Self> {
        let wanted = StatxFlags::INO | StatxFlags::BTIME;
        let found = statx(directory, "", AtFlags::EMPTY_PATH, wanted).ok()?;
        StatxFlags::from_bits_retain(found.stx_mask)
            .contains(wanted)
            .then_some(Self {
                device: (found.stx_dev_major, found.stx_dev_minor),
                inode: found.stx_ino,
                born: (found.stx_btime.tv_sec, found.stx_btime.tv_nsec),
            })
    }
}

/// Makes a directory with mode 0700 and what is missing above it. Its name is on disk when this returns.
pub(crate) fn make_directory(directory: &Path) -> std::io::Result<()> {
    let parent = directory.parent().unwrap_or(directory);
    // A single name lies in the working directory.
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    let sync = || File::open(parent)?.sync_all();
    if !parent.is_dir() {
        make_directory(parent)?;
    }
    let made = DirBuilder::new().mode(0o700).create(directory);
    match made.and_then(|()| sync()) {
        // A start that was killed may have made it and no more.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && directory.is_dir() => {
            match sync() {
                // What lies where we may not even look was made by somebody else.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
                synced => synced,
            }
        }
        done => done,
    }
}
