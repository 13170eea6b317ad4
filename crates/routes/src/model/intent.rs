//! Intent: what the table is meant to do, so that it can be proven to do it.

use super::Glob;
use crate::source::Span;

/// Which target groups each host may and must reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// One entry per host; without entries the table is unproven.
    pub hosts: Vec<HostIntent>,
}

/// What one host may and must reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostIntent {
    /// `auth.example.com`; wildcards as in host conditions; `*` stands for every host without an entry of its own.
    pub host: String,
    /// Target groups it may reach. Fixed answers and redirects are always allowed: they reach no service.
    pub may: Vec<String>,
    /// What certain paths must reach.
    pub must: Vec<MustReach>,
    /// Names of the listeners that the host's name resolves to; empty when nobody said, see [`crate::arrival`].
    pub listeners: Vec<String>,
    /// Where it was written.
    pub span: Option<Span>,
}

/// Every request whose path matches, on each listener where requests for the host arrive, must reach the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MustReach {
    /// Paths.
    pub path: Glob,
    /// Name of the target group.
    pub group: String,
    /// Where it was written.
    pub span: Option<Span>,
}

impl Intent {
    /// Host of the entry that stands for all others.
    pub const EVERY_OTHER_HOST: &str = "*";

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// The entry of `host`, as it was written.
    pub fn host(&self, host: &str) -> Option<&HostIntent> {
        self.hosts
            .iter()
            .find(|entry| entry.host.eq_ignore_ascii_case(host))
    }
}
