//! Settings from flags, environment and file: one typed value, wholly checked before anything starts.
//!
//! A flag wins over the environment, the environment over the file, the file over the default. A setting is a flag of one of the
//! sections below and nothing else: its name in the environment, its name in the file, its help, its check and its line in
//! `hokusai config show` all follow from that.
//!
//! # To add a setting
//! 1. A field with `#[arg(long, env = "HOKUSAI_…", global = true)]` in the section's file ([`storage`], [`listeners`], [`auth`], [`front_door`]);
//!    `hide_env_values = true` makes it a secret. Lists are `Vec`s with a `value_delimiter`.
//! 2. Its check, in the same file, as a field of the section's checked struct.
//!
//! A new section is a file with both structs and a line in [`Settings`] and [`Config`]. In the file `[front-door] routes = …` means
//! the same as `front-door-routes = …`.

mod auth;
mod file;
mod front_door;
mod layers;
mod listeners;
mod names;
mod shown;
mod storage;

use std::path::PathBuf;

use clap::{Args, FromArgMatches as _};

pub(crate) use auth::AuthConfig;
pub(crate) use front_door::FrontDoorConfig;
pub(crate) use layers::read;
pub(crate) use listeners::ListenersConfig;
pub(crate) use shown::{Setting, Source};
pub(crate) use storage::StorageConfig;

/// Every setting, as it was said.
#[derive(Args, Clone, Debug)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub storage: storage::StorageSettings,
    #[command(flatten)]
    pub listeners: listeners::ListenersSettings,
    #[command(flatten)]
    pub auth: auth::AuthSettings,
    #[command(flatten)]
    pub front_door: front_door::FrontDoorSettings,
}

/// Where settings are read from besides flags and environment.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FileArgument {
    /// A TOML file with the settings.
    #[arg(long, env = "HOKUSAI_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Checked settings; each part takes its own section.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Databases and artifacts.
    pub storage: StorageConfig,
    /// Addresses, and whom they believe.
    pub listeners: ListenersConfig,
    /// Keys.
    pub auth: AuthConfig,
    /// The front door.
    pub front_door: FrontDoorConfig,
}

impl Settings {
    /// Settings from these flags alone: neither the caller's environment nor a file counts.
    pub(crate) fn from_flags(flags: &[&str]) -> anyhow::Result<Self> {
        let command = layers::settings_command()
            .no_binary_name(true)
            .mut_args(|arg| arg.env(clap::builder::Resettable::Reset));
        Ok(Self::from_arg_matches(
            &command.try_get_matches_from(flags)?,
        )?)
    }

    /// Checks everything.
    pub(crate) fn check(&self) -> anyhow::Result<Config> {
        Ok(Config {
            storage: self.storage.check()?,
            listeners: self.listeners.check(self.auth.no_auth)?,
            auth: self.auth.check()?,
            front_door: self.front_door.check(&self.storage.data_dir)?,
        })
    }
}
