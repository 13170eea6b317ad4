//! What a table may say and this data plane does not do: refused at the start, never ignored.

use hokusai_routes::model::{Action, Certificate, Listener, Protocol, Rule, Table};

/// Something that the front door can't do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// Authentication by the balancer.
    #[error("rule `{0}` wants the balancer to authenticate, which is the services' work here")]
    Authentication(String),
    /// A rewrite that does not compile.
    #[error("rule `{0}` rewrites with `{1}`, which is no regular expression")]
    Transform(String, String),
    /// A listener without a usable certificate.
    #[error("listener `{0}` speaks HTTPS and names no certificate with `chain` and `key`")]
    NoCertificate(String),
    /// A certificate without files.
    #[error(
        "listener `{0}` has a certificate without `chain` and `key`: the local front door reads both from PEM files"
    )]
    CertificateFiles(String),
    /// A mounted service that nobody mounted.
    #[error(
        "target group `{group}` has the target `service:{service}`, which does not run in this process"
    )]
    Service {
        /// The group.
        group: String,
        /// The service.
        service: String,
    },
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
    table
        .listeners
        .iter()
        .try_for_each(|listener| check_listener(table, listener))
}

fn check_listener(table: &Table, listener: &Listener) -> Result<(), Unsupported> {
    if listener.protocol == Protocol::Https && listener.certificates.is_empty() {
        return Err(Unsupported::NoCertificate(listener.name.clone()));
    }
    let has_files =
        |certificate: &Certificate| certificate.chain.is_some() && certificate.key.is_some();
    if !listener.certificates.iter().all(has_files) {
        return Err(Unsupported::CertificateFiles(listener.name.clone()));
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
    check_action(table, &rule.action, format!("rule `{}`", rule.name))
}

fn check_action(table: &Table, action: &Action, whose: String) -> Result<(), Unsupported> {
    let Action::Forward(forward) = action else {
        return Ok(());
    };
    let mut groups = forward.groups.iter();
    match groups.find(|group| table.target_group(&group.group).is_none()) {
        Some(missing) => Err(Unsupported::MissingGroup(whose, missing.group.clone())),
        None => Ok(()),
    }
}
