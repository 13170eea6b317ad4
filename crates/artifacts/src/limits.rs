//! How much one upload may take.

/// Limits of uploads, so that they can't stop the database that shares the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest artifact.
    pub max_upload_bytes: u64,
    /// Uploads stop before the disk has less than this left; 0 lets them fill it.
    pub free_space_floor_bytes: u64,
    /// How long an upload is watched before it is judged, again and again.
    pub stall_seconds: u64,
    /// An upload that delivers less than this in that time is dropped: it holds a connection and a file for nothing.
    pub stall_bytes: u64,
}

impl Limits {
    /// The largest artifact: a large language model in one file, several times over.
    pub const MAX_UPLOAD_BYTES: u64 = 100 << 30;
    /// What is kept free if nothing else is said: hours of metrics at a thousand a second, and far more than the database's log
    /// takes between two checkpoints.
    pub const DEFAULT_FREE_SPACE_FLOOR_MIB: u64 = 512;
}

impl Default for Limits {
    /// 100 GiB an artifact, 512 MiB kept free, at least 64 KiB a minute (about 1 KiB/s, slower than any modem).
    fn default() -> Self {
        Self {
            max_upload_bytes: Self::MAX_UPLOAD_BYTES,
            free_space_floor_bytes: Self::DEFAULT_FREE_SPACE_FLOOR_MIB << 20,
            stall_seconds: 60,
            stall_bytes: 64 << 10,
        }
    }
}
