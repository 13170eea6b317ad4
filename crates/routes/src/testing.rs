//! Builders for tests.

use crate::model::{Action, Condition, HostPort, Listener, Protocol, Rule};

pub(crate) fn listener(rules: Vec<Rule>) -> Listener {
    Listener {
        name: "l".to_owned(),
        protocol: Protocol::Https,
        port: 443,
        bind: None,
        host_port: HostPort::Ignored,
        certificates: Vec::new(),
        rules,
        default: Action::respond(404),
        default_span: None,
        span: None,
    }
}

pub(crate) fn rule(priority: u32, conditions: Vec<Condition>, group: &str) -> Rule {
    Rule {
        name: format!("r{priority}"),
        priority,
        conditions,
        action: Action::forward(group),
        authentication: None,
        transforms: Vec::new(),
        span: None,
    }
}
