//! Storage of artifacts: streamed in, published whole, streamed out, listed, deleted.
//!
//! Two kinds of places, with one face, [`Artifacts`]: a directory on local disk, and a bucket of S3 or of a store that
//! speaks its language. Both hold `files/`, which clients see, and `incoming/`, what is being uploaded. An upload is hashed
//! on the way, stored whole, and only then made visible in one step (a rename; the last request of a multipart upload): a
//! reader sees all of a file or none, and a crash leaves at most a stray, which a later start removes.
//!
//! Every path is an [`ArtifactPath`](hokusai_core::artifact_path::ArtifactPath).
//!
//! To add a third kind: a module beside `disk` and `bucket` with the same methods, an arm in each `match` of `store.rs`
//! and `staged.rs`, a scheme in `location.rs`, and a line in `tests/it/both.rs`, which says what all must do.
//!
//! What this crate must not do: know runs, models or HTTP, or decide who may write.

mod bucket;
mod disk;
mod download;
mod durable;
mod error;
mod feed;
mod limits;
mod location;
mod space;
mod staged;
mod store;

pub use bucket::{AwsEnvironment, BucketLocation, Endpoint};
pub use download::{ByteRange, Download};
pub use error::ArtifactError;
pub use limits::Limits;
pub use location::{ArtifactsLocation, InvalidLocation};
pub use space::Space;
pub use staged::StagedUpload;
pub use store::{Artifacts, Entry, FoundFile};
