//! The front door: a rule table, enforced once it was proven; alone, or before the services of the same process.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use hokusai_core::random::Random as _;
use hokusai_frontdoor::admin::server::AdminConfig;
use hokusai_frontdoor::door::{Config as DoorConfig, FrontDoor, StartError};
use hokusai_frontdoor::load::{LoadError, Loaded, Proof};
use hokusai_frontdoor::service::Services;
use hokusai_wire::client_addr::TrustedProxies;
use hokusai_wire::limits::Limits;
use hokusai_wire::shutdown::{self, Trigger};

use crate::config::{Config, FrontDoorConfig};
use crate::exit::{Exit, Failure};
use crate::system::SystemRandom;

/// What the front door enforces.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// The rule table, a TOML file; the same as --front-door-routes.
    #[arg(long, value_name = "FILE")]
    routes: Option<PathBuf>,
    /// Serves a table that the prover does not accept, or that says nothing about intent; later ones too.
    #[arg(long)]
    accept_unproven: bool,
}

/// A running front door and how to stop it.
pub(crate) struct Door {
    door: FrontDoor,
    trigger: Trigger,
}

/// Serves alone until `stop` is ready.
pub(crate) async fn run(
    arguments: &Arguments,
    config: &Config,
    is_announced: bool,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Exit> {
    let mut config = config.clone();
    config.front_door.accept_unproven |= arguments.accept_unproven;
    let said = arguments.routes.clone();
    let Some(routes) = said.or(config.front_door.routes.clone()) else {
        return Err(Failure::usage(
            "a front door needs a rule table",
            "say --routes FILE; examples/routes has two",
        ));
    };
    let door = Door::start(&routes, &config, Services::default()).await?;
    door.announce(is_announced);
    stop.await;
    tracing::info!("stopping: no new connections, finishing what runs");
    door.stop().await;
    Ok(Exit::Fine)
}

impl Door {
    /// Reads and proves the table, and serves it.
    pub(crate) async fn start(
        routes: &Path,
        config: &Config,
        services: Services,
    ) -> anyhow::Result<Self> {
        let path = routes.to_owned();
        let loaded = tokio::task::spawn_blocking(move || Loaded::read(&path)).await?;
        let loaded = loaded.map_err(|error| refused(&error.into()))?;
        if let (Proof::Unproven(why), true) = (&loaded.proof, config.front_door.accept_unproven) {
            tracing::warn!("serving an unproven rule table, as accept-unproven says: {why}");
        }
        let mut secret = [0; 32];
        SystemRandom.fill(&mut secret);
        let (trigger, shutdown) = shutdown::channel();
        let config = DoorConfig {
            loaded,
            routes_file: Some(routes.to_owned()),
            listen: config.front_door.listen.clone(),
            trusted_proxies: TrustedProxies::new(config.listeners.trusted_proxy.clone())?,
            limits: Limits::default(),
            services,
            accept_unproven: config.front_door.accept_unproven,
            keys_in_clear: config.front_door.keys_in_clear,
            admin: admin(&config.front_door)?,
            secret,
        };
        let started = FrontDoor::start(config, shutdown).await;
        let door = started.map_err(|error| refused(&error))?;
        Ok(Self { door, trigger })
    }

    /// Says where it is.
    pub(crate) fn announce(&self, on_stdout: bool) {
        for bound in &self.door.addresses {
            let (listener, url) = (
                &bound.listener,
                format!("{}://{}", bound.scheme, bound.address),
            );
            tracing::info!(listener.name = %listener, listen.address = %bound.address, "listener `{listener}` of the front door is at {url}");
            if on_stdout {
                let line =
                    serde_json::json!({"service": "front-door", "listener": listener, "url": url});
                println!("{line}");
            }
        }
        if let Some(address) = self.door.admin {
            tracing::info!(listen.address = %address, "the front door's admin side is at http://{address}");
            if on_stdout {
                let line = serde_json::json!({"service": "front-door-admin", "url": format!("http://{address}")});
                println!("{line}");
            }
        }
    }

    /// Stops accepting and lets requests finish for a while.
    pub(crate) async fn stop(self) {
        self.trigger.request();
        self.door.stopped().await;
    }
}

fn refused(error: &StartError) -> anyhow::Error {
    match error {
        StartError::Load(LoadError::Unreadable { name, source }) => Failure::usage(
            format!("the rule table `{name}` cannot be read: {source}"),
            "check --routes",
        ),
        StartError::Load(error) => Failure::usage(error.to_string(), error.hint()),
        StartError::UnknownListener(_) => {
            Failure::usage(error.to_string(), "name a listener of the rule table")
        }
        StartError::Bind { source, .. } => anyhow::anyhow!("{error}: {source}"),
        StartError::Tls(_) => anyhow::anyhow!("{error}"),
    }
}

fn admin(config: &FrontDoorConfig) -> anyhow::Result<AdminConfig> {
    for file in [&config.admin_socket, &config.admin_key_file] {
        let directory = file
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        if let Some(directory) = directory {
            let made = fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory);
            made.with_context(|| format!("`{}` cannot be made", directory.display()))?;
        }
    }
    let key = config
        .admin_listen
        .map(|address| Ok::<_, anyhow::Error>((address, admin_key(&config.admin_key_file)?)));
    Ok(AdminConfig {
        socket: Some(config.admin_socket.clone()),
        tcp: key.transpose()?,
    })
}

/// The key in the file; a new one if there is no file.
fn admin_key(path: &Path) -> anyhow::Result<String> {
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(mut file) => {
            let (mut first, mut second) = ([0; 16], [0; 16]);
            SystemRandom.fill(&mut first);
            SystemRandom.fill(&mut second);
            let [first, second] = [first, second].map(u128::from_le_bytes);
            let key = format!("{first:032x}{second:032x}");
            writeln!(file, "{key}")?;
            file.sync_all()?;
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read_admin_key(path),
        Err(error) => Err(error).context(format!("`{}` cannot be made", path.display())),
    }
}

/// The key in the file.
pub(crate) fn read_admin_key(path: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("the admin key file `{}` cannot be read", path.display()))?;
    let key = text.trim();
    if key.len() < MIN_ADMIN_KEY_LENGTH {
        return Err(Failure::usage(
            format!(
                "the admin key in `{}` is shorter than {MIN_ADMIN_KEY_LENGTH} characters",
                path.display()
            ),
            "remove the file: the next start makes a new one",
        ));
    }
    Ok(key.to_owned())
}

/// What is shorter could be guessed.
const MIN_ADMIN_KEY_LENGTH: usize = 32;
