//! How much room is left where artifacts are, and how much of it is not for them.

use std::os::fd::AsFd;

use rustix::fs::fstatvfs;

use crate::{ArtifactError, Limits};

/// Free space of the artifacts' file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What an ordinary user may still write, in bytes.
    pub free_bytes: u64,
    /// What uploads leave to the database, in bytes.
    pub floor_bytes: u64,
}

impl Space {
    /// Looks at the file system of a directory.
    pub(crate) fn of(directory: impl AsFd, limits: Limits) -> Result<Self, ArtifactError> {
        let stat = fstatvfs(directory)?;
        Ok(Self {
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            floor_bytes: limits.free_space_floor_bytes,
        })
    }

    /// Refuses what would go below the floor.
    pub fn room_for(self, coming_bytes: u64) -> Result<(), ArtifactError> {
        let Self {
            free_bytes,
            floor_bytes,
        } = self;
        if floor_bytes > 0 && free_bytes < floor_bytes.saturating_add(coming_bytes) {
            return Err(ArtifactError::NoSpace {
                free_bytes,
                floor_bytes,
            });
        }
        Ok(())
    }

    /// Whether every upload is refused.
    pub const fn is_used_up(self) -> bool {
        self.free_bytes < self.floor_bytes
    }
}
