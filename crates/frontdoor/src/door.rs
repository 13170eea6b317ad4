//! The listeners of a table, while they run.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use hokusai_routes::model::{Listener, Table};
use hokusai_wire::client_addr::TrustedProxies;
use hokusai_wire::limits::Limits;
use hokusai_wire::serve::{Options, serve};
use hokusai_wire::shutdown::Shutdown;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::answer::FRONT_DOOR;
use crate::forward::{Plane, reads_headers};
use crate::group::Group;
use crate::health;
use crate::unsupported::{self, Unsupported};

/// What a front door enforces, and for whom.
#[derive(Clone, Debug)]
pub struct Config {
    /// The table. Whether it was proven is its owner's decision.
    pub table: Table,
    /// Whose `X-Forwarded-*` are kept.
    pub trusted_proxies: TrustedProxies,
    /// Bounds of each listener.
    pub limits: Limits,
}

/// Why a front door does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The table asks for what it can't do.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// A listener's address is not to be had.
    #[error("listener `{listener}` cannot listen on {address}")]
    Bind {
        /// The listener.
        listener: String,
        /// Its address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A running front door.
#[derive(Debug)]
pub struct FrontDoor {
    /// Name and address of each listener.
    pub addresses: Vec<(String, SocketAddr)>,
    tasks: JoinSet<()>,
}

impl FrontDoor {
    /// Binds all listeners, begins the health checks and serves until `shutdown`.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing runs then.
    pub async fn start(config: Config, shutdown: Shutdown) -> Result<Self, StartError> {
        unsupported::check(&config.table)?;
        let mut groups = BTreeMap::new();
        for group in &config.table.target_groups {
            groups.insert(group.name.clone(), Arc::new(Group::new(group)?));
        }
        let mut bound = Vec::new();
        for listener in &config.table.listeners {
            bound.push((listener, bind(listener).await?));
        }
        let mut door = Self {
            addresses: Vec::new(),
            tasks: JoinSet::new(),
        };
        door.check_health(&groups, &shutdown);
        for (listener, (socket, address)) in bound {
            door.addresses.push((listener.name.clone(), address));
            let plane = Arc::new(Plane {
                reads_headers: reads_headers(listener),
                listener: listener.clone(),
                groups: groups.clone(),
                client: Client::builder(TokioExecutor::new()).build(connector()),
                proxies: config.trusted_proxies.clone(),
                turn: AtomicU64::new(0),
            });
            let service = tower::service_fn(move |request| {
                let plane = Arc::clone(&plane);
                async move { Ok::<_, Infallible>(plane.answer(request).await) }
            });
            let options = Options {
                answered_by: FRONT_DOOR,
                limits: config.limits.clone(),
                tls: None,
                allowed_hosts: None,
            };
            door.tasks
                .spawn(serve(socket, service, options, shutdown.clone()));
        }
        Ok(door)
    }

    /// Returns once the shutdown was requested and what ran is done.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    fn check_health(&mut self, groups: &BTreeMap<String, Arc<Group>>, shutdown: &Shutdown) {
        // A check must not profit from a connection that a dead target has left half open.
        let prober: health::Prober = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector());
        for group in groups.values().filter(|group| group.health.enabled) {
            for index in 0..group.targets.len() {
                self.tasks.spawn(health::watch(
                    Arc::clone(group),
                    index,
                    prober.clone(),
                    shutdown.clone(),
                ));
            }
        }
    }
}

async fn bind(listener: &Listener) -> Result<(TcpListener, SocketAddr), StartError> {
    let address = SocketAddr::new(
        listener.bind.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        listener.port,
    );
    let refused = |source| StartError::Bind {
        listener: listener.name.clone(),
        address,
        source,
    };
    let socket = TcpListener::bind(address).await.map_err(refused)?;
    let bound = socket.local_addr().map_err(refused)?;
    Ok((socket, bound))
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector
}

/// A target is near; one that takes longer is better reported than waited for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
