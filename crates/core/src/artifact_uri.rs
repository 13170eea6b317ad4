//! URIs that clients hand us: parsed once into what they mean, never opened.

use std::fmt;
use std::str::FromStr;

use crate::artifact_path::{ArtifactPath, holds_encoding};
use crate::model::{AliasName, ModelName, Stage, VersionNumber};

/// What a client's URI means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactUri {
    /// `mlflow-artifacts:/path`: in the store of this server. An authority in it is dropped: there is one store.
    Stored(ArtifactPath),
    /// `runs:/run_id/path`: below a run's artifacts.
    Run {
        /// The run.
        run_id: String,
        /// Below its artifacts; `None` for all of them.
        path: Option<ArtifactPath>,
    },
    /// `models:/…`.
    Model(ModelUri),
    /// Somewhere else, kept as text that no route reads or signs.
    Foreign(String),
}

/// What follows `models:/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelUri {
    /// `models:/m-…`: a logged model.
    Logged(String),
    /// `models:/name/3`.
    Version(ModelName, VersionNumber),
    /// `models:/name/Production`.
    Stage(ModelName, Stage),
    /// `models:/name@alias`.
    Alias(ModelName, AliasName),
    /// `models:/name/latest`.
    Latest(ModelName),
}

/// Why a URI is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriFault {
    /// A bare path or `file:`: it would name a file of the server's machine.
    Local,
    /// Dot segments, also encoded; backslash, control characters, `#`, `?`, userinfo.
    Unclean,
    /// A scheme of ours with something else behind it.
    Malformed,
}

/// A refused URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InvalidArtifactUri {
    /// What was given.
    pub uri: String,
    /// What is wrong with it.
    pub fault: UriFault,
}

impl fmt::Display for InvalidArtifactUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = &self.uri;
        match self.fault {
            UriFault::Local => write!(
                f,
                "Invalid model version source: '{uri}'. To use a local path as a model version source, the run_id \
                 request parameter has to be specified and the local path has to be contained within the artifact \
                 directory of the run specified by the run_id."
            ),
            UriFault::Unclean => write!(
                f,
                "Invalid model version source: '{uri}'. If supplying a source as an http, https, local file path, \
                 ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path \
                 references present. Please provide an absolute path."
            ),
            UriFault::Malformed => write!(
                f,
                "Invalid model version source: '{uri}'. The model_id request parameter must identify the resource \
                 that contains the source."
            ),
        }
    }
}

impl FromStr for ArtifactUri {
    type Err = InvalidArtifactUri;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        parse(raw).map_err(|fault| InvalidArtifactUri {
            uri: raw.to_owned(),
            fault,
        })
    }
}

fn parse(raw: &str) -> Result<ArtifactUri, UriFault> {
    let (scheme, rest) = split_scheme(raw).ok_or(UriFault::Local)?;
    if scheme == "file" {
        return Err(UriFault::Local);
    }
    if raw.contains(|c: char| {
        c.is_control() || c.is_whitespace() && c != ' ' || matches!(c, '\\' | '#' | '?')
    }) {
        return Err(UriFault::Unclean);
    }
    if holds_encoding(raw) {
        return Err(UriFault::Unclean);
    }
    let (authority, path) = split_authority(rest);
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(UriFault::Unclean);
    }
    match scheme.as_str() {
        "mlflow-artifacts" => parse_stored(path).map(ArtifactUri::Stored),
        "runs" if authority.is_none() => parse_run(path),
        "models" if authority.is_none() => parse_model(path).map(ArtifactUri::Model),
        "runs" | "models" => Err(UriFault::Malformed),
        // A host that anybody may name is no place for models.
        "http" | "https" | "ftp" | "ftps" => match path.split_once(ROUTE) {
            Some((_, path)) => parse_stored(path).map(ArtifactUri::Stored),
            None => Err(UriFault::Malformed),
        },
        _ => {
            clean_foreign(authority, path)?;
            Ok(ArtifactUri::Foreign(raw.to_owned()))
        }
    }
}

/// The route under which a server serves its store; what follows is a path in it.
const ROUTE: &str = "/api/2.0/mlflow-artifacts/artifacts/";

fn split_scheme(raw: &str) -> Option<(String, &str)> {
    let (scheme, rest) = raw.split_once(':')?;
    let starts_well = scheme
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic());
    let is_scheme = scheme
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    (starts_well && is_scheme && scheme.len() > 1).then(|| (scheme.to_ascii_lowercase(), rest))
}

fn split_authority(rest: &str) -> (Option<&str>, &str) {
    let Some(after) = rest.strip_prefix("//") else {
        return (None, rest);
    };
    let end = after.find('/').unwrap_or(after.len());
    let (authority, path) = after.split_at_checked(end).unwrap_or((after, ""));
    ((!authority.is_empty()).then_some(authority), path)
}

fn parse_stored(path: &str) -> Result<ArtifactPath, UriFault> {
    path.trim_matches('/')
        .parse()
        .map_err(|_| UriFault::Unclean)
}

fn parse_run(path: &str) -> Result<ArtifactUri, UriFault> {
    let path = path.trim_matches('/');
    let (run_id, below) = path
        .split_once('/')
        .map_or((path, None), |(id, below)| (id, Some(below)));
    if run_id.is_empty()
        || !run_id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    {
        return Err(UriFault::Unclean);
    }
    let path = below.map(parse_stored).transpose()?;
    Ok(ArtifactUri::Run {
        run_id: run_id.to_owned(),
        path,
    })
}

