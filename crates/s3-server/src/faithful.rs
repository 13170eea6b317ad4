//! Where `s3s-fs` differs from S3 in what our clients rely on. It takes a bucket for any directory, made on demand, and
//! answers "internal error" when an object is asked for whose key is a directory or lies below a file.

use std::path::PathBuf;

use async_trait::async_trait;
use s3s::access::{S3Access, S3AccessContext};
use s3s::path::S3Path;
use s3s::{S3Result, s3_error};

/// Who may do something, and whether there is something to do it to.
pub(crate) struct Faithful {
    pub(crate) root: PathBuf,
}

#[async_trait]
impl S3Access for Faithful {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "no signature"));
        }
        let (bucket, key) = match context.s3_path() {
            S3Path::Root => return Ok(()),
            S3Path::Bucket { bucket } => (bucket, None),
            S3Path::Object { bucket, key } => (bucket, Some(key)),
        };
        let bucket = self.root.join(&**bucket);
        if !bucket.is_dir() {
            return Err(s3_error!(NoSuchBucket));
        }
        let is_read = matches!(context.s3_op().name(), "GetObject" | "HeadObject");
        match key {
            Some(key) if is_read && !bucket.join(&**key).is_file() => Err(s3_error!(NoSuchKey)),
            _ => Ok(()),
        }
    }
}
