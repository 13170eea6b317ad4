//! Our own form, meant to be written by hand.
//!
//! ```toml
//! [[listener]]
//! name = "https"
//! protocol = "https"                     # or "http"
//! port = 443
//! bind = "127.0.0.1"                     # local front door only
//! host_port = "ignored"                  # or "compared": host conditions see the port of the Host header
//! certificates = [{ names = ["auth.example.com"], chain = "auth.pem", key = "auth.key" }]
//! default = { respond = 404 }            # any action
//!
//! [[listener.rule]]
//! name = "auth"                          # absent: rule-10
//! priority = 10
//! host = "auth.example.com"              # one value or a list; { regex = "…" } is a regular expression
//! path = ["/api/*", { regex = "^/v[0-9]+/" }]
//! method = ["GET", "POST"]
//! source_ip = "10.0.0.0/8"
//! header = { X-Env = ["canary*"] }       # one condition per name
//! query = ["version=v1", { value = "x" }]
//! condition = [{ query = "a=1" }]        # more conditions of a kind that was used already
//! forward = "auth"                       # or [{ group = "a", weight = 9 }, { group = "b", weight = 1 }]
//! stickiness_s = 3600
//! # or: redirect = { status = 301, protocol = "HTTPS", host = "…", port = "443", path = "…", query = "…" }
//! # or: respond = 404, respond = { status = 404, body = "…", content_type = "text/plain" }
//! authenticate = { kind = "jwt-validation", issuer = "…" }
//! rewrite = [{ kind = "url", regex = "^/api/(.*)$", replace = "/$1" }]
//!
//! [target_group.auth]
//! targets = ["127.0.0.1:8000"]           # or "service:auth"
//! protocol = "http"
//! port = 8000
//! health = { path = "/health", interval_s = 30, timeout_s = 6, healthy = 5, unhealthy = 2, status = "200" }
//! algorithm = "round_robin"              # or "least_outstanding_requests", "weighted_random"
//! max_in_flight = 256
//!
//! [intent."auth.example.com"]
//! may = ["auth"]
//! must = { "/api/v1/*" = "auth" }
//! listeners = ["https"]                  # where its name resolves to; absent: those that can serve it
//!
//! [intent."*"]                           # every other host
//! may = []
//! ```

mod action;
mod condition;
mod fields;
mod group;
mod listener;

use ::toml::de::DeTable;

use self::fields::{Fields, Notes};
use super::{MAX_RULES, Reading, redact};
use crate::model::Table;
use crate::source::Source;

/// Reads several texts into one table.
pub fn read_all(sources: &[Source]) -> Reading {
    let mut whole = Reading::default();
    for source in sources {
        whole.merge(read(source));
    }
    whole
}

/// Reads a text.
pub fn read(source: &Source) -> Reading {
    if let Some(refusal) = Reading::too_large(source) {
        return refusal;
    }
    let notes = Notes::new(source);
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    for error in errors {
        notes.report(
            error.span().unwrap_or(0..0),
            error.message(),
            "correct the TOML here",
        );
    }
    let mut table = Table {
        sources: vec![redact::of_toml(source)],
        ..Table::default()
    };
    let root = Fields::new(&notes, document.get_ref(), document.span());
    for fields in root.tables("listener") {
        table.listeners.extend(listener::read(&fields));
    }
    table.target_groups = group::read_all(&root);
    table.intent = group::read_intent(&root);
    root.refuse_others();
    let rules: usize = table
        .listeners
        .iter()
        .map(|listener| listener.rules.len())
        .sum();
    if rules > MAX_RULES {
        notes.report(
            0..0,
            format!("{rules} rules are more than {MAX_RULES}"),
            "split the table",
        );
        table.listeners.clear();
    }
    Reading {
        table,
        findings: notes.into_findings(),
    }
}

#[cfg(test)]
mod tests;
