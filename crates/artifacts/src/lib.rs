//! Storage of artifacts: streamed in, published whole, streamed out, listed, deleted.
//!
//! One store today: a directory on local disk. (A trait comes with the second, object storage.) It holds two
//! directories: `files/` is what clients see, `incoming/` is what is being uploaded. An upload is written to
//! `incoming/`, hashed on the way, fsynced, and only then renamed into `files/`: a reader sees all of a file or none,
//! and a crash leaves at most a stray in `incoming/`, which the next start removes.
//!
//! Every path is an [`ArtifactPath`](hokusai_core::artifact_path::ArtifactPath), and every step down is an `openat`
//! that refuses symlinks, so that not even somebody who can write to the disk makes us leave the root.
//!
//! What this crate must not do: know runs, models or HTTP, or decide who may write.

mod download;
mod durable;
mod error;
mod limits;
mod location;
mod space;
mod store;
mod tree;
mod upload;

pub use download::{ByteRange, Download};
pub use error::ArtifactError;
pub use limits::Limits;
pub use location::{ArtifactsLocation, InvalidLocation};
pub use space::Space;
pub use store::{Artifacts, Entry, FoundFile};
pub use upload::StagedUpload;
