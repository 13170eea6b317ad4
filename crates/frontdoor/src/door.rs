//! The listeners of a table, while they run.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use futures_util::future::join_all;
use hokusai_routes::model::{Listener, Protocol};
use hokusai_wire::client_addr::TrustedProxies;
use hokusai_wire::limits::Limits;
use hokusai_wire::serve::{Options, serve};
use hokusai_wire::shutdown::Shutdown;
use hokusai_wire::tls::Tls;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::admin::server::{self, AdminConfig, AdminListeners};
use crate::answer::FRONT_DOOR;
use crate::clear::KeysInClear;
use crate::control::read_certificates;
use crate::follow::{self, Followed};
use crate::forward::Plane;
use crate::generation::Generation;
use crate::health;
use crate::installed::Installed;
use crate::load::{Accept, LoadError, Loaded};
use crate::metrics::Metrics;
use crate::request_id::RequestIds;
use crate::service::Services;
use crate::shared::Shared;
use crate::sticky::Sticky;

/// What a front door enforces, and for whom.
#[derive(Debug)]
pub struct Config {
    /// The table that it starts with.
    pub loaded: Loaded,
    /// Where the table is read again from when it changes.
    pub routes_file: Option<PathBuf>,
    /// Addresses of listeners, in place of those that the table says.
    pub listen: BTreeMap<String, SocketAddr>,
    /// Whose `X-Forwarded-*` are kept.
    pub trusted_proxies: TrustedProxies,
    /// Bounds of each listener.
    pub limits: Limits,
    /// Services of this process that rules may reach.
    pub services: Services,
    /// Whether unproven tables are enforced, now and later.
    pub accept_unproven: bool,
    /// From whom keys are taken over plain HTTP.
    pub keys_in_clear: KeysInClear,
    /// Where it is administered.
    pub admin: AdminConfig,
    /// Random bytes, for cookies and request ids.
    pub secret: [u8; 32],
}

/// Why a front door does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The table.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A listener's address is not to be had.
    #[error("listener `{listener}` cannot listen on {address}")]
    Bind {
        /// The listener.
        listener: String,
        /// Its address.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// An address was given for a listener that the table does not have.
    #[error("an address is given for listener `{0}`, which the rule table does not have")]
    UnknownListener(String),
    /// The crypto provider offers nothing.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// A running front door.
#[derive(Debug)]
pub struct FrontDoor {
    /// Name, scheme and address of each listener.
    pub addresses: Vec<Bound>,
    /// Where the admin side listens over TCP, if it does.
    pub admin: Option<SocketAddr>,
    tasks: JoinSet<()>,
}

/// Where a listener is.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Its name in the table.
    pub listener: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Its address.
    pub address: SocketAddr,
}

impl FrontDoor {
    /// Binds all listeners, begins the health checks and serves until `shutdown`.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing runs then.
    pub async fn start(mut config: Config, shutdown: Shutdown) -> Result<Self, StartError> {
        let accept = Accept {
            unproven: config.accept_unproven,
            intent_change: false,
        };
        config.loaded.may_start(accept)?;
        if let Some(unknown) = config.unknown_listener() {
            return Err(StartError::UnknownListener(unknown));
        }
        let loaded = Arc::new(config.loaded.clone());
        let tls = tls_of(&loaded)?;
        let metrics = Metrics::default();
        let current = Generation::new(Arc::clone(&loaded), &[], &config.services, &metrics)
            .map_err(LoadError::from)?;
        let mut sockets = Vec::new();
        for listener in &loaded.table.listeners {
            sockets.push((listener.clone(), bind(listener, &config.listen).await?));
        }
        let admin = AdminListeners::bind(&config.admin).await?;
        let addresses: Vec<Bound> = sockets
            .iter()
            .map(|(listener, (_, address))| Bound {
                listener: listener.name.clone(),
                scheme: listener.protocol.scheme(),
                address: *address,
            })
            .collect();
        // Whoever is there already is healthy before the first request comes.
        let asked = current.groups.values().map(|group| health::warm_up(group));
        let _ = timeout(FIRST_CHECK, join_all(asked)).await;
        for group in current.groups.values() {
            health::watch_all(group, &shutdown);
        }
        let limits = config.limits.clone();
        let shared = Arc::new(config.share(current, tls, metrics, &addresses, shutdown));
        let mut door = Self {
            addresses,
            admin: admin.address(),
            tasks: JoinSet::new(),
        };
        for (listener, (socket, address)) in sockets {
            door.serve(&listener, socket, address, &limits, &shared);
        }
        door.tasks.spawn(follow::follow(Arc::clone(&shared)));
        door.tasks.spawn(server::serve(admin, shared));
        Ok(door)
    }

