//! Actions: one that routes, and perhaps one that authenticates before it.

use std::collections::BTreeMap;

use super::group::Groups;
use crate::model::{
    Action, Authentication, AuthenticationKind, FixedResponse, Forward, Redirect, RedirectStatus,
    Stickiness, WeightedGroup,
};
use crate::reader::node::{Kind, Node};
use crate::reader::notes::{Notes, Record};
use crate::reader::redact;

/// The action that routes, and the authentication before it.
pub(super) fn read(
    notes: &Notes,
    node: &Node,
    groups: &mut Groups,
) -> Option<(Action, Option<Authentication>)> {
    let (mut routing, mut authentication) = (None, None);
    for record in notes.records("Actions", node) {
        let Some(kind) = record.text("Type") else {
            record.missing("Type");
            continue;
        };
        let _ = record.get("Order");
        let action = match kind.as_str() {
            "forward" => forward(&record, groups),
            "redirect" => redirect(&record),
            "fixed-response" => fixed_response(&record),
            other => {
                authentication = authenticate(&record, other);
                continue;
            }
        };
        record.refuse_others();
        if routing.is_some() {
            let message = "there is more than one action that routes";
            notes.unreadable(record.span(), message, "keep one");
        }
        routing = Some(action);
    }
    if routing.is_none() {
        let message = "there is no action that routes";
        notes.unreadable(
            node.span,
            message,
            "add forward, redirect or fixed-response",
        );
    }
    Some((routing??, authentication))
}

fn forward(record: &Record<'_, '_>, groups: &mut Groups) -> Option<Action> {
    let notes = record.notes();
    let single = record.get("TargetGroupArn");
    let configs = record.records("ForwardConfig");
    let config = configs.first();
    let listed = config.map(|config| config.records("TargetGroups"));
    let stickiness = config.and_then(stickiness);
    if let Some(config) = config {
        config.refuse_others();
    }
    let mut found = Vec::new();
    for weighted in listed.unwrap_or_default() {
        let Some(arn) = weighted.get("TargetGroupArn") else {
            weighted.missing("TargetGroupArn");
            return None;
        };
        found.push(WeightedGroup {
            group: groups.name(notes, arn)?,
            weight: match weighted.get("Weight") {
                Some(node) => notes.number("Weight", node)?,
                None => 1,
            },
        });
        weighted.refuse_others();
    }
    if found.is_empty() {
        let Some(arn) = single else {
            record.missing("TargetGroupArn");
            return None;
        };
        let group = groups.name(notes, arn)?;
        found.push(WeightedGroup { group, weight: 1 });
    }
    Some(Action::Forward(Forward {
        groups: found,
        stickiness,
    }))
}

fn stickiness(config: &Record<'_, '_>) -> Option<Stickiness> {
    let configs = config.records("TargetGroupStickinessConfig");
    let config = configs.first()?;
    let duration_s = config.number("DurationSeconds");
    config.flag("Enabled").unwrap_or(false).then_some(())?;
    Some(Stickiness {
        duration_s: duration_s?,
        app_cookie: None,
    })
}

fn redirect(record: &Record<'_, '_>) -> Option<Action> {
    let configs = record.records("RedirectConfig");
    let Some(config) = configs.first() else {
        record.missing("RedirectConfig");
        return None;
    };
    let statuses = [
        ("HTTP_301", RedirectStatus::Permanent),
        ("HTTP_302", RedirectStatus::Temporary),
    ];
    Some(Action::Redirect(Redirect {
        status: config.word("StatusCode", &statuses)?,
        protocol: changed(config.text("Protocol"), "#{protocol}"),
        host: changed(config.text("Host"), "#{host}"),
        port: changed(config.text("Port"), "#{port}"),
        path: changed(config.text("Path"), "/#{path}"),
        query: changed(config.text("Query"), "#{query}"),
    }))
}

/// The API spells the parts that stay as they are.
pub(crate) fn changed(part: Option<String>, same: &str) -> Option<String> {
    part.filter(|part| part != same)
}

fn fixed_response(record: &Record<'_, '_>) -> Option<Action> {
    let configs = record.records("FixedResponseConfig");
    let Some(config) = configs.first() else {
        record.missing("FixedResponseConfig");
        return None;
    };
    let status = config.number("StatusCode");
    if status.is_none() && config.get("StatusCode").is_none() {
        config.missing("StatusCode");
    }
    Some(Action::FixedResponse(FixedResponse {
        status: status?,
        content_type: config.text("ContentType"),
        body: config.text("MessageBody"),
    }))
}

fn authenticate(record: &Record<'_, '_>, kind: &str) -> Option<Authentication> {
    let (kind, key) = match kind {
        "authenticate-oidc" => (AuthenticationKind::Oidc, "AuthenticateOidcConfig"),
        "authenticate-cognito" => (AuthenticationKind::Cognito, "AuthenticateCognitoConfig"),
        "jwt-validation" => (AuthenticationKind::Jwt, "JwtValidationConfig"),
        _ => {
            let shown: String = kind.chars().take(60).collect();
            let message = format!("actions of type `{shown}` are not known");
            let help = "what it does can't be told: take the rule out, or use a newer version";
            record.notes().unresolved(record.span(), message, help);
            return None;
        }
    };
    let config = record.get(key);
    Some(Authentication {
        kind,
        settings: config.map(settings).unwrap_or_default(),
    })
}

/// The plain settings of an authentication, without its secrets.
pub(crate) fn settings(config: &Node) -> BTreeMap<String, String> {
    let entries = config.entries().iter();
    let plain = entries.filter(|entry| !redact::is_secret(&entry.key));
    let plain = plain.filter_map(|entry| match &entry.value.kind {
        Kind::Text(text) | Kind::Number(text) => Some((entry.key.clone(), text.clone())),
        Kind::Bool(flag) => Some((entry.key.clone(), flag.to_string())),
        _ => None,
    });
    plain.collect()
}
