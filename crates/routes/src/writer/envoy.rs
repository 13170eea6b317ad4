//! Envoy configuration as JSON: a listener per listener with one virtual host, whose routes are tried in order, and a
//! cluster per target group.
//!
//! Written for Envoy 1.34 and later. Virtual hosts are not used for host conditions: Envoy takes the longest suffix of
//! several, not the first rule. Paths are neither normalised nor are slashes merged. Where ports are ignored, Envoy
//! takes the port from the Host header for the target too. Envoy joins repeated headers with a comma before it compares
//! them, so a small Lua filter looks at each of them; address ranges are told apart before the routes are.

mod actions;
mod clusters;
mod headers;
mod peers;
mod routes;

use serde_json::{Value, json};

use super::names::Names;
use super::{Refusals, Writing, refuse_missing_groups};
use crate::model::{HostPort, Listener, Protocol, Table};

/// Writes a table.
pub fn write(table: &Table) -> Writing {
    let mut refusals = Refusals::default();
    refuse_missing_groups(table, &mut refusals);
    let mut names = Names::default();
    let listeners: Vec<Value> = table
        .listeners
        .iter()
        .map(|listener| self::listener(listener, &mut names, &mut refusals))
        .collect();
    let groups = table.target_groups.iter();
    let clusters: Vec<Value> = groups
        .map(|group| clusters::cluster(group, &mut names, &mut refusals))
        .collect();
    let document = json!({
        "static_resources": { "listeners": listeners, "clusters": clusters },
        // A pattern of 128 characters is a larger program than the default allows.
        "layered_runtime": { "layers": [{ "name": "patterns", "static_layer": {
            "re2.max_program_size.error_level": MAX_PROGRAM_SIZE,
            "re2.max_program_size.warn_level": MAX_PROGRAM_SIZE,
        } }] },
    });
    Writing {
        text: format!("{document:#}\n"),
        findings: refusals.0,
    }
}

fn listener(listener: &Listener, names: &mut Names, refusals: &mut Refusals) -> Value {
    let name = names.of(&format!("listener {}", listener.name));
    let address = listener
        .bind
        .map_or("127.0.0.1".to_owned(), |bind| bind.to_string());
    let headers = headers::Headers::of(listener, refusals);
    let tls = tls(listener, refusals);
    // A rule may be in several chains or in none; what it can't be is said once.
    routes::list(listener, &listener.ordered(), &headers, names, refusals);
    let mut chains = Vec::new();
    for (number, (range, rules)) in (0..).zip(peers::ranges(listener)) {
        let again = &mut Refusals::default();
        let routes = routes::list(listener, &rules, &headers, names, again);
        let mut chain = chain(listener, &format!("{name}_{number}"), &headers, &routes);
        if let Some(fields) = chain.as_object_mut() {
            fields.extend(tls.clone().map(|tls| ("transport_socket".to_owned(), tls)));
            let range = range.map(|range| {
                let ranges: Vec<Value> = peers::halves(range)
                    .iter()
                    .map(|net| json!({ "address_prefix": net.network(), "prefix_len": net.prefix_len() }))
                    .collect();
                ("filter_chain_match".to_owned(), json!({ "direct_source_prefix_ranges": ranges }))
            });
            fields.extend(range);
        }
        chains.push(chain);
    }
    json!({ "name": name, "address": socket(&address, listener.port), "filter_chains": chains })
}

/// A connection manager with its routes.
fn chain(listener: &Listener, name: &str, headers: &headers::Headers, routes: &[Value]) -> Value {
    let mut filters = Vec::new();
    filters.extend(headers.filter());
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": typed("envoy.extensions.filters.http.router.v3.Router", json!({})),
    }));
    let removed: Vec<&str> = headers.own_header().into_iter().collect();
    let manager = json!({
        "stat_prefix": name,
        "use_remote_address": true,
        "normalize_path": false,
        "merge_slashes": false,
        "strip_any_host_port": listener.host_port == HostPort::Ignored,
        "route_config": {
            "name": name,
            "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": routes }],
            "request_headers_to_remove": removed,
        },
        "http_filters": filters,
    });
    let kind = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
    json!({
        "name": name,
        "filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": typed(kind, manager),
        }],
    })
}

/// All certificates; Envoy chooses by the name that the client asks for.
fn tls(listener: &Listener, refusals: &mut Refusals) -> Option<Value> {
    if listener.protocol == Protocol::Http {
        return None;
    }
    let mut certificates = Vec::new();
    for certificate in &listener.certificates {
        if let (Some(chain), Some(key)) = (&certificate.chain, &certificate.key) {
            certificates.push(json!({
                "certificate_chain": { "filename": chain },
                "private_key": { "filename": key },
            }));
        } else {
            let message = format!("a certificate of listener `{}` has no files", listener.name);
            refusals.refuse(listener.span, message, "give it `chain` and `key`");
        }
    }
    if listener.certificates.is_empty() {
        let message = format!(
            "listener `{}` speaks HTTPS without a certificate",
            listener.name
        );
        refusals.refuse(listener.span, message, "give it `certificates`");
    }
    Some(json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": typed(
            "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            json!({ "common_tls_context": {
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificates": certificates,
            } }),
        ),
    }))
}

fn socket(address: &str, port: u16) -> Value {
    json!({ "socket_address": { "address": address, "port_value": port } })
}

/// A message with its type.
fn typed(name: &str, mut message: Value) -> Value {
    if let Some(fields) = message.as_object_mut() {
        fields.insert(
            "@type".to_owned(),
            format!("type.googleapis.com/{name}").into(),
        );
    }
    message
}

fn regex(expression: &str) -> Value {
    json!({ "safe_regex": { "regex": expression } })
}

const MAX_PROGRAM_SIZE: u32 = 100_000;
