//! Active health checks with the load balancer's thresholds.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use hokusai_routes::model::HealthCheck;
use hokusai_wire::shutdown::Shutdown;
use http::{HeaderValue, Request, StatusCode, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::body::RequestBody;
use crate::group::{Group, Target, Way};

/// Begins to check all targets of `group`, for as long as a table has it.
pub(crate) fn watch_all(group: &Arc<Group>, shutdown: &Shutdown) {
    if !group.health().enabled {
        return;
    }
    for target in &group.targets {
        let watched = Watched {
            group: Arc::downgrade(group),
            target: Arc::clone(target),
            check: group.health().clone(),
        };
        tokio::spawn(watched.watch(shutdown.clone()));
    }
}

/// Asks all targets of `group` once; those that answer well are healthy at once.
pub(crate) async fn warm_up(group: &Group) {
    let probes = group
        .targets
        .iter()
        .filter(|target| group.health().enabled && !target.is_healthy())
        .map(|target| async move {
            if probe(group.health(), target).await {
                target.set_healthy(true);
            }
        });
    futures_util::future::join_all(probes).await;
}

/// A target and who has it.
struct Watched {
    group: Weak<Group>,
    target: Arc<Target>,
    check: HealthCheck,
}

impl Watched {
    async fn watch(self, mut shutdown: Shutdown) {
        let mut streak = Streak {
            against: 0,
            has_been_healthy: self.target.is_healthy(),
        };
        let period = Duration::from_secs(u64::from(self.check.interval_s.max(1)));
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.requested() => return,
                _ = ticks.tick() => {}
            }
            let has_passed = probe(&self.check, &self.target).await;
            let Some(group) = self.group.upgrade() else {
                return;
            };
            let was = self.target.is_healthy();
            let is = streak.after(has_passed, was, &self.check);
            if is != was {
                self.target.set_healthy(is);
                group
                    .counters
                    .health_changes
                    .fetch_add(1, Ordering::Relaxed);
                let state = if is { "healthy" } else { "unhealthy" };
                tracing::warn!(group.name = %group.name, target.address = %self.target.name,
                    "target `{}` of group `{}` is {state}", self.target.name, group.name);
            }
        }
    }
}

async fn probe(check: &HealthCheck, target: &Target) -> bool {
    let limit = Duration::from_secs(u64::from(check.timeout_s.max(1)));
    let asked = async {
        match &target.way {
            Way::Service(service) => {
                let request = request(&check.path, "localhost")?;
                Some(service.answer(request).await.status())
            }
            Way::Connection(pool) => ask(check, pool.authority()).await,
        }
    };
    let status = tokio::time::timeout(limit, asked).await.ok().flatten();
    status.is_some_and(|status| check.accepts(status.as_u16()))
}

/// A check must not profit from a connection that a dead target has left half open: each has its own.
async fn ask(check: &HealthCheck, authority: &str) -> Option<StatusCode> {
    let authority = match check.port {
        Some(port) => format!("{}:{port}", authority.rsplit_once(':')?.0),
        None => authority.to_owned(),
    };
    let stream = TcpStream::connect(&authority).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut answer = pin!(sender.send_request(request(&check.path, &authority)?));
    // The connection may end in the moment that the answer is there.
    let answer = tokio::select! {
        answer = &mut answer => answer,
        _ = connection => answer.await,
    };
    Some(answer.ok()?.status())
}

fn request(path: &str, host: &str) -> Option<Request<RequestBody>> {
    Request::get(path)
        .header(header::HOST, HeaderValue::from_str(host).ok()?)
        .header(header::USER_AGENT, "hokusai-health-check")
        .header(header::CONNECTION, "close")
        .body(RequestBody::empty())
        .ok()
}

/// How many checks in a row went against a target's state.
#[derive(Debug, Default)]
struct Streak {
    against: u32,
    has_been_healthy: bool,
}

impl Streak {
    /// The state after one more check. A target's very first pass is enough; later the thresholds decide.
    fn after(&mut self, has_passed: bool, is_healthy: bool, check: &HealthCheck) -> bool {
        if has_passed == is_healthy {
            self.against = 0;
            self.has_been_healthy |= is_healthy;
            return is_healthy;
        }
        self.against += 1;
        let threshold = match has_passed {
            true if !self.has_been_healthy => 1,
            true => check.healthy_threshold,
            false => check.unhealthy_threshold,
        };
        if self.against < threshold {
            return is_healthy;
        }
        self.against = 0;
        self.has_been_healthy |= has_passed;
        has_passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hokusai_routes::model::Protocol;

    #[test]
    fn a_target_joins_at_its_first_pass_and_later_by_the_thresholds() {
        let check = HealthCheck {
            healthy_threshold: 3,
            unhealthy_threshold: 2,
            ..HealthCheck::default_for(Protocol::Http)
        };
        let mut streak = Streak::default();
        let mut state = false;
        let states: Vec<bool> = [
            false, true, false, true, false, false, true, true, false, true, true, true,
        ]
        .into_iter()
        .map(|passed| {
            state = streak.after(passed, state, &check);
            state
        })
        .collect();
        assert_eq!(
            states,
            [
                false, true, true, true, true, false, false, false, false, false, false, true
            ]
        );
    }
}
