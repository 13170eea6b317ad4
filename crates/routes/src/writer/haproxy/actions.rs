//! What is done with a request once its rule is known.

use super::{line, quoted};
use crate::model::{Action, FixedResponse, Listener, Redirect, Table};
use crate::source::Span;
use crate::writer::names::Names;
use crate::writer::{Refusals, shares};

/// Where an action stands.
pub(super) struct Place<'t> {
    pub(super) table: &'t Table,
    pub(super) listener: &'t Listener,
    /// The test that the rule was selected.
    pub(super) is_selected: &'t str,
    pub(super) span: Option<Span>,
}

/// Answers and redirects, and the draw for weighted groups: HAProxy does these before it chooses a backend.
pub(super) fn before_backends(
    out: &mut String,
    place: &Place<'_>,
    action: &Action,
    refusals: &mut Refusals,
) {
    let selected = place.is_selected;
    match action {
        Action::FixedResponse(response) => fixed(out, place, response),
        Action::Redirect(redirect) => {
            let code = redirect.status.code();
            for (location, query) in locations(place.listener, redirect) {
                let location = quoted(&location);
                let redirect = format!("http-request redirect location {location} code {code}");
                line(out, 1, &format!("{redirect} if {selected}{query}"));
            }
        }
        Action::Forward(forward) => {
            let shares = shares(forward);
            if shares.len() > 1 {
                let total: u32 = shares.iter().map(|(_, weight)| weight).sum();
                let draw = format!("http-request set-var(txn.draw) rand({total})");
                line(out, 1, &format!("{draw} if {selected}"));
            }
            if forward.stickiness.is_some() && shares.len() > 1 {
                let message = "HAProxy can't keep a client with one of several target groups";
                let help =
                    "take the stickiness out of the action; that of a target group is written";
                refusals.refuse(place.span, message, help);
            }
        }
    }
}

/// The backends that a rule forwards to.
pub(super) fn backends(out: &mut String, place: &Place<'_>, action: &Action, names: &mut Names) {
    let Action::Forward(forward) = action else {
        return;
    };
    let mut drawn = 0;
    let shares = shares(forward);
    for (index, (group, weight)) in shares.iter().enumerate() {
        drawn += weight;
        let is_last = index + 1 == shares.len();
        let draw = if is_last {
            String::new()
        } else {
            format!(" {{ var(txn.draw) -m int lt {drawn} }}")
        };
        let tests = format!("{}{draw}", place.is_selected);
        let backend = names.of(&format!("group {group}"));
        if place
            .table
            .target_group(group)
            .is_some_and(|group| group.fail_open)
        {
            let open = names.of(&format!("group {group} unchecked"));
            let none_up = format!("{{ nbsrv({backend}) eq 0 }}");
            line(out, 1, &format!("use_backend {open} if {tests} {none_up}"));
        }
        line(out, 1, &format!("use_backend {backend} if {tests}"));
    }
}

fn fixed(out: &mut String, place: &Place<'_>, response: &FixedResponse) {
    let kind = response.kind();
    let body = match response.body.as_deref() {
        None | Some("") => String::new(),
        Some(body) => format!(" content-type {} string {}", quoted(kind), quoted(body)),
    };
    let answer = format!("http-request return status {}{body}", response.status);
    line(out, 1, &format!("{answer} if {}", place.is_selected));
}

/// The Location of a redirect, each with what stands after the rule's test: once with the request's query, once without.
fn locations(listener: &Listener, redirect: &Redirect) -> Vec<(String, &'static str)> {
    let fill = |part: &Option<String>, absent: &str| {
        let text = part.as_deref().unwrap_or(absent).replace('%', "%%");
        text.replace("#{protocol}", listener.protocol.scheme())
            .replace("#{host}", "%[req.fhdr(host),regsub(:[0-9]*$,)]")
            .replace("#{port}", &listener.port.to_string())
            .replace("/#{path}", "%[path]")
            .replace("#{path}", "%[path,regsub(^/,)]")
    };
    let protocol = fill(&redirect.protocol, "#{protocol}").to_ascii_lowercase();
    let host = fill(&redirect.host, "#{host}");
    let port = fill(&redirect.port, "#{port}");
    let path = fill(&redirect.path, "/#{path}");
    let base = format!("{protocol}://{host}:{port}{path}");
    let query = fill(&redirect.query, "#{query}");
    if query.is_empty() {
        return vec![(base, "")];
    }
    if !query.contains("#{query}") {
        return vec![(format!("{base}?{query}"), "")];
    }
    let with = query.replace("#{query}", "%[query]");
    let without = query.replace("#{query}", "");
    let without = if without.is_empty() {
        base.clone()
    } else {
        format!("{base}?{without}")
    };
    vec![
        (format!("{base}?{with}"), " { query -m len gt 0 }"),
        (without, " !{ query -m len gt 0 }"),
    ]
}
