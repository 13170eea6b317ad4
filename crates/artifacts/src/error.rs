//! What can go wrong with an artifact.

/// A failure to store or to read an artifact.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Nothing has that path.
    #[error("no artifact has this path")]
    NotFound,
    /// A file was asked for where a directory is.
    #[error("the artifact path refers to a directory, not a file")]
    IsDirectory,
    /// A directory was asked for, or would be needed, where a file is.
    #[error("a part of the artifact path is a file, not a directory")]
    NotADirectory,
    /// The range begins behind the end.
    #[error("the range begins behind the end of the artifact, which has {size_bytes} bytes")]
    RangeNotSatisfiable {
        /// Size of the artifact.
        size_bytes: u64,
    },
    /// More bytes than one upload may have.
    #[error("an artifact may have at most {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The disk is nearly full; the rest is kept for the database.
    #[error(
        "no space for uploads: {} MiB are free on the artifacts' file system, and {} MiB of it are kept for the database: \
         free some space, or lower `free-space-floor-mib`",
        free_bytes >> 20, floor_bytes >> 20
    )]
    NoSpace {
        /// How much is free.
        free_bytes: u64,
        /// How much is kept free.
        floor_bytes: u64,
    },
    /// The disk, or its owner's quota, is full.
    #[error("the artifacts' file system is full: free some space and try again")]
    Full,
    /// The client sent nothing, or next to nothing, for too long.
    #[error("the upload brought less than {bytes} bytes in {seconds} s and was dropped")]
    Stalled {
        /// How much was expected.
        bytes: u64,
        /// How long was waited.
        seconds: u64,
    },
    /// The client broke off.
    #[error("the upload broke off: {0}")]
    Body(String),
    /// A key of an object store is shorter than a path of a file system may be.
    #[error(
        "the artifact path is too long for an object store: with the store's prefix it may have at most {limit_bytes} bytes"
    )]
    PathTooLong {
        /// The limit.
        limit_bytes: usize,
    },
    /// The object store does not answer, or says that it can't at the moment.
    #[error("the object store does not answer: {0}")]
    Unavailable(String),
    /// The object store answers that it won't: credentials, permissions, a bucket that is not there.
    #[error("the object store refuses: {0}")]
    Refused(String),
    /// The disk failed.
    #[error("the artifact store failed: {0}")]
    Io(#[source] std::io::Error),
}

impl From<std::io::Error> for ArtifactError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

impl From<rustix::io::Errno> for ArtifactError {
    fn from(errno: rustix::io::Errno) -> Self {
        use rustix::io::Errno;
        match errno {
            Errno::ISDIR => Self::IsDirectory,
            // O_NOFOLLOW on a symlink answers LOOP (or NOTDIR where a directory was asked for): a link is no artifact.
            Errno::NOENT | Errno::LOOP => Self::NotFound,
            Errno::NOTDIR => Self::NotADirectory,
            other => std::io::Error::from(other).into(),
        }
    }
}
