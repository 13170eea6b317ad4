//! Active health checks with the load balancer's thresholds.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use hokusai_routes::model::HealthCheck;
use hokusai_wire::shutdown::Shutdown;
use http::{Request, Uri};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;

use crate::group::{Group, Target};

/// What sends the checks.
pub(crate) type Prober = Client<HttpConnector, Empty<Bytes>>;

/// Checks one target of `group` until the shutdown.
pub(crate) async fn watch(group: Arc<Group>, index: usize, prober: Prober, mut shutdown: Shutdown) {
    let Some(target) = group.targets.get(index) else {
        return;
    };
    let mut streak = Streak::default();
    let mut ticks = tokio::time::interval(Duration::from_secs(u64::from(
        group.health.interval_s.max(1),
    )));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            _ = ticks.tick() => {}
        }
        let has_passed = probe(&group.health, target, &prober).await;
        let was = target.is_healthy.load(Ordering::Relaxed);
        let is = streak.after(has_passed, was, &group.health);
        if is != was {
            target.is_healthy.store(is, Ordering::Relaxed);
            let state = if is { "healthy" } else { "unhealthy" };
            tracing::warn!(group.name = %group.name, target.address = %target.authority,
                "target `{}` of group `{}` is {state}", target.authority, group.name);
        }
    }
}

async fn probe(check: &HealthCheck, target: &Target, prober: &Prober) -> bool {
    let authority = match check.port {
        Some(port) => format!("{}:{port}", target.authority.host()),
        None => target.authority.to_string(),
    };
    let uri = Uri::builder()
        .scheme("http")
        .authority(authority)
        .path_and_query(check.path.as_str())
        .build();
    let Ok(request) = uri.and_then(|uri| {
        Request::get(uri)
            .header("user-agent", "hokusai-health-check")
            .body(Empty::<Bytes>::new())
    }) else {
        return false;
    };
    let limit = Duration::from_secs(u64::from(check.timeout_s.max(1)));
    match tokio::time::timeout(limit, prober.request(request)).await {
        Ok(Ok(response)) => check.accepts(response.status().as_u16()),
        _ => false,
    }
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
