//! The front door: its rules, its addresses, and where it is administered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use hokusai_frontdoor::clear::KeysInClear;

use crate::exit::Failure;

/// As it was said.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Front door")]
#[expect(clippy::struct_field_names, reason = "a field is the name of a flag")]
pub(crate) struct FrontDoorSettings {
    /// The rule table, a TOML file; with it `hokusai serve` runs a front door too.
    #[arg(
        long,
        env = "HOKUSAI_FRONT_DOOR_ROUTES",
        global = true,
        value_name = "FILE"
    )]
    pub front_door_routes: Option<PathBuf>,
    /// Where a listener of the table listens here, in place of the port that the table says; may be repeated.
    #[arg(
        long,
        env = "HOKUSAI_FRONT_DOOR_LISTEN",
        global = true,
        value_name = "NAME=ADDR",
        value_delimiter = ','
    )]
    pub front_door_listen: Vec<String>,
    /// Serves a table that the prover does not accept, or that says nothing about intent; later ones too.
    #[arg(
        long,
        env = "HOKUSAI_FRONT_DOOR_ACCEPT_UNPROVEN",
        global = true,
        value_parser = BoolishValueParser::new()
    )]
    pub front_door_accept_unproven: bool,
    /// From whom plain listeners take keys: this machine and trusted proxies that ended TLS, or only the latter.
    #[arg(
        long,
        env = "HOKUSAI_FRONT_DOOR_KEYS_IN_CLEAR",
        global = true,
        value_enum,
        default_value_t = FromWhom::Loopback
    )]
    pub front_door_keys_in_clear: FromWhom,
    /// The Unix socket of its admin side; `front-door.sock` in the data directory if nothing is said.
    #[arg(
        long,
        env = "HOKUSAI_FRONT_DOOR_ADMIN_SOCKET",
        global = true,
        value_name = "FILE"
    )]
    pub front_door_admin_socket: Option<PathBuf>,
    /// An address on loopback for its admin side, besides the socket.
    #[arg(
        long,
        env = "HOKUSAI_FRONT_DOOR_ADMIN_LISTEN",
        global = true,
        value_name = "ADDR"
    )]
    pub front_door_admin_listen: Option<SocketAddr>,
    /// Holds the key for that address, made if it is not there; `front-door-admin.key` in the data directory if nothing is said.
    #[arg(
        long,
        env = "HOKUSAI_FRONT_DOOR_ADMIN_KEY_FILE",
        global = true,
        value_name = "FILE"
    )]
    pub front_door_admin_key_file: Option<PathBuf>,
}

/// From whom plain listeners take keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FromWhom {
    /// This machine, and trusted proxies that say they ended TLS.
    Loopback,
    /// Only such proxies.
    Never,
}

/// Checked.
#[derive(Clone, Debug)]
pub(crate) struct FrontDoorConfig {
    /// The rule table, if there is to be a front door.
    pub routes: Option<PathBuf>,
    /// Addresses of listeners.
    pub listen: BTreeMap<String, SocketAddr>,
    /// Whether unproven tables are served.
    pub accept_unproven: bool,
    /// From whom plain listeners take keys.
    pub keys_in_clear: KeysInClear,
    /// The socket of the admin side.
    pub admin_socket: PathBuf,
    /// Its address, if it has one.
    pub admin_listen: Option<SocketAddr>,
    /// The file of that address's key.
    pub admin_key_file: PathBuf,
}

impl FrontDoorSettings {
    pub(super) fn check(&self, data_dir: &Path) -> anyhow::Result<FrontDoorConfig> {
        let listen = self.front_door_listen.iter().map(|said| listener(said));
        if let Some(address) = self.front_door_admin_listen
            && !address.ip().is_loopback()
        {
            return Err(Failure::usage(
                format!("front-door-admin-listen {address} is reachable from outside"),
                "the admin side listens on loopback only, e.g. 127.0.0.1:8081",
            ));
        }
        let in_data_dir = |said: &Option<PathBuf>, name: &str| {
            said.clone().unwrap_or_else(|| data_dir.join(name))
        };
        Ok(FrontDoorConfig {
            routes: self.front_door_routes.clone(),
            listen: listen.collect::<Result<_, _>>()?,
            accept_unproven: self.front_door_accept_unproven,
            keys_in_clear: match self.front_door_keys_in_clear {
                FromWhom::Loopback => KeysInClear::FromLoopback,
                FromWhom::Never => KeysInClear::Never,
            },
            admin_socket: in_data_dir(&self.front_door_admin_socket, "front-door.sock"),
            admin_listen: self.front_door_admin_listen,
            admin_key_file: in_data_dir(&self.front_door_admin_key_file, "front-door-admin.key"),
        })
    }
}

fn listener(said: &str) -> anyhow::Result<(String, SocketAddr)> {
    said.split_once('=')
        .and_then(|(name, address)| Some((name.to_owned(), address.parse().ok()?)))
        .ok_or_else(|| {
            Failure::usage(
                format!("front-door-listen: `{said}` is not NAME=ADDRESS:PORT"),
                "for example main=127.0.0.1:8080, with the name of a listener of the rule table",
            )
        })
}
