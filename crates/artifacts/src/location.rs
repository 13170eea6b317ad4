//! Where artifacts are kept: `file:` and nothing else yet.

use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A place for artifacts, as `--artifacts-url` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactsLocation(PathBuf);

/// Why an artifacts URL is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLocation {
    /// Not `file:`.
    #[error(
        "artifacts URL `{url}` has the scheme `{scheme}`: only `file:` is supported, such as `file:///var/lib/hokusai`"
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
}

impl ArtifactsLocation {
    /// A directory on local disk.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
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
        if !scheme.eq_ignore_ascii_case("file") {
            return Err(InvalidLocation::Scheme {
                url: owned(),
                scheme: scheme.to_owned(),
            });
        }
        let path = match rest.strip_prefix("//") {
            Some(after) => after.strip_prefix("localhost").unwrap_or(after),
            None => rest,
        };
        let has_host = rest.starts_with("//") && !path.starts_with('/');
        if path.is_empty() || has_host || path.contains(['?', '#', '%', '\0']) {
            return Err(InvalidLocation::Path { url: owned() });
        }
        Ok(Self(PathBuf::from(path)))
    }
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
            assert_eq!(
                url.parse(),
                Ok(ArtifactsLocation(PathBuf::from(path))),
                "{url}"
            );
        }
    }

    #[test]
    fn every_other_scheme_is_refused() {
        for url in [
            "s3://bucket/x",
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
