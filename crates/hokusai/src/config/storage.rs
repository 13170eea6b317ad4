//! Where databases and artifacts are.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;
use hokusai_artifacts::{ArtifactsLocation, AwsEnvironment, Endpoint, InvalidLocation, Limits};
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
    /// Where artifacts are kept: <file:DIRECTORY> or <s3://BUCKET/PREFIX>; `artifacts` in the data directory if nothing is said.
    /// Credentials and region of a bucket come from the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`.
    #[arg(long, env = "HOKUSAI_ARTIFACTS_URL", global = true, value_name = "URL")]
    pub artifacts_url: Option<String>,
    /// Where a bucket is that is not at AWS: <https://HOST>; also read from `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`.
    #[arg(
        long,
        env = "HOKUSAI_ARTIFACTS_ENDPOINT",
        global = true,
        value_name = "URL"
    )]
    pub artifacts_endpoint: Option<String>,
    /// Talks to an object store on another machine without TLS: nobody can listen in between.
    #[arg(
        long,
        env = "HOKUSAI_ARTIFACTS_TRUSTED_NETWORK",
        global = true,
        value_parser = BoolishValueParser::new()
    )]
    pub artifacts_trusted_network: bool,
    /// Uploads stop before the artifacts' file system has less free space than this, so that the database can go on; 0: never.
    #[arg(
        long,
        env = "HOKUSAI_FREE_SPACE_FLOOR_MIB",
        global = true,
        value_name = "MIB",
        default_value_t = Limits::DEFAULT_FREE_SPACE_FLOOR_MIB,
        value_parser = clap::value_parser!(u64).range(0..=MOST_MIB)
    )]
    pub free_space_floor_mib: u64,
    /// Uploads stop before all that was uploaded and not deleted is more than this; no limit if nothing is said.
    #[arg(
        long,
        env = "HOKUSAI_UPLOAD_QUOTA_MIB",
        global = true,
        value_name = "MIB",
        value_parser = clap::value_parser!(u64).range(0..=MOST_MIB)
    )]
    pub upload_quota_mib: Option<u64>,
}

/// Checked.
#[derive(Clone, Debug)]
pub(crate) struct StorageConfig {
    /// Where the databases are.
    pub location: Location,
    /// Where the artifacts are.
    pub artifacts: ArtifactsLocation,
    /// What an upload may take.
    pub limits: Limits,
    /// What all uploads together may take, in bytes.
    pub upload_quota_bytes: Option<u64>,
}

impl StorageSettings {
    pub(super) fn check(&self) -> anyhow::Result<StorageConfig> {
        Ok(StorageConfig {
            artifacts: self.artifacts()?,
            location: self.location()?,
            limits: Limits {
                free_space_floor_bytes: self.free_space_floor_mib << 20,
                ..Limits::default()
            },
            upload_quota_bytes: self.upload_quota_mib.map(|mib| mib << 20),
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

    fn artifacts(&self) -> anyhow::Result<ArtifactsLocation> {
        let location = match &self.artifacts_url {
            None => ArtifactsLocation::directory(self.data_dir.join("artifacts")),
            Some(url) => url.parse().map_err(|error| {
                Failure::usage(
                    format!("artifacts-url: {error}"),
                    "write file:/absolute/directory or s3://bucket/prefix",
                )
            })?,
        };
        match location {
            ArtifactsLocation::Bucket(bucket) => {
                let environment = AwsEnvironment::from_variables(std::env::vars_os().filter_map(
                    |(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)),
                ));
                let bucket = bucket.at(self.endpoint()?).with_environment(environment);
                Ok(ArtifactsLocation::Bucket(bucket))
            }
            ArtifactsLocation::Directory(_) if self.artifacts_endpoint.is_some() => {
                Err(Failure::usage(
                    "artifacts-endpoint is said, but artifacts are not kept in a bucket",
                    "add artifacts-url = s3://bucket/prefix, or leave artifacts-endpoint out",
                ))
            }
            directory @ ArtifactsLocation::Directory(_) => Ok(directory),
        }
    }

    fn endpoint(&self) -> anyhow::Result<Option<Endpoint>> {
        let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let named = match &self.artifacts_endpoint {
            Some(endpoint) => Some(endpoint.clone()),
            None => said("AWS_ENDPOINT_URL_S3").or_else(|| said("AWS_ENDPOINT_URL")),
        };
        let parsed = named.map(|raw| Endpoint::parse(&raw, self.artifacts_trusted_network));
        parsed.transpose().map_err(|error| {
            let hint = match error {
                InvalidLocation::PlainEndpoint { .. } => {
                    "write https:, or say --artifacts-trusted-network if nobody can listen in between"
                }
                _ => "write https://host:port, without a user, a query or a fragment",
            };
            Failure::usage(format!("artifacts-endpoint: {error}"), hint)
        })
    }
}

/// An exbibyte: what is more is a mistake, and bytes still fit a 64-bit number.
const MOST_MIB: u64 = 1 << 40;
