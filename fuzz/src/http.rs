//! What the services read of a request's head and body before anything else happens.

use hokusai_artifacts::ByteRange;
use hokusai_server::base_path;
use hokusai_server::gate::presented_key;
use hokusai_server::json::Params;
use hokusai_server::routing::mask;
use hokusai_wire::client_addr::TrustedProxies;
use http::{HeaderMap, HeaderName, HeaderValue};

const NAMES: [&str; 4] = ["authorization", "x-api-key", "x-forwarded-for", "range"];

/// Reads lines as networks of trusted proxies, path, query and values of headers, in turn.
pub fn head(input: &[u8]) {
    let mut lines = input.split(|byte| *byte == b'\n');
    let mut text = || {
        let line = lines.next().unwrap_or_default();
        String::from_utf8_lossy(line).into_owned()
    };
    let (networks, path, query) = (text(), text(), text());
    let mut headers = HeaderMap::new();
    for (index, line) in lines.enumerate() {
        let name = NAMES[index % NAMES.len()];
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let path = base_path::canonical(&path);
    assert_eq!(mask(&mask(&path)), mask(&path), "what is masked stays as it is");
    match presented_key(&headers, (!query.is_empty()).then_some(query.as_str())) {
        Ok((_, place)) => assert!(!place.is_empty()),
        Err(refused) => assert!(!refused.message().is_empty(), "a refusal without a message"),
    }
    client(&networks, &headers);
    if let Some(range) = headers.get("range").and_then(|value| value.to_str().ok()) {
        let _ = ByteRange::parse(range);
    }
}

/// Only a trusted peer's word counts.
fn client(networks: &str, headers: &HeaderMap) {
    let Ok(trusted) = TrustedProxies::parse(networks.split(',')) else {
        return;
    };
    let lines = || headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes);
    for peer in ["10.0.0.1", "203.0.113.9", "::ffff:10.0.0.1", "2001:db8::1"] {
        let peer = peer.parse().expect("an address");
        let said = trusted.client(peer, lines().collect::<Vec<_>>().into_iter());
        if !trusted.contains(peer) {
            assert_eq!(said, hokusai_wire::client_addr::ClientAddr::Known(peer.to_canonical()));
        }
    }
}

/// Reads the input as a JSON body and as a query string, with every kind of field.
pub fn body(input: &[u8]) {
    fields(&Params::from_json(input), MOST_NESTED);
    if let Ok(text) = std::str::from_utf8(input) {
        if let Ok(params) = Params::from_query(text) {
            fields(&params, MOST_NESTED);
        }
    }
}

fn fields(params: &Params, nested: usize) {
    for name in ["run_id", "key", "value", "timestamp", "step", "metrics", "params", "tags"] {
        let _ = (params.value(name), params.required_str(name), params.opt_str(name), params.run_id());
        let _ = (params.required_i64(name), params.opt_i64(name), params.opt_f64(name), params.opt_bool(name));
        let _ = params.str_list(name);
        if nested == 0 {
            continue;
        }
        for inner in params.objects(name).into_iter().flatten() {
            fields(&inner, nested - 1);
        }
        if let Ok(Some(inner)) = params.object(name) {
            fields(&inner, nested - 1);
        }
    }
}

/// Deeper objects are read by nobody.
const MOST_NESTED: usize = 2;
