//! A listener and its rules.

use super::{Action, Authentication, Condition, Transform};
use crate::source::Span;

/// A port with its rules, tried from the lowest priority number up; the first that matches decides.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Name, unique in the table.
    pub name: String,
    /// What is spoken on the port.
    pub protocol: Protocol,
    /// The port, 1–65535.
    pub port: u16,
    /// Address the local front door binds; the loopback address when absent. Means nothing to a cloud load balancer.
    pub bind: Option<std::net::IpAddr>,
    /// Whether host conditions see the port of the Host header.
    pub host_port: HostPort,
    /// Certificates, the default one first.
    pub certificates: Vec<Certificate>,
    /// The rules, in the order of their source; [`Listener::ordered`] gives the order in which they are tried.
    pub rules: Vec<Rule>,
    /// What happens to requests that no rule matches.
    pub default: Action,
    /// Where the default action was written.
    pub default_span: Option<Span>,
    /// Where the listener was written.
    pub span: Option<Span>,
}

/// What is spoken on a listener's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// Whether host conditions compare the Host header with or without its port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostPort {
    /// `auth.example.com:8443` is compared as `auth.example.com`: what our own front door does.
    #[default]
    Ignored,
    /// The header is compared as it was sent: what the cloud load balancer does, where a plain value then never
    /// matches a host with a port (hashicorp/terraform-provider-aws#49147).
    Compared,
}

/// A certificate: the names it covers and, for the local front door, its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// DNS names it covers, `*.example.com` for one label; empty when the reader can't know them.
    pub names: Vec<String>,
    /// PEM file with the chain.
    pub chain: Option<String>,
    /// PEM file with the private key.
    pub key: Option<String>,
    /// Name by which a cloud knows it.
    pub arn: Option<String>,
}

/// A rule: all conditions must hold.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Name, unique in the listener; readers of forms without names use the priority, e.g. `rule-10`.
    pub name: String,
    /// 1–50000, unique in the listener, lowest first.
    pub priority: u32,
    /// Conditions, all of which must hold.
    pub conditions: Vec<Condition>,
    /// What happens to the request.
    pub action: Action,
    /// Authentication that the balancer does before it.
    pub authentication: Option<Authentication>,
    /// Rewrites after the decision; they never change which rule is selected.
    pub transforms: Vec<Transform>,
    /// Where the rule was written.
    pub span: Option<Span>,
}

impl Listener {
    /// The rules in the order in which they are tried. Two rules with one priority keep the order of their source.
    pub fn ordered(&self) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> = self.rules.iter().collect();
        rules.sort_by_key(|rule| rule.priority);
        rules
    }

    /// The rule called `name`.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// Whether clients leave the port out of the Host header because the protocol implies it.
    pub fn has_standard_port(&self) -> bool {
        self.port == self.protocol.standard_port()
    }
}

impl Protocol {
    /// The port that a URL of this protocol need not name.
    pub fn standard_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// Scheme of URLs, `http` or `https`.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
