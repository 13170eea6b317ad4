//! A second front door, on loopback and for the length of the migration, that enforces the new table alone: so that it can be
//! asked before it decides about any client.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use hokusai_core::random::Random as _;
use hokusai_frontdoor::admin::server::AdminConfig;
use hokusai_frontdoor::clear::KeysInClear;
use hokusai_frontdoor::door::{Bound, Config, FrontDoor};
use hokusai_frontdoor::load::Loaded;
use hokusai_frontdoor::service::Services;
use hokusai_migrate::cloud::CloudError;
use hokusai_migrate::plan::Plan;
use hokusai_routes::model::{Listener, Table};
use hokusai_routes::questions::literal_hosts;
use hokusai_verify::endpoint::Endpoint;
use hokusai_wire::client_addr::TrustedProxies;
use hokusai_wire::limits::Limits;
use hokusai_wire::shutdown::{self, Trigger};

use crate::system::SystemRandom;

/// It ends with this value.
pub(super) struct DirectDoor {
    door: FrontDoor,
    table: Table,
    trigger: Trigger,
}

impl DirectDoor {
    /// Listens on free ports of this machine.
    pub(super) fn start(
        runtime: &tokio::runtime::Runtime,
        plan: &Plan,
        name: &str,
    ) -> Result<Self, CloudError> {
        let failed = |why: String| {
            CloudError::Failed(format!("the new table cannot be asked directly: {why}"))
        };
        let directory = Path::new(name)
            .parent()
            .map_or_else(PathBuf::new, Path::to_owned);
        let loaded = Loaded::parse(name.to_owned(), directory, plan.next.clone())
            .map_err(|error| failed(error.to_string()))?;
        let free = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let listen = loaded
            .table
            .listeners
            .iter()
            .map(|listener| (listener.name.clone(), free))
            .collect();
        let table = loaded.table.clone();
        let mut secret = [0; 32];
        SystemRandom.fill(&mut secret);
        let config = Config {
            loaded,
            routes_file: None,
            listen,
            trusted_proxies: TrustedProxies::new(Vec::new())
                .map_err(|error| failed(error.to_string()))?,
            limits: Limits::default(),
            services: Services::default(),
            accept_unproven: false,
            keys_in_clear: KeysInClear::default(),
            admin: AdminConfig::default(),
            secret,
        };
        let (trigger, shutdown) = shutdown::channel();
        let door = runtime
            .block_on(FrontDoor::start(config, shutdown))
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            door,
            table,
            trigger,
        })
    }

    /// Where each host of the plan is asked: at the listener whose certificates or rules name it, else at the first.
    pub(super) fn addresses(&self, plan: &Plan) -> BTreeMap<String, String> {
        let urls = [&plan.endpoints.auth, &plan.endpoints.registry];
        let endpoints = urls
            .into_iter()
            .filter_map(|url| url.parse::<Endpoint>().ok());
        endpoints
            .filter_map(|endpoint| {
                let bound = self.listener_of(&endpoint)?;
                let host = format!("{}:{}", endpoint.host, endpoint.port);
                Some((host, bound.address.to_string()))
            })
            .collect()
    }

    fn listener_of(&self, endpoint: &Endpoint) -> Option<&Bound> {
        let scheme = if endpoint.is_tls { "https" } else { "http" };
        let mut of_scheme = self
            .door
            .addresses
            .iter()
            .filter(|bound| bound.scheme == scheme);
        let own = of_scheme.clone().find(|bound| {
            let listener = self.table.listener(&bound.listener);
            listener.is_some_and(|listener| names(listener, &endpoint.host))
        });
        own.or_else(|| of_scheme.next())
    }
}

/// Whether a listener is for a host.
fn names(listener: &Listener, host: &str) -> bool {
    let mut certified = listener
        .certificates
        .iter()
        .flat_map(|certificate| &certificate.names);
    let mut ruled = listener.rules.iter().flat_map(literal_hosts);
    certified.any(|name| name.eq_ignore_ascii_case(host))
        || ruled.any(|name| name.eq_ignore_ascii_case(host))
}

impl Drop for DirectDoor {
    fn drop(&mut self) {
        self.trigger.request();
    }
}