fn parse_model(path: &str) -> Result<ModelUri, UriFault> {
    let path = path
        .strip_prefix('/')
        .ok_or(UriFault::Malformed)?
        .trim_start_matches('/');
    let name = |raw: &str| raw.parse::<ModelName>().map_err(|_| UriFault::Malformed);
    match path.split_once('/') {
        Some((_, suffix)) if suffix.trim().is_empty() || suffix.contains('/') => {
            Err(UriFault::Malformed)
        }
        Some((model, suffix)) if suffix.bytes().all(|b| b.is_ascii_digit()) => {
            let version = suffix.parse().map_err(|_| UriFault::Malformed)?;
            Ok(ModelUri::Version(name(model)?, version))
        }
        Some((model, suffix)) if suffix.eq_ignore_ascii_case("latest") => {
            Ok(ModelUri::Latest(name(model)?))
        }
        Some((model, suffix)) => {
            let stage = suffix.parse().map_err(|_| UriFault::Malformed)?;
            Ok(ModelUri::Stage(name(model)?, stage))
        }
        None => match path.rsplit_once('@') {
            Some((model, alias)) => {
                let alias = alias.parse().map_err(|_| UriFault::Malformed)?;
                Ok(ModelUri::Alias(name(model)?, alias))
            }
            None => parse_logged(path),
        },
    }
}

fn parse_logged(id: &str) -> Result<ModelUri, UriFault> {
    let is_id = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_id {
        Ok(ModelUri::Logged(id.to_owned()))
    } else {
        Err(UriFault::Malformed)
    }
}

/// A foreign location is only text to us, but it must be text with one meaning.
fn clean_foreign(authority: Option<&str>, path: &str) -> Result<(), UriFault> {
    if authority.is_some_and(|authority| authority.contains('%')) {
        return Err(UriFault::Unclean);
    }
    let path = path.trim_matches('/');
    if path.is_empty() && authority.is_some() {
        return Ok(());
    }
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .try_for_each(|segment| {
            segment
                .parse::<ArtifactPath>()
                .map(drop)
                .map_err(|_| UriFault::Unclean)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(path: &str) -> ArtifactUri {
        ArtifactUri::Stored(path.parse().unwrap())
    }

    #[test]
    fn a_uri_of_our_store_is_its_path_whatever_the_authority() {
        for raw in [
            "mlflow-artifacts:/1/r/artifacts/model",
            "mlflow-artifacts://other:5000/1/r/artifacts/model",
            "MLFLOW-ARTIFACTS:///1/r/artifacts/model/",
            "https://h/mlflow/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/model",
        ] {
            assert_eq!(raw.parse(), Ok(stored("1/r/artifacts/model")), "{raw}");
        }
    }

    #[test]
    fn model_uris_take_all_their_forms() {
        let model = |raw: &str| match raw.parse() {
            Ok(ArtifactUri::Model(uri)) => Some(uri),
            _ => None,
        };
        let name: ModelName = "churn".parse().unwrap();
        assert_eq!(
            model("models:/m-0a"),
            Some(ModelUri::Logged("m-0a".to_owned()))
        );
        assert_eq!(
            model("models:/churn/3"),
            Some(ModelUri::Version(name.clone(), VersionNumber::new(3)))
        );
        assert_eq!(
            model("models:/churn/latest"),
            Some(ModelUri::Latest(name.clone()))
        );
        assert_eq!(
            model("models:/churn/production"),
            Some(ModelUri::Stage(name.clone(), Stage::Production))
        );
        assert_eq!(
            model("models:/churn@champion"),
            Some(ModelUri::Alias(name, "champion".parse().unwrap()))
        );
        for raw in [
            "models:/",
            "models:churn",
            "models:/a/b/c",
            "models:/a/",
            "models://host/m-1",
            "models:/../m",
        ] {
            assert_eq!(model(raw), None, "{raw}");
        }
    }

    #[test]
    fn local_paths_are_refused() {
        for raw in [
            "/etc/passwd",
            "etc/passwd",
            "",
            "./x",
            "file:/etc/passwd",
            "FILE:///x",
            "c:\\x",
            "//host/x",
            ":x",
        ] {
            assert_eq!(
                raw.parse::<ArtifactUri>().unwrap_err().fault,
                UriFault::Local,
                "{raw}"
            );
        }
    }

    #[test]
    fn unclean_uris_are_refused_in_every_scheme() {
        for scheme in [
            "mlflow-artifacts:/",
            "s3://bucket/",
            "runs:/r1/",
            "https://h/",
            "dbfs:/",
        ] {
            for path in [
                "../x",
                "a/../../x",
                "%2e%2e/x",
                "a%2f..%2fx",
                "a\\b",
                "a#b",
                "a?b",
                "a\0b",
                "%00",
                "%252e%252e/x",
                "a/.",
            ] {
                let raw = format!("{scheme}{path}");
                assert!(raw.parse::<ArtifactUri>().is_err(), "{raw:?} was let in");
            }
        }
        for raw in [
            "s3://user:pw@bucket/x",
            "https://a@b/x",
            "mlflow-artifacts://u@h/x",
            "s3://%2e%2e/x",
            "mlflow-artifacts:/",
        ] {
            assert!(raw.parse::<ArtifactUri>().is_err(), "{raw:?} was let in");
        }
    }

    #[test]
    fn other_places_are_kept_as_text() {
        for raw in [
            "s3://bucket/path/model",
            "gs://b",
            "dbfs:/databricks/mlflow",
            "abfss://c/p",
        ] {
            assert_eq!(raw.parse(), Ok(ArtifactUri::Foreign(raw.to_owned())));
        }
    }
}
