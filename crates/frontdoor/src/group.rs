//! Target groups while they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use hokusai_routes::model::{Algorithm, HealthCheck, Protocol, TargetGroup};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::pool::Pool;
use crate::service::{Service, Services};
use crate::unsupported::Unsupported;

/// A target group, its targets' health and its own limit, so that one that hangs can't starve another.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) definition: TargetGroup,
    pub(crate) targets: Vec<Arc<Target>>,
    pub(crate) response_timeout: Duration,
    pub(crate) counters: Arc<GroupCounters>,
    places: Arc<Semaphore>,
    limit: usize,
    waiting: AtomicUsize,
    next: AtomicUsize,
}

/// What is counted of a group, over all tables that have one of its name.
#[derive(Debug, Default)]
pub(crate) struct GroupCounters {
    /// Requests that had to wait for a place.
    pub(crate) queued: AtomicU64,
    /// Requests that were refused for want of a place.
    pub(crate) full: AtomicU64,
    /// Requests that were sent to a second target or connection.
    pub(crate) retried: AtomicU64,
    /// Changes of a target's health.
    pub(crate) health_changes: AtomicU64,
}

/// A server, or a service of this process.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) way: Way,
    pub(crate) is_healthy: AtomicBool,
    /// When it became healthy, in milliseconds of the group's clock; for slow start.
    healthy_since_ms: AtomicU64,
    outstanding: AtomicUsize,
    start: Instant,
}

/// How a target is reached.
pub(crate) enum Way {
    Connection(Arc<Pool>),
    Service(Service),
}

/// A request's place in its group and at its target; free again when it is dropped.
pub(crate) struct Occupied {
    target: Arc<Target>,
    place: Option<OwnedSemaphorePermit>,
}

impl Group {
    pub(crate) fn new(
        group: &TargetGroup,
        services: &Services,
        counters: Arc<GroupCounters>,
    ) -> Result<Self, Unsupported> {
        let targets = group
            .targets
            .iter()
            .map(|target| Target::new(group, target, services).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let limit = group
            .max_in_flight
            .map_or(MAX_IN_FLIGHT, |limit| limit as usize);
        Ok(Self {
            name: group.name.clone(),
            definition: TargetGroup {
                span: None,
                ..group.clone()
            },
            targets,
            response_timeout: group
                .response_timeout_ms
                .map_or(RESPONSE_TIMEOUT, Duration::from_millis),
            counters,
            places: Arc::new(Semaphore::new(limit)),
            limit,
            waiting: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
        })
    }

    /// A place in the group; waits a moment for one if it is full, unless many wait already.
    pub(crate) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        self.counters.queued.fetch_add(1, Ordering::Relaxed);
        // A client may go away while it waits; the turn ends with the future.
        let turn = Waiting::begin(&self.waiting);
        let place = if turn.before >= self.limit {
            None
        } else {
            let place = Arc::clone(&self.places).acquire_owned();
            tokio::time::timeout(PLACE_WAIT, place)
                .await
                .ok()
                .and_then(Result::ok)
        };
        drop(turn);
        if place.is_none() {
            self.counters.full.fetch_add(1, Ordering::Relaxed);
        }
        place
    }

    /// A healthy target by the group's algorithm, `avoided` only if there is no other; any when none is healthy and the
    /// group fails open.
    pub(crate) fn choose(&self, avoided: Option<&Arc<Target>>) -> Option<&Arc<Target>> {
        let is_avoided = |target: &Arc<Target>| avoided.is_some_and(|bad| Arc::ptr_eq(bad, target));
        if let [only] = self.targets.as_slice() {
            return Some(only).filter(|only| only.is_healthy() || self.definition.fail_open);
        }
        let healthy = || self.targets.iter().filter(|target| target.is_healthy());
        let fits = || healthy().filter(|target| !is_avoided(target));
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let count = fits().count();
        if count == 0 {
            let left = healthy().next();
            return match self.targets.len() {
                0 => None,
                all if self.definition.fail_open => left.or_else(|| self.targets.get(turn % all)),
                _ => left,
            };
        }
        match self.definition.algorithm {
            Algorithm::LeastOutstandingRequests => {
                // In turn among equals.
                let rotated = fits().cycle().skip(turn % count).take(count);
                rotated.min_by_key(|target| target.outstanding.load(Ordering::Relaxed))
            }
            Algorithm::WeightedRandom => fits().nth(scatter(turn) % count),
            Algorithm::RoundRobin => {
                let mut rotated = fits().cycle().skip(turn % count).take(count);
                let first = rotated.next();
                // A target that warms up passes some of its turns on.
                first
                    .filter(|target| target.takes_turn(turn / count, self.definition.slow_start_s))
                    .or_else(|| {
                        rotated.find(|target| {
                            target.takes_turn(turn / count, self.definition.slow_start_s)
                        })
                    })
                    .or(first)
            }
        }
    }

