//! HAProxy configuration: a frontend per listener, whose rules are tried in order and leave the number of the first
//! that matches in a variable, and a backend per target group.
//!
//! Written for HAProxy 2.6 and later with PCRE2, as Debian builds it. The path is compared as it was sent, like the load
//! balancer does. What a reload means for a leaving target is HAProxy's own (`hard-stop-after`), so a deregistration
//! delay is a note; the response timeout is a timeout of silence, which HAProxy counts between bytes too.

mod actions;
mod backends;
mod conditions;

use std::fmt::Write as _;

use super::names::Names;
use super::{Refusals, Writing, refuse_missing_groups};
use crate::model::{HostPort, Listener, Protocol, Table};

/// Writes a table.
pub fn write(table: &Table) -> Writing {
    let mut refusals = Refusals::default();
    refuse_missing_groups(table, &mut refusals);
    let mut names = Names::default();
    let mut out = HEAD.to_owned();
    if table.listeners.iter().any(names_crt_and_key) {
        out = out.replace("global\n", "global\n    ssl-load-extra-del-ext\n");
    }
    for (index, listener) in table.listeners.iter().enumerate() {
        frontend(
            &mut out,
            table,
            (index, listener),
            &mut names,
            &mut refusals,
        );
    }
    for group in &table.target_groups {
        backends::write(&mut out, group, &mut names, &mut refusals);
    }
    Writing {
        text: out,
        findings: refusals.0,
    }
}

fn frontend(
    out: &mut String,
    table: &Table,
    (index, listener): (usize, &Listener),
    names: &mut Names,
    refusals: &mut Refusals,
) {
    let name = names.of(&format!("listener {}", listener.name));
    line(out, 0, &format!("\nfrontend {name}"));
    let tls = tls(listener, refusals);
    let address = match listener.bind {
        Some(std::net::IpAddr::V6(address)) => format!("[{address}]"),
        Some(address) => address.to_string(),
        None => "127.0.0.1".to_owned(),
    };
    line(out, 1, &format!("bind {address}:{}{tls}", listener.port));
    line(out, 1, "option forwardfor");
    let scheme = listener.protocol.scheme();
    line(
        out,
        1,
        &format!("http-request set-header X-Forwarded-Proto {scheme}"),
    );
    let without_port = match listener.host_port {
        HostPort::Ignored => ",regsub(:[0-9]*\\$,)",
        HostPort::Compared => "",
    };
    let host = format!(
        "http-request set-var(txn.host) \"req.fhdr(host){without_port}\" if {{ req.fhdr(host) -m found }}"
    );
    line(out, 1, &host);
    let rules = listener.ordered();
    for (number, rule) in (1..).zip(&rules) {
        let prefix = format!("l{index}_r{number}");
        line(
            out,
            1,
            &format!("# {} `{}`", rule.priority, printable(&rule.name)),
        );
        refusals.refuse_extras(rule, "HAProxy configuration");
        let tests = conditions::write(out, &prefix, rule);
        let decided = "{ var(txn.rule) -m found }";
        line(
            out,
            1,
            &format!("http-request set-var(txn.rule) int({number}) if !{decided}{tests}"),
        );
    }
    let is_default = "!{ var(txn.rule) -m found }".to_owned();
    let mut deciders: Vec<(String, &crate::model::Action, _)> = (1..)
        .zip(&rules)
        .map(|(number, rule)| {
            let is_selected = format!("{{ var(txn.rule) -m int {number} }}");
            (is_selected, &rule.action, rule.span)
        })
        .collect();
    deciders.push((is_default, &listener.default, listener.default_span));
    for (is_selected, action, span) in &deciders {
        let place = actions::Place {
            table,
            listener,
            is_selected,
            span: *span,
        };
        actions::before_backends(out, &place, action, refusals);
    }
    for (is_selected, action, span) in &deciders {
        let place = actions::Place {
            table,
            listener,
            is_selected,
            span: *span,
        };
        actions::backends(out, &place, action, names);
    }
}

/// The `ssl` part of a `bind` line. HAProxy takes the key from the chain's file, or from a file beside it.
fn tls(listener: &Listener, refusals: &mut Refusals) -> String {
    if listener.protocol == Protocol::Http {
        return String::new();
    }
    let mut out = " ssl".to_owned();
    for certificate in &listener.certificates {
        match (&certificate.chain, &certificate.key) {
            (Some(chain), Some(key)) if is_beside(chain, key) => {
                let _ = write!(out, " crt {}", quoted(chain));
            }
            (Some(chain), _) => {
                let message = format!("the key of `{chain}` must be beside it");
                let help = "name the key file like the chain with `.key` added, or `.crt` replaced by `.key`";
                refusals.refuse(listener.span, message, help);
            }
            (None, _) => {
                let message = format!("a certificate of listener `{}` has no files", listener.name);
                refusals.refuse(listener.span, message, "give it `chain` and `key`");
            }
        }
    }
    if listener.certificates.is_empty() {
        let message = format!(
            "listener `{}` speaks HTTPS without a certificate",
            listener.name
        );
        refusals.refuse(listener.span, message, "give it `certificates`");
    }
    out + " alpn h2,http/1.1 strict-sni"
}

fn is_beside(chain: &str, key: &str) -> bool {
    key == chain || key.strip_suffix(".key") == Some(chain) || is_crt_and_key(chain, key)
}

fn is_crt_and_key(chain: &str, key: &str) -> bool {
    chain
        .strip_suffix(".crt")
        .is_some_and(|stem| key.strip_suffix(".key") == Some(stem))
}

fn names_crt_and_key(listener: &Listener) -> bool {
    listener.certificates.iter().any(|certificate| {
        matches!((&certificate.chain, &certificate.key), (Some(chain), Some(key)) if is_crt_and_key(chain, key))
    })
}

fn line(out: &mut String, depth: usize, text: &str) {
    out.push_str(&"    ".repeat(depth));
    out.push_str(text);
    out.push('\n');
}

/// A word in double quotes, where HAProxy reads backslashes and variables.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' | b'$' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    out
}

/// For comments: on one line.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

const HEAD: &str = "\
# Made by `hokusai routes convert --to haproxy` from a listener rule table.
global
    # As many connections as the limit on open files allows.

defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
";
