//! Where artifacts are kept: `file:` or `s3:`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::bucket::BucketLocation;

/// A place for artifacts, as `--artifacts-url` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactsLocation {
    /// A directory on local disk.
    Directory(PathBuf),
    /// A bucket of S3 or a store that speaks its language.
    Bucket(BucketLocation),
}

/// Why an artifacts URL is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLocation {
    /// Neither `file:` nor `s3:`.
    #[error(
        "artifacts URL `{url}` has the scheme `{scheme}`: write `file:///var/lib/hokusai` or `s3://bucket/prefix`"
    )]
    Scheme {
        /// What was given.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// No scheme at all.
    #[error("artifacts URL `{url}` has no scheme: write `file:{url}`")]
    NoScheme {
        /// What was given.
        url: String,
    },
    /// `file://host/…`, a query, an encoded character, or no path.
    #[error("artifacts URL `{url}` is not `file:` and a plain path")]
    Path {
        /// What was given.
        url: String,
    },
    /// A bucket that can't be, a prefix that is no path, or more than both.
    #[error(
        "artifacts URL `{url}` is not `s3://bucket` or `s3://bucket/prefix`, where a bucket has 3 to 63 of `a-z`, `0-9`, `.` and `-`"
    )]
    Bucket {
        /// What was given.
        url: String,
    },
    /// An endpoint that is no address.
    #[error("artifacts endpoint `{endpoint}` is not `https://host` or `https://host:port`")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// An endpoint on another machine, in clear.
    #[error(
        "artifacts endpoint `{endpoint}` would send artifacts in clear to another machine: write `https:`"
    )]
    PlainEndpoint {
        /// What was given.
        endpoint: String,
    },
}

impl ArtifactsLocation {
    /// A directory on local disk.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Self::Directory(path.into())
    }
}

impl FromStr for ArtifactsLocation {
    type Err = InvalidLocation;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let owned = || url.to_owned();
        let (scheme, rest) = url
            .split_once(':')
            .ok_or_else(|| InvalidLocation::NoScheme { url: owned() })?;
        if scheme.contains('/') {
            return Err(InvalidLocation::NoScheme { url: owned() });
        }
        match scheme.to_ascii_lowercase().as_str() {
            "file" => directory(rest).ok_or_else(|| InvalidLocation::Path { url: owned() }),
            "s3" => rest
                .strip_prefix("//")
                .and_then(BucketLocation::parse)
                .map(Self::Bucket)
                .ok_or_else(|| InvalidLocation::Bucket { url: owned() }),
            _ => Err(InvalidLocation::Scheme {
                url: owned(),
                scheme: scheme.to_owned(),
            }),
        }
    }
}

impl fmt::Display for ArtifactsLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => path.display().fmt(f),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}

/// What stands behind `file:`, if it is a plain path.
fn directory(rest: &str) -> Option<ArtifactsLocation> {
    let path = match rest.strip_prefix("//") {
        Some(after) => after.strip_prefix("localhost").unwrap_or(after),
        None => rest,
    };
    let has_host = rest.starts_with("//") && !path.starts_with('/');
    let is_plain = !path.is_empty() && !has_host && !path.contains(['?', '#', '%', '\0']);
    is_plain.then(|| ArtifactsLocation::directory(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_urls_are_read() {
        for (url, path) in [
            ("file:///var/x", "/var/x"),
            ("file:/var/x", "/var/x"),
            ("file:x/y", "x/y"),
            ("file://localhost/x", "/x"),
        ] {
            assert_eq!(url.parse(), Ok(ArtifactsLocation::directory(path)), "{url}");
        }
    }

    #[test]
    fn buckets_are_read() {
        for (url, shown) in [
            ("s3://bucket", "s3://bucket"),
            ("s3://bucket/", "s3://bucket"),
            ("S3://my.bucket-1/a/b/", "s3://my.bucket-1/a/b"),
        ] {
            let read: ArtifactsLocation = url.parse().unwrap();
            assert_eq!(read.to_string(), shown, "{url}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for url in [
            "s3://b",
            "s3:bucket",
            "s3:///x",
            "s3://Bucket/x",
            "s3://user:secret@bucket/x",
            "s3://bucket:80/x",
            "s3://bucket/x?region=y",
            "s3://bucket/../x",
            "s3://bucket//x",
            "s3://.bucket",
            "gs://b",
            "http://h/x",
            "",
            "/var/x",
            "x",
            "file:",
            "file://host/x",
            "file:/x?y",
            "c:\\x",
        ] {
            assert!(url.parse::<ArtifactsLocation>().is_err(), "{url}");
        }
    }
}
