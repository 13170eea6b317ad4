//! The rule table: what every reader produces, and what is matched, proven, compared and written.
//!
//! The model holds a table **as it was written**, over-long and contradictory ones included: what the load balancer
//! would refuse is reported by the check with its source, not lost on the way in. Only what can't be
//! represented at all (a regex that does not compile, an address that is none) is refused by the readers.

mod action;
mod condition;
mod glob;
mod intent;
mod listener;
mod regex;
mod target_group;

pub use action::{
    Action, Authentication, AuthenticationKind, FixedResponse, Forward, Redirect, RedirectStatus,
    Transform, TransformKind, WeightedGroup,
};
pub use condition::{Condition, Pattern, QueryPair, Test};
pub use glob::{Case, Escapes, Glob, Token};
pub use intent::{HostIntent, Intent, MustReach};
pub use listener::{Certificate, HostPort, Listener, Protocol, Rule};
pub use regex::{InvalidRegex, Regex};
pub use target_group::{Algorithm, HealthCheck, StatusRange, Stickiness, TargetGroup};

use crate::source::Source;

/// Listeners, target groups and intent: one front door.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Listeners, in the order of their source.
    pub listeners: Vec<Listener>,
    /// Target groups, in the order of their source.
    pub target_groups: Vec<TargetGroup>,
    /// Which groups each host may and must reach; empty when nobody said.
    pub intent: Intent,
    /// The texts that spans refer to.
    pub sources: Vec<Source>,
}

impl Table {
    /// The target group called `name`.
    pub fn target_group(&self, name: &str) -> Option<&TargetGroup> {
        self.target_groups.iter().find(|group| group.name == name)
    }

    /// The listener called `name`.
    pub fn listener(&self, name: &str) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.name == name)
    }

    /// The source and place that `span` refers to.
    pub fn source_of(&self, span: crate::source::Span) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == span.source)
    }

    /// Adds the parts of `other`, whose sources must have other numbers. Used to make one table of several files.
    pub fn merge(&mut self, other: Self) {
        self.listeners.extend(other.listeners);
        self.target_groups.extend(other.target_groups);
        self.intent.hosts.extend(other.intent.hosts);
        self.sources.extend(other.sources);
    }
}
