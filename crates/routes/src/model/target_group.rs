//! Target groups and their health checks, with the load balancer's defaults.

use super::Protocol;
use crate::source::Span;

/// Servers that answer alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// Name, unique in the table.
    pub name: String,
    /// What the targets speak.
    pub protocol: Protocol,
    /// Port of targets that don't name their own.
    pub port: Option<u16>,
    /// Targets of the local front door: `127.0.0.1:8000`, or `service:auth` for a service of the same process.
    pub targets: Vec<String>,
    /// How targets are checked.
    pub health: HealthCheck,
    /// How a target is chosen.
    pub algorithm: Algorithm,
    /// How long a client stays with its target.
    pub stickiness: Option<Stickiness>,
    /// Seconds that a leaving target keeps its open requests, 0–3600.
    pub deregistration_delay_s: u32,
    /// Seconds over which a new target's share grows, 0 (off) or 30–900.
    pub slow_start_s: u32,
    /// Whether all targets are used when all are unhealthy. The cloud load balancer does; our front door does not
    /// unless told so.
    pub fail_open: bool,
    /// Requests that the local front door lets into the group at once.
    pub max_in_flight: Option<u32>,
    /// Milliseconds until the first byte of an answer, for the local front door.
    pub response_timeout_ms: Option<u64>,
    /// Where it was written.
    pub span: Option<Span>,
}

/// How targets are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Whether they are checked at all.
    pub enabled: bool,
    /// What is spoken.
    pub protocol: Protocol,
    /// Port; the target's own (`traffic-port`) when absent.
    pub port: Option<u16>,
    /// Path.
    pub path: String,
    /// Seconds between checks, 5–300.
    pub interval_s: u32,
    /// Seconds until a check has failed, 2–120.
    pub timeout_s: u32,
    /// Passed checks until a target is healthy, 2–10.
    pub healthy_threshold: u32,
    /// Failed checks until a target is unhealthy, 2–10.
    pub unhealthy_threshold: u32,
    /// Statuses that pass, within 200–499.
    pub statuses: Vec<StatusRange>,
}

/// Statuses from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRange {
    /// Lowest.
    pub first: u16,
    /// Highest.
    pub last: u16,
}

/// How a target is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// In turn.
    #[default]
    RoundRobin,
    /// The one with the fewest open requests.
    LeastOutstandingRequests,
    /// At random by weight.
    WeightedRandom,
}

/// A client stays where it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stickiness {
    /// Seconds, 1–604800.
    pub duration_s: u32,
    /// Cookie of the application; the balancer's own when absent.
    pub app_cookie: Option<String>,
}

impl TargetGroup {
    /// A group with the load balancer's defaults and no targets.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            protocol: Protocol::Http,
            port: None,
            targets: Vec::new(),
            health: HealthCheck::default_for(Protocol::Http),
            algorithm: Algorithm::default(),
            stickiness: None,
            deregistration_delay_s: 300,
            slow_start_s: 0,
            fail_open: false,
            max_in_flight: None,
            response_timeout_ms: None,
            span: None,
        }
    }
}

impl HealthCheck {
    /// The load balancer's defaults: every 30 s, 5 passes, 2 failures, status 200, timeout 6 s (HTTPS: 10 s).
    pub fn default_for(protocol: Protocol) -> Self {
        Self {
            enabled: true,
            protocol,
            port: None,
            path: "/".to_owned(),
            interval_s: 30,
            timeout_s: match protocol {
                Protocol::Http => 6,
                Protocol::Https => 10,
            },
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            statuses: vec![StatusRange {
                first: 200,
                last: 200,
            }],
        }
    }

    /// Whether an answer with this status passes.
    pub fn accepts(&self, status: u16) -> bool {
        self.statuses
            .iter()
            .any(|range| (range.first..=range.last).contains(&status))
    }

    /// The statuses as the load balancer writes them: `200,202` or `200-299`.
    pub fn matcher(&self) -> String {
        let parts: Vec<String> = self.statuses.iter().map(StatusRange::to_string).collect();
        parts.join(",")
    }
}

impl StatusRange {
    /// Reads `200,202` or `200-299`; `None` when it is neither.
    pub fn parse_list(text: &str) -> Option<Vec<Self>> {
        text.split(',')
            .map(|part| Self::parse(part.trim()))
            .collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some(Self { first, last })
    }
}

impl std::fmt::Display for StatusRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_and_written_alike() {
        for text in ["200", "200,202", "200-299,401"] {
            let mut health = HealthCheck::default_for(Protocol::Http);
            health.statuses = StatusRange::parse_list(text).unwrap();
            assert_eq!(health.matcher(), text);
        }
        for text in ["", "200-", "299-200", "ok"] {
            assert_eq!(StatusRange::parse_list(text), None, "{text}");
        }
    }
}
