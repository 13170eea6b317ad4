//! A front door with a target for each group.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use hokusai_frontdoor::admin::client::{Address, AdminClient};
use hokusai_frontdoor::admin::protocol::Status;
use hokusai_frontdoor::admin::server::AdminConfig;
use hokusai_frontdoor::clear::KeysInClear;
use hokusai_frontdoor::door::{Config, FrontDoor, StartError};
use hokusai_frontdoor::load::Loaded;
use hokusai_frontdoor::service::Services;
use hokusai_wire::client_addr::TrustedProxies;
use hokusai_wire::limits::Limits;
use hokusai_wire::shutdown::{self, Trigger};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::target::Target;

/// A running front door. Its rule file is in a directory of its own.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) auth: Target,
    pub(crate) registry: Target,
    pub(crate) admin: AdminClient,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) trigger: Trigger,
}

/// What may differ from the usual world.
pub(crate) struct Recipe {
    /// The rule table; `{auth}` and `{registry}` become the targets' addresses.
    pub(crate) rules: String,
    pub(crate) trusted: &'static [&'static str],
    pub(crate) keys_in_clear: KeysInClear,
    pub(crate) accept_unproven: bool,
    pub(crate) services: Services,
    pub(crate) limits: Limits,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            rules: RULES.to_owned(),
            trusted: &[],
            keys_in_clear: KeysInClear::FromLoopback,
            accept_unproven: false,
            services: Services::default(),
            limits: Limits::default(),
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Recipe::default().start().await
    }

    pub(crate) async fn with_rules(rules: &str) -> Self {
        let rules = rules.to_owned();
        let recipe = Recipe {
            rules,
            accept_unproven: true,
            ..Recipe::default()
        };
        recipe.start().await
    }

    pub(crate) fn routes_file(&self) -> PathBuf {
        self.directory.path().join("routes.toml")
    }

    /// The table with the targets' addresses.
    pub(crate) fn filled(&self, rules: &str) -> String {
        filled(rules, &self.auth, &self.registry)
    }

    /// Sends bytes as they are and reads until the door closes.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        exchange(self.address, bytes.as_ref()).await
    }

    pub(crate) async fn get(&self, host: &str, path: &str) -> String {
        self.get_with(host, path, "").await
    }

    /// With more header lines, each ended by CR LF.
    pub(crate) async fn get_with(&self, host: &str, path: &str, lines: &str) -> String {
        self.exchange(format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}Connection: close\r\n\r\n"
        ))
        .await
    }

    /// Asks for the status until it is as wanted.
    pub(crate) async fn until(&self, is_wanted: impl Fn(&Status) -> bool) -> Status {
        let asked = async {
            loop {
                let status = self.admin.status().await.unwrap();
                if is_wanted(&status) {
                    return status;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), asked)
            .await
            .unwrap()
    }
}

impl Recipe {
    pub(crate) async fn start(self) -> World {
        self.try_start().await.unwrap()
    }

    pub(crate) async fn try_start(self) -> Result<World, StartError> {
        self.start_in(tempfile::tempdir().unwrap()).await
    }

    /// With what is in the directory already.
    pub(crate) async fn start_in(self, directory: tempfile::TempDir) -> Result<World, StartError> {
        let (auth, registry) = (Target::start("auth").await, Target::start("registry").await);
        let routes = directory.path().join("routes.toml");
        let socket = directory.path().join("admin.sock");
        std::fs::write(&routes, filled(&self.rules, &auth, &registry)).unwrap();
        let loaded = Loaded::read(&routes)?;
        let names = loaded.table.listeners.iter().map(|one| one.name.clone());
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let (trigger, shutdown) = shutdown::channel();
        let config = Config {
            listen: names.map(|name| (name, free)).collect::<BTreeMap<_, _>>(),
            loaded,
            routes_file: Some(routes),
            trusted_proxies: TrustedProxies::parse(self.trusted.iter().copied()).unwrap(),
            limits: self.limits,
            services: self.services,
            accept_unproven: self.accept_unproven,
            keys_in_clear: self.keys_in_clear,
            admin: AdminConfig {
                socket: Some(socket.clone()),
                tcp: None,
            },
            secret: [7; 32],
        };
        let door = FrontDoor::start(config, shutdown).await?;
        let address = door.addresses[0].address;
        tokio::spawn(door.stopped());
        Ok(World {
            address,
            auth,
            registry,
            admin: AdminClient::new(Address::Socket(socket)),
            directory,
            trigger,
        })
    }
}

pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn filled(rules: &str, auth: &Target, registry: &Target) -> String {
    rules
        .replace("{auth}", &auth.address.to_string())
        .replace("{registry}", &registry.address.to_string())
}

/// Two hosts, two groups, nothing else.
pub(crate) const RULES: &str = r#"
[[listener]]
name = "main"
protocol = "http"
port = 80
default = { respond = 404 }
[[listener.rule]]
name = "auth"
priority = 10
host = ["auth.example.com"]
forward = "auth"
[[listener.rule]]
name = "registry"
priority = 20
host = ["registry.example.com"]
forward = "registry"
[target_group.auth]
targets = ["{auth}"]
max_in_flight = 1
response_timeout_ms = 50
health = { enabled = false }
[target_group.registry]
targets = ["{registry}"]
health = { enabled = false }
[intent."auth.example.com"]
may = ["auth"]
[intent."registry.example.com"]
may = ["registry"]
[intent."*"]
may = []
"#;
