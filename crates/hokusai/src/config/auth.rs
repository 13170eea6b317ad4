//! Who judges keys, and where the first one goes.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::BoolishValueParser;
use hokusai_core::key::ApiKey;
use hokusai_server::authority::stale::{self, StaleWindow};
use hokusai_server::outbound;
use reqwest::Url;

use crate::exit::Failure;

/// As it was said.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Keys")]
pub(crate) struct AuthSettings {
    /// Writes the first key to a new file with mode 0600.
    #[arg(
        long,
        env = "HOKUSAI_BOOTSTRAP_KEY_FILE",
        global = true,
        value_name = "FILE"
    )]
    pub bootstrap_key_file: Option<PathBuf>,
    /// The registry asks nobody for keys; only on loopback.
    #[arg(
        long,
        env = "HOKUSAI_NO_AUTH",
        global = true,
        value_parser = BoolishValueParser::new()
    )]
    pub no_auth: bool,
    /// The auth service, for a registry that runs apart and for commands: https, or plain http on this machine.
    #[arg(long, env = "HOKUSAI_AUTH_URL", global = true, value_name = "URL")]
    pub auth_url: Option<String>,
    /// Holds the key of a registry that runs apart, which needs the scope keys:validate.
    #[arg(
        long,
        env = "HOKUSAI_AUTH_KEY_FILE",
        global = true,
        value_name = "FILE"
    )]
    pub auth_key_file: Option<PathBuf>,
    /// How many seconds known keys keep working while the auth service or its database is away, 0 to 300.
    #[arg(
        long,
        env = "HOKUSAI_AUTH_STALE_WINDOW",
        global = true,
        value_name = "SECONDS",
        default_value_t = stale::DEFAULT_SECONDS,
        value_parser = clap::value_parser!(u64).range(0..=stale::MOST_SECONDS)
    )]
    pub auth_stale_window: u64,
}

/// Checked.
#[derive(Clone, Debug)]
pub(crate) struct AuthConfig {
    /// Where the first key goes, if not to the terminal.
    pub bootstrap_key_file: Option<PathBuf>,
    /// Whether the registry asks nobody for keys.
    pub no_auth: bool,
    /// How long known keys keep working unconfirmed.
    pub stale_window: StaleWindow,
    /// The auth service elsewhere, if one was named.
    pub remote: RemoteAuth,
}

/// An auth service elsewhere, and the key that it is asked with.
#[derive(Clone, Debug)]
pub(crate) struct RemoteAuth {
    url: Option<Url>,
    key_file: Option<PathBuf>,
}

impl AuthSettings {
    pub(super) fn check(&self) -> anyhow::Result<AuthConfig> {
        let url = self
            .auth_url
            .as_deref()
            .map(outbound::auth_url)
            .transpose()
            .map_err(|error| Failure::usage(format!("auth-url: {error}"), "check auth-url"))?;
        let stale_window = StaleWindow::from_seconds(self.auth_stale_window).ok_or_else(|| {
            Failure::usage(
                format!(
                    "auth-stale-window must be 0 to {} seconds",
                    stale::MOST_SECONDS
                ),
                "see `--auth-stale-window` in `hokusai --help`",
            )
        })?;
        Ok(AuthConfig {
            bootstrap_key_file: self.bootstrap_key_file.clone(),
            no_auth: self.no_auth,
            stale_window,
            remote: RemoteAuth {
                url,
                key_file: self.auth_key_file.clone(),
            },
        })
    }
}

impl RemoteAuth {
    /// Where a registry that runs apart asks; without it such a registry cannot start.
    pub(crate) fn url(&self) -> anyhow::Result<&Url> {
        self.url.as_ref().ok_or_else(|| {
            Failure::usage(
                "a registry without the auth service in the same process must know where that is",
                "say --auth-url URL --auth-key-file FILE, or run `hokusai serve`, or --no-auth on loopback",
            )
        })
    }

    /// The registry's own key, read from its file.
    pub(crate) fn credential(&self) -> anyhow::Result<ApiKey> {
        let path = self.key_file.as_deref().ok_or_else(|| {
            Failure::usage(
                "the registry needs a key of its own to ask the auth service: auth-key-file",
                CREDENTIAL_HINT,
            )
        })?;
        read_key(path)
    }
}

fn read_key(path: &Path) -> anyhow::Result<ApiKey> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(
            format!("cannot read `{}`: {error}", path.display()),
            CREDENTIAL_HINT,
        )
    })?;
    ApiKey::parse(&text).map_err(|invalid| {
        Failure::usage(format!("`{}`: {invalid}", path.display()), CREDENTIAL_HINT)
    })
}

const CREDENTIAL_HINT: &str =
    "make one with `hokusai keys create --name registry --scope keys:validate > FILE`";
