//! Settings from file, environment and flags: one typed value, wholly checked before anything starts.
//!
//! A flag wins over the environment, the environment over the file, the file over the default.

mod names;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use hokusai_artifacts::ArtifactsLocation;
use hokusai_store::{Location, PostgresLocation};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// The settings of the services, as flags; each is also a name in the file and in the environment.
#[derive(Args, Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Settings {
    /// Directory of the embedded databases and the artifacts.
    #[arg(long, env = "HOKUSAI_DATA_DIR", global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL in place of the embedded databases: <postgres://user@host/name> (a password comes from the environment or the file).
    #[arg(
        long,
        env = "HOKUSAI_DATABASE_URL",
        global = true,
        value_name = "URL",
        hide_env_values = true
    )]
    #[serde(skip_serializing)]
    pub database_url: Option<String>,
    /// Where artifacts are kept: <file:DIRECTORY>.
    #[arg(long, env = "HOKUSAI_ARTIFACTS_URL", global = true, value_name = "URL")]
    pub artifacts_url: Option<String>,
    /// Where the auth service listens.
    #[arg(long, env = "HOKUSAI_AUTH_LISTEN", global = true, value_name = "ADDR")]
    pub auth_listen: Option<SocketAddr>,
    /// Where the registry listens.
    #[arg(
        long,
        env = "HOKUSAI_REGISTRY_LISTEN",
        global = true,
        value_name = "ADDR"
    )]
    pub registry_listen: Option<SocketAddr>,
    /// Writes the first key to a new file with mode 0600.
    #[arg(
        long,
        env = "HOKUSAI_BOOTSTRAP_KEY_FILE",
        global = true,
        value_name = "FILE"
    )]
    pub bootstrap_key_file: Option<PathBuf>,
    /// The registry asks nobody for keys; only on loopback.
    #[arg(long, env = "HOKUSAI_NO_AUTH", global = true)]
    pub no_auth: bool,
    /// Somebody in front ends TLS; needed to listen beyond loopback.
    #[arg(long, env = "HOKUSAI_BEHIND_TLS", global = true)]
    pub behind_tls: bool,
    /// A proxy whose X-Forwarded-For is believed; may be repeated.
    #[arg(
        long = "trusted-proxy",
        env = "HOKUSAI_TRUSTED_PROXY",
        global = true,
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub trusted_proxy: Vec<IpNet>,
    /// A host name under which clients reach the services; may be repeated.
    #[arg(
        long = "allowed-host",
        env = "HOKUSAI_ALLOWED_HOST",
        global = true,
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub allowed_host: Vec<String>,
}

/// Where settings are read from besides flags and environment.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FileArgument {
    /// A TOML file with the settings.
    #[arg(long, env = "HOKUSAI_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Checked settings.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where the databases are.
    pub location: Location,
    /// Where the artifacts are.
    pub artifacts: ArtifactsLocation,
    /// Where the auth service listens.
    pub auth_listen: SocketAddr,
    /// Where the registry listens.
    pub registry_listen: SocketAddr,
    /// Where the first key goes, if not to the terminal.
    pub bootstrap_key_file: Option<PathBuf>,
    /// Whether the registry asks for keys.
    pub no_auth: bool,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxy: Vec<IpNet>,
    /// Names under which clients reach the services, besides loopback's.
    pub allowed_host: Vec<String>,
}