    /// Requests that are in the group.
    pub(crate) fn in_flight(&self) -> usize {
        self.limit.saturating_sub(self.places.available_permits())
    }

    /// Takes over what is known of the targets that `other` has too.
    pub(crate) fn inherit(&self, other: &Self) {
        if self.definition.health != other.definition.health {
            return;
        }
        for target in &self.targets {
            if let Some(known) = other.targets.iter().find(|known| known.name == target.name) {
                target.set_healthy(known.is_healthy());
            }
        }
    }

    pub(crate) fn health(&self) -> &HealthCheck {
        &self.definition.health
    }
}

impl Target {
    fn new(group: &TargetGroup, target: &str, services: &Services) -> Result<Self, Unsupported> {
        let refused = || Unsupported::Target {
            group: group.name.clone(),
            target: target.to_owned(),
        };
        let way = match target.strip_prefix("service:") {
            Some(service) => {
                Way::Service(services.get(service).ok_or_else(|| Unsupported::Service {
                    group: group.name.clone(),
                    service: service.to_owned(),
                })?)
            }
            None => Way::Connection(Arc::new(Pool::new(
                authority(group, target).ok_or_else(refused)?,
            ))),
        };
        if group.protocol != Protocol::Http || group.health.protocol != Protocol::Http {
            return Err(refused());
        }
        // Unhealthy until the first check passes: a start must not send requests into the void.
        Ok(Self {
            name: target.to_owned(),
            way,
            is_healthy: AtomicBool::new(!group.health.enabled),
            healthy_since_ms: AtomicU64::new(0),
            outstanding: AtomicUsize::new(0),
            start: Instant::now(),
        })
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.is_healthy.load(Ordering::Relaxed)
    }

    pub(crate) fn set_healthy(&self, is_healthy: bool) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.healthy_since_ms.store(now, Ordering::Relaxed);
        self.is_healthy.store(is_healthy, Ordering::Relaxed);
    }

    /// Counts a request at this target.
    pub(crate) fn occupy(self: &Arc<Self>, place: OwnedSemaphorePermit) -> Occupied {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
        Occupied {
            target: Arc::clone(self),
            place: Some(place),
        }
    }

    /// During slow start a target's share grows linearly: of sixteen turns it takes as many as its warmth.
    fn takes_turn(&self, turn: usize, slow_start_s: u32) -> bool {
        if slow_start_s == 0 {
            return true;
        }
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let warm_ms = now.saturating_sub(self.healthy_since_ms.load(Ordering::Relaxed));
        let sixteenths = warm_ms.saturating_mul(16) / (u64::from(slow_start_s) * 1000);
        (turn % 16) as u64 <= sixteenths
    }
}

impl Occupied {
    /// The place alone, for another target.
    pub(crate) fn into_place(mut self) -> Option<OwnedSemaphorePermit> {
        self.place.take()
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.target.outstanding.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts a request as waiting for as long as it lives.
struct Waiting<'c> {
    count: &'c AtomicUsize,
    /// How many waited already.
    before: usize,
}

impl<'c> Waiting<'c> {
    fn begin(count: &'c AtomicUsize) -> Self {
        let before = count.fetch_add(1, Ordering::Relaxed);
        Self { count, before }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

fn authority(group: &TargetGroup, target: &str) -> Option<String> {
    let authority: http::uri::Authority = target.parse().ok()?;
    match (authority.port_u16(), group.port) {
        (Some(_), _) => Some(target.to_owned()),
        (None, Some(port)) => Some(format!("{target}:{port}")),
        (None, None) => None,
    }
}

/// Spreads a counter over all numbers (the finaliser of `SplitMix64`).
fn scatter(turn: usize) -> usize {
    let mut mixed = (turn as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from(mixed >> 33).unwrap_or(turn)
}

/// Requests in one group at once: what a service of ours answers in well under a second.
const MAX_IN_FLIGHT: usize = 512;
/// Until the first byte of an answer, and between two pieces of it: the load balancer's idle timeout.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a request waits for a place: a burst passes, a group that hangs says so soon.
const PLACE_WAIT: Duration = Duration::from_millis(250);
