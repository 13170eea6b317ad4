//! On which listeners a request for a host arrives.
//!
//! Rules don't say where a name resolves to. The intent may (`listeners`); else a listener counts when it can serve the
//! host at all: one of its certificates covers it, or, where the names of certificates are not known, some request
//! for the host is forwarded or redirected. A listener per service is then not asked about the other's host; a host
//! that no listener serves is asked about everywhere, so that it is found missing.

use crate::model::{Action, Certificate, Glob, HostIntent, Intent, Listener, Table};
use crate::prover::{SetId, Verdict};
use crate::questions::{Questions, may_match_host};

/// Numbers of the listeners on which requests for the entry's host arrive, among `listeners` in the table's order.
pub fn listeners_of(
    table: &Table,
    entry: &HostIntent,
    listeners: &mut [Questions<'_>],
) -> Vec<usize> {
    let mut arrives: Vec<usize> = Vec::new();
    for (index, questions) in listeners.iter_mut().enumerate() {
        let is_one = if entry.listeners.is_empty() {
            serves(table, entry, questions)
        } else {
            entry.listeners.contains(&questions.listener.name)
        };
        arrives.extend(is_one.then_some(index));
    }
    if arrives.is_empty() && entry.listeners.is_empty() {
        arrives.extend(0..listeners.len());
    }
    arrives
}

/// Whether no certificate of the listener speaks against its serving a host.
pub(crate) fn may_serve(listener: &Listener, host: &str) -> bool {
    known_names(listener).is_none_or(|names| names.iter().any(|name| covers(name, host)))
}

/// The sets that together are all requests for the hosts of an entry, without a port, and those of other entries.
pub(crate) fn others_of(
    table: &Table,
    entry: &HostIntent,
    questions: &mut Questions<'_>,
) -> Vec<SetId> {
    if entry.host != Intent::EVERY_OTHER_HOST {
        return Vec::new();
    }
    let named = table.intent.hosts.iter().map(|entry| entry.host.as_str());
    named
        .filter(|host| *host != Intent::EVERY_OTHER_HOST)
        .flat_map(|host| questions.add_host(host))
        .collect()
}

fn serves(table: &Table, entry: &HostIntent, questions: &mut Questions<'_>) -> bool {
    if let Some(names) = known_names(questions.listener) {
        return names.iter().any(|name| covers(name, &entry.host));
    }
    let within = questions.add_host(&entry.host);
    let others = others_of(table, entry, questions);
    questions.deciders().into_iter().any(|decider| {
        !matches!(decider.action, Action::FixedResponse(_))
            && may_match_host(questions.listener, decider.rule, &entry.host)
            && within
                .iter()
                .any(|&set| questions.reaches(decider, &[set], &others) != Verdict::Proven)
    })
}

/// The names of all certificates; `None` when there are none or a reader could not know one's names.
fn known_names(listener: &Listener) -> Option<Vec<&str>> {
    let certificates = &listener.certificates;
    if certificates.is_empty() || certificates.iter().any(|one| one.names.is_empty()) {
        return None;
    }
    let names = certificates
        .iter()
        .flat_map(|Certificate { names, .. }| names);
    Some(names.map(String::as_str).collect())
}

/// Whether a certificate's name covers a host, or some host of a pattern.
pub(crate) fn covers(name: &str, host: &str) -> bool {
    if Glob::host(host).matches(name) || host == Intent::EVERY_OTHER_HOST {
        return true;
    }
    // A wildcard stands for exactly one label.
    let parent = name.strip_prefix("*.");
    parent.is_some_and(|parent| {
        let rest = host.split_once('.').map(|(_, rest)| rest);
        rest.is_some_and(|rest| Glob::host(rest).matches(parent))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_of_a_certificate_is_one_label() {
        assert!(covers("*.example.com", "auth.Example.com"));
        assert!(covers("Auth.example.com", "auth.example.com"));
        assert!(!covers("*.example.com", "a.b.example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(covers("auth.example.com", "*.example.com"));
    }
}