    /// Returns once the shutdown was requested and what ran is done.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    fn serve(
        &mut self,
        listener: &Listener,
        socket: TcpListener,
        address: SocketAddr,
        limits: &Limits,
        shared: &Arc<Shared>,
    ) {
        let plane = Arc::new(Plane {
            name: listener.name.clone(),
            protocol: listener.protocol,
            port: address.port(),
            shared: Arc::clone(shared),
        });
        let service = tower::service_fn(move |request| {
            let plane = Arc::clone(&plane);
            async move { Ok::<_, Infallible>(plane.answer(request).await) }
        });
        let options = Options {
            answered_by: FRONT_DOOR,
            limits: limits.clone(),
            tls: shared.tls.get(&listener.name).cloned(),
            allowed_hosts: None,
        };
        self.tasks
            .spawn(serve(socket, service, options, shared.shutdown.clone()));
    }
}

impl Config {
    fn unknown_listener(&self) -> Option<String> {
        let mut names = self.listen.keys();
        names
            .find(|name| self.loaded.table.listener(name).is_none())
            .cloned()
    }

    fn share(
        &mut self,
        current: Generation,
        tls: BTreeMap<String, Tls>,
        metrics: Metrics,
        addresses: &[Bound],
        shutdown: Shutdown,
    ) -> Shared {
        let url = |bound: &Bound| {
            let url = format!("{}://{}", bound.scheme, bound.address);
            (bound.listener.clone(), url)
        };
        Shared {
            changing: tokio::sync::Mutex::new(Followed {
                digest: current.loaded.digest.clone(),
                is_refused: false,
            }),
            installed: RwLock::new(Arc::new(Installed {
                revision: 1,
                current: Arc::new(current),
                previous: None,
                next: None,
                next_percent: BTreeMap::new(),
            })),
            tls,
            metrics,
            proxies: self.trusted_proxies.clone(),
            services: std::mem::take(&mut self.services),
            sticky: Sticky::new(&self.secret),
            // Ids are seen by everybody: they are made of a hash, not of the cookies' key.
            ids: RequestIds::new(seed_of(&self.secret)),
            turn: AtomicU64::new(0),
            keys_in_clear: self.keys_in_clear,
            accept: Accept {
                unproven: self.accept_unproven,
                intent_change: false,
            },
            routes_file: self.routes_file.clone(),
            shutdown,
            addresses: addresses.iter().map(url).collect(),
        }
    }
}

fn seed_of(secret: &[u8; 32]) -> u64 {
    let hash = ring::digest::digest(&ring::digest::SHA256, secret);
    let first = hash.as_ref().first_chunk::<8>();
    first.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn tls_of(loaded: &Arc<Loaded>) -> Result<BTreeMap<String, Tls>, StartError> {
    let mut identities = read_certificates(&[Arc::clone(loaded)])?;
    let secured = loaded
        .table
        .listeners
        .iter()
        .filter(|one| one.protocol == Protocol::Https);
    secured
        .map(|listener| {
            let identities = identities.remove(&listener.name).unwrap_or_default();
            let tls = Tls::new(identities).map_err(|error| StartError::Tls(error.to_string()))?;
            Ok((listener.name.clone(), tls))
        })
        .collect()
}

async fn bind(
    listener: &Listener,
    listen: &BTreeMap<String, SocketAddr>,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let ip = listener.bind.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let own = SocketAddr::new(ip, listener.port);
    let address = listen.get(&listener.name).copied().unwrap_or(own);
    let refused = |source| StartError::Bind {
        listener: listener.name.clone(),
        address: address.to_string(),
        source,
    };
    let socket = TcpListener::bind(address).await.map_err(refused)?;
    let bound = socket.local_addr().map_err(refused)?;
    Ok((socket, bound))
}

/// Targets that take longer are found by their next check; the start must not wait for what is down.
const FIRST_CHECK: Duration = Duration::from_secs(1);
