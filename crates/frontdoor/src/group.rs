//! Target groups while they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hokusai_routes::model::{HealthCheck, Protocol, TargetGroup};
use http::uri::Authority;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::unsupported::Unsupported;

/// A target group, its targets' health and its own limit, so that one that hangs can't starve another.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) targets: Vec<Target>,
    pub(crate) health: HealthCheck,
    pub(crate) response_timeout: Duration,
    fail_open: bool,
    in_flight: Arc<Semaphore>,
    next: AtomicUsize,
}

/// A server.
pub(crate) struct Target {
    pub(crate) authority: Authority,
    pub(crate) is_healthy: AtomicBool,
}

impl Group {
    pub(crate) fn new(group: &TargetGroup) -> Result<Self, Unsupported> {
        let targets = group
            .targets
            .iter()
            .map(|target| Target::new(group, target))
            .collect::<Result<_, _>>()?;
        let limit = group
            .max_in_flight
            .map_or(MAX_IN_FLIGHT, |limit| limit as usize);
        Ok(Self {
            name: group.name.clone(),
            targets,
            health: group.health.clone(),
            response_timeout: group
                .response_timeout_ms
                .map_or(RESPONSE_TIMEOUT, Duration::from_millis),
            fail_open: group.fail_open,
            in_flight: Arc::new(Semaphore::new(limit)),
            next: AtomicUsize::new(0),
        })
    }

    /// A place in the group, if it isn't full.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.in_flight).try_acquire_owned().ok()
    }

    /// The next healthy target in turn; any when none is and the group fails open.
    pub(crate) fn choose(&self) -> Option<&Target> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let healthy = || {
            self.targets
                .iter()
                .filter(|target| target.is_healthy.load(Ordering::Relaxed))
        };
        match (healthy().count(), self.targets.len()) {
            (0, 0) => None,
            (0, all) if self.fail_open => self.targets.get(turn % all),
            (0, _) => None,
            (count, _) => healthy().nth(turn % count),
        }
    }
}

impl Target {
    fn new(group: &TargetGroup, target: &str) -> Result<Self, Unsupported> {
        let refused = || Unsupported::Target {
            group: group.name.clone(),
            target: target.to_owned(),
        };
        let authority: Authority = target.parse().map_err(|_| refused())?;
        let authority = match (authority.port_u16(), group.port) {
            (Some(_), _) => authority,
            (None, Some(port)) => format!("{target}:{port}").parse().map_err(|_| refused())?,
            (None, None) => return Err(refused()),
        };
        if group.protocol != Protocol::Http || group.health.protocol != Protocol::Http {
            return Err(refused());
        }
        // Unhealthy until the first check passes: a start must not send requests into the void.
        Ok(Self {
            authority,
            is_healthy: AtomicBool::new(!group.health.enabled),
        })
    }
}

/// Requests in one group at once: what a service of ours answers in well under a second.
const MAX_IN_FLIGHT: usize = 512;
/// Until the first byte of an answer: the load balancer's idle timeout.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);
