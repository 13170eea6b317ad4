//! What a table may say and this data plane does not do: refused at the start, never ignored.

use hokusai_routes::model::{Action, Algorithm, Listener, Protocol, Rule, Table, TargetGroup};

/// Something that the front door can't do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// TLS.
    #[error(
        "listener `{0}` speaks HTTPS, which this front door does not yet: end TLS in front of it and use `http`"
    )]
    Https(String),
    /// Redirects.
    #[error("{0} redirects, which this front door does not yet")]
    Redirect(String),
    /// Stickiness.
    #[error("{0} wants stickiness, which this front door does not have yet")]
    Stickiness(String),
    /// Authentication by the balancer.
    #[error("rule `{0}` wants the balancer to authenticate, which is the services' work here")]
    Authentication(String),
    /// Rewrites.
    #[error("rule `{0}` rewrites requests, which this front door does not yet")]
    Transform(String),
    /// Another way to choose a target, or slow start.
    #[error("target group `{0}` must use round robin without slow start")]
    Algorithm(String),
    /// Not `HOST:PORT` or `HOST` with a port of the group.
    #[error("target `{target}` of group `{group}` must be `HOST:PORT`, spoken to over plain HTTP")]
    Target {
        /// The group.
        group: String,
        /// The target.
        target: String,
    },
    /// An action names a group that the table lacks.
    #[error("{0} forwards to target group `{1}`, which the table does not have")]
    MissingGroup(String, String),
}

/// The first thing in `table` that the front door can't do.
pub(crate) fn check(table: &Table) -> Result<(), Unsupported> {
    table.target_groups.iter().try_for_each(check_group)?;
    table
        .listeners
        .iter()
        .try_for_each(|listener| check_listener(table, listener))
}

fn check_group(group: &TargetGroup) -> Result<(), Unsupported> {
    if group.stickiness.is_some() {
        return Err(Unsupported::Stickiness(format!(
            "target group `{}`",
            group.name
        )));
    }
    if group.algorithm != Algorithm::RoundRobin || group.slow_start_s != 0 {
        return Err(Unsupported::Algorithm(group.name.clone()));
    }
    Ok(())
}

fn check_listener(table: &Table, listener: &Listener) -> Result<(), Unsupported> {
    if listener.protocol == Protocol::Https {
        return Err(Unsupported::Https(listener.name.clone()));
    }
    let whose = format!("the default of listener `{}`", listener.name);
    check_action(table, &listener.default, whose)?;
    listener
        .rules
        .iter()
        .try_for_each(|rule| check_rule(table, rule))
}

fn check_rule(table: &Table, rule: &Rule) -> Result<(), Unsupported> {
    if rule.authentication.is_some() {
        return Err(Unsupported::Authentication(rule.name.clone()));
    }
    if !rule.transforms.is_empty() {
        return Err(Unsupported::Transform(rule.name.clone()));
    }
    check_action(table, &rule.action, format!("rule `{}`", rule.name))
}

fn check_action(table: &Table, action: &Action, whose: String) -> Result<(), Unsupported> {
    match action {
        Action::Redirect(_) => Err(Unsupported::Redirect(whose)),
        Action::FixedResponse(_) => Ok(()),
        Action::Forward(forward) if forward.stickiness.is_some() => {
            Err(Unsupported::Stickiness(whose))
        }
        Action::Forward(forward) => {
            match forward
                .groups
                .iter()
                .find(|group| table.target_group(&group.group).is_none())
            {
                Some(missing) => Err(Unsupported::MissingGroup(whose, missing.group.clone())),
                None => Ok(()),
            }
        }
    }
}
