//! Actions as the second half of a route.

use serde_json::{Value, json};

use crate::model::{Action, FixedResponse, Forward, Listener, Redirect, RedirectStatus};
use crate::source::Span;
use crate::writer::names::Names;
use crate::writer::{Refusals, shares};

/// Where an action stands.
pub(super) struct Place<'t> {
    pub(super) listener: &'t Listener,
    pub(super) span: Option<Span>,
}

pub(super) fn of(
    place: &Place<'_>,
    action: &Action,
    names: &mut Names,
    refusals: &mut Refusals,
) -> Value {
    match action {
        Action::Forward(forward) => self::forward(place, forward, names, refusals),
        Action::Redirect(redirect) => self::redirect(place, redirect, refusals),
        Action::FixedResponse(response) => fixed(response),
    }
}

fn forward(
    place: &Place<'_>,
    forward: &Forward,
    names: &mut Names,
    refusals: &mut Refusals,
) -> Value {
    let shares = shares(forward);
    if forward.stickiness.is_some() && shares.len() > 1 {
        let message = "Envoy can't keep a client with one of several target groups";
        refusals.refuse(place.span, message, "take the stickiness out of the action");
    }
    let mut cluster = |group: &str| names.of(&format!("group {group}"));
    let mut route = match shares.as_slice() {
        [(group, _)] => json!({ "cluster": cluster(group) }),
        many => {
            let clusters: Vec<Value> = many
                .iter()
                .map(|(group, weight)| json!({ "name": cluster(group), "weight": weight }))
                .collect();
            json!({ "weighted_clusters": { "clusters": clusters } })
        }
    };
    if let Some(fields) = route.as_object_mut() {
        // The default would end an upload that takes longer than 15 s.
        fields.insert("timeout".to_owned(), "0s".into());
    }
    json!({ "route": route })
}

fn fixed(response: &FixedResponse) -> Value {
    let mut answer = json!({ "status": response.status });
    let body = response.body.as_deref().unwrap_or_default();
    if let (false, Some(fields)) = (body.is_empty(), answer.as_object_mut()) {
        fields.insert("body".to_owned(), json!({ "inline_string": body }));
    }
    let kind = response.kind();
    let header = json!({
        "header": { "key": "content-type", "value": kind },
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    });
    json!({ "direct_response": answer, "response_headers_to_add": [header] })
}

fn redirect(place: &Place<'_>, redirect: &Redirect, refusals: &mut Refusals) -> Value {
    let code = match redirect.status {
        RedirectStatus::Permanent => "MOVED_PERMANENTLY",
        RedirectStatus::Temporary => "FOUND",
    };
    let mut out = json!({ "response_code": code });
    let mut set = |key: &str, value: Value| {
        if let Some(fields) = out.as_object_mut() {
            fields.insert(key.to_owned(), value);
        }
    };
    let mut refuse = |part: &str| {
        let message = format!("Envoy can't redirect to `{part}`");
        refusals.refuse(
            place.span,
            message,
            "write it out, or keep the request's part",
        );
    };
    let scheme = place.listener.protocol.scheme();
    match redirect.protocol.as_deref() {
        None | Some("#{protocol}") => set("scheme_redirect", scheme.into()),
        Some(protocol) => set("scheme_redirect", protocol.to_ascii_lowercase().into()),
    }
    match redirect.host.as_deref() {
        None | Some("#{host}") => {}
        Some(host) if host.contains("#{") => refuse(host),
        Some(host) => set("host_redirect", host.into()),
    }
    match redirect.port.as_deref().map(str::parse::<u16>) {
        Some(Ok(port)) => set("port_redirect", port.into()),
        Some(Err(_)) if redirect.port.as_deref() != Some("#{port}") => {
            refuse(redirect.port.as_deref().unwrap_or_default());
        }
        _ => set("port_redirect", place.listener.port.into()),
    }
    match redirect.path.as_deref() {
        None | Some("/#{path}") => {}
        Some(path) if path.contains("#{host}") || path.contains("#{port}") => refuse(path),
        Some(path) => set("regex_rewrite", rewrite(path)),
    }
    match redirect.query.as_deref() {
        None | Some("#{query}") => {}
        Some("") => set("strip_query", true.into()),
        Some(query) => refuse(query),
    }
    json!({ "redirect": out })
}

/// A path with `#{path}` in it, or without, in place of the request's; the query stays.
fn rewrite(path: &str) -> Value {
    let parts = path.split("#{path}").map(|part| part.replace('\\', "\\\\"));
    let substitution: Vec<String> = parts.collect();
    json!({
        "pattern": { "regex": "^/([^?]*)" },
        "substitution": substitution.join("\\1"),
    })
}