impl Settings {
    /// Adds what the file says where flags and environment are silent.
    pub(crate) fn with_file(mut self, file: &FileArgument) -> anyhow::Result<Self> {
        for problem in names::problems(std::env::vars().map(|(name, _)| name)) {
            match problem {
                names::Problem::NearMiss { found, meant } => {
                    return Err(Failure::usage(
                        format!("the environment sets `{found}`, which is no setting"),
                        format!("did you mean `{meant}`?"),
                    ));
                }
                names::Problem::Unknown { found } => {
                    tracing::warn!(setting.name = %found, "the environment sets `{found}`, which is no setting of this release");
                }
            }
        }
        let Some(path) = &file.config else {
            return Ok(self);
        };
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(
                format!("cannot read `{}`: {error}", path.display()),
                "check --config",
            )
        })?;
        let file: Self = toml::from_str(&text).map_err(|error| {
            Failure::usage(
                format!("`{}`: {}", path.display(), error.to_string().trim_end()),
                "`hokusai config show` prints every setting",
            )
        })?;
        self.data_dir = self.data_dir.or(file.data_dir);
        self.database_url = self.database_url.or(file.database_url);
        self.artifacts_url = self.artifacts_url.or(file.artifacts_url);
        self.auth_listen = self.auth_listen.or(file.auth_listen);
        self.registry_listen = self.registry_listen.or(file.registry_listen);
        self.bootstrap_key_file = self.bootstrap_key_file.or(file.bootstrap_key_file);
        self.no_auth |= file.no_auth;
        self.behind_tls |= file.behind_tls;
        if self.trusted_proxy.is_empty() {
            self.trusted_proxy = file.trusted_proxy;
        }
        if self.allowed_host.is_empty() {
            self.allowed_host = file.allowed_host;
        }
        Ok(self)
    }

    /// Checks everything.
    pub(crate) fn check(&self) -> anyhow::Result<Config> {
        let auth_listen = self
            .auth_listen
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8000)));
        let registry_listen = self
            .registry_listen
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 5000)));
        for (name, address) in [
            ("--auth-listen", auth_listen),
            ("--registry-listen", registry_listen),
        ] {
            if address.ip().is_loopback() {
                continue;
            }
            if self.no_auth {
                return Err(Failure::usage(
                    format!(
                        "--no-auth and `{name} {address}` do not go together: everybody could write the registry"
                    ),
                    "listen on 127.0.0.1, or leave --no-auth out",
                ));
            }
            if !self.behind_tls {
                return Err(Failure::usage(
                    format!(
                        "`{name} {address}` is reachable from outside, and keys would travel in clear"
                    ),
                    "put TLS in front and say --behind-tls, or listen on 127.0.0.1",
                ));
            }
        }
        if let Some(all) = self.trusted_proxy.iter().find(|net| net.prefix_len() == 0) {
            return Err(Failure::usage(
                format!("--trusted-proxy {all} would let everybody choose their own address"),
                "name the addresses of your proxies",
            ));
        }
        let data_dir = self
            .data_dir
            .clone()
            .unwrap_or_else(|| PathBuf::from("hokusai-data"));
        Ok(Config {
            artifacts: self.artifacts(&data_dir)?,
            location: self.location(data_dir)?,
            trusted_proxy: self.trusted_proxy.clone(),
            allowed_host: self.allowed_host.clone(),
            auth_listen,
            registry_listen,
            bootstrap_key_file: self.bootstrap_key_file.clone(),
            no_auth: self.no_auth,
        })
    }

    fn artifacts(&self, data_dir: &std::path::Path) -> anyhow::Result<ArtifactsLocation> {
        match &self.artifacts_url {
            None => Ok(ArtifactsLocation::directory(data_dir.join("artifacts"))),
            Some(url) => url.parse().map_err(|error| {
                Failure::usage(
                    format!("--artifacts-url: {error}"),
                    "write file:/absolute/directory",
                )
            }),
        }
    }

    fn location(&self, data_dir: PathBuf) -> anyhow::Result<Location> {
        match &self.database_url {
            None => Ok(Location::Sqlite {
                directory: data_dir,
            }),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => Ok(
                Location::Postgres(PostgresLocation::new(url.clone(), "hokusai_")),
            ),
            Some(_) => Err(Failure::usage(
                "--database-url must begin with postgres://",
                "leave it out for the embedded database in --data-dir",
            )),
        }
    }
}
