//! Where databases and artifacts are.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::BoolishValueParser;
use hokusai_artifacts::ArtifactsLocation;
use hokusai_store::{Location, PostgresLocation};

use crate::exit::Failure;

/// As it was said.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Storage")]
pub(crate) struct StorageSettings {
    /// Directory of the embedded databases and the artifacts.
    #[arg(
        long,
        env = "HOKUSAI_DATA_DIR",
        global = true,
        value_name = "DIR",
        default_value = "hokusai-data"
    )]
    pub data_dir: PathBuf,
    /// PostgreSQL in place of the embedded databases: <postgres://user@host/name> (a password comes from the environment or the file).
    #[arg(
        long,
        env = "HOKUSAI_DATABASE_URL",
        global = true,
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,
    /// Talks to PostgreSQL on another machine without TLS: nobody can listen in between.
    #[arg(
        long,
        env = "HOKUSAI_DATABASE_TRUSTED_NETWORK",
        global = true,
        value_parser = BoolishValueParser::new()
    )]
    pub database_trusted_network: bool,
    /// Where artifacts are kept: <file:DIRECTORY>; `artifacts` in the data directory if nothing is said.
    #[arg(long, env = "HOKUSAI_ARTIFACTS_URL", global = true, value_name = "URL")]
    pub artifacts_url: Option<String>,
}

/// Checked.
#[derive(Clone, Debug)]
pub(crate) struct StorageConfig {
    /// Where the databases are.
    pub location: Location,
    /// Where the artifacts are.
    pub artifacts: ArtifactsLocation,
}

impl StorageSettings {
    pub(super) fn check(&self) -> anyhow::Result<StorageConfig> {
        Ok(StorageConfig {
            artifacts: artifacts(self.artifacts_url.as_deref(), &self.data_dir)?,
            location: self.location()?,
        })
    }

    fn location(&self) -> anyhow::Result<Location> {
        match &self.database_url {
            None => Ok(Location::Sqlite {
                directory: self.data_dir.clone(),
            }),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                let location = PostgresLocation::new(url.clone(), "hokusai_");
                Ok(Location::Postgres(
                    location.trusting_network(self.database_trusted_network),
                ))
            }
            Some(_) => Err(Failure::usage(
                "database-url must begin with postgres://",
                "leave it out for the embedded database in the data directory",
            )),
        }
    }
}

fn artifacts(url: Option<&str>, data_dir: &Path) -> anyhow::Result<ArtifactsLocation> {
    match url {
        None => Ok(ArtifactsLocation::directory(data_dir.join("artifacts"))),
        Some(url) => url.parse().map_err(|error| {
            Failure::usage(
                format!("artifacts-url: {error}"),
                "write file:/absolute/directory",
            )
        }),
    }
}
