//! Actions: blocks of which one routes, and one may authenticate before it.

use super::table::Links;
use crate::model::{
    Action, Authentication, AuthenticationKind, FixedResponse, Forward, Redirect, RedirectStatus,
    Stickiness, WeightedGroup,
};
use crate::reader::aws::action::{changed, settings};
use crate::reader::node::Node;
use crate::reader::notes::{Notes, Record};

/// The action that routes, and the authentication before it.
pub(super) fn read(
    notes: &Notes,
    node: &Node,
    links: &mut Links,
) -> Option<(Action, Option<Authentication>)> {
    let (mut routing, mut authentication) = (None, None);
    for block in notes.records("action", node) {
        let Some(kind) = block.text("type") else {
            if block.get("type").is_none() {
                block.missing("type");
            }
            continue;
        };
        let action = match kind.as_str() {
            "forward" => forward(&block, links),
            "redirect" => redirect(&block),
            "fixed-response" => fixed_response(&block),
            "authenticate-oidc" => {
                authentication =
                    authenticate(&block, AuthenticationKind::Oidc, "authenticate_oidc");
                continue;
            }
            "authenticate-cognito" => {
                authentication =
                    authenticate(&block, AuthenticationKind::Cognito, "authenticate_cognito");
                continue;
            }
            "jwt-validation" => {
                authentication = authenticate(&block, AuthenticationKind::Jwt, "jwt_validation");
                continue;
            }
            _ => {
                let message = "the action's type is not known";
                notes.unresolved(
                    block.span(),
                    message,
                    "use forward, redirect or fixed-response",
                );
                continue;
            }
        };
        if routing.is_some() {
            let message = "there is more than one action that routes";
            notes.unreadable(block.span(), message, "keep one");
        }
        routing = Some(action);
    }
    if routing.is_none() {
        let message = "there is no action that routes";
        notes.unresolved(
            node.span,
            message,
            "add forward, redirect or fixed-response",
        );
    }
    Some((routing??, authentication))
}

fn forward(block: &Record<'_, '_>, links: &mut Links) -> Option<Action> {
    let notes = block.notes();
    let configs = block.records("forward");
    let listed = configs
        .first()
        .and_then(|config| config.get("target_group"));
    let stickiness = configs.first().and_then(stickiness);
    let mut groups = Vec::new();
    for group in listed
        .map(|node| notes.records("target_group", node))
        .unwrap_or_default()
    {
        let Some(arn) = group.get("arn") else {
            group.missing("arn");
            return None;
        };
        let weight = match group.get("weight") {
            Some(node) => notes.number("weight", node)?,
            None => 1,
        };
        let group = links.group(notes, "arn", arn)?;
        groups.push(WeightedGroup { group, weight });
    }
    let single = block.get("target_group_arn");
    if groups.is_empty() {
        let Some(arn) = single else {
            block.missing("target_group_arn");
            return None;
        };
        let group = links.group(notes, "target_group_arn", arn)?;
        groups.push(WeightedGroup { group, weight: 1 });
    }
    Some(Action::Forward(Forward { groups, stickiness }))
}

fn stickiness(config: &Record<'_, '_>) -> Option<Stickiness> {
    let blocks = config.records("stickiness");
    let block = blocks.first()?;
    block.flag("enabled").unwrap_or(false).then_some(())?;
    Some(Stickiness {
        duration_s: block.number("duration")?,
        app_cookie: None,
    })
}

fn redirect(block: &Record<'_, '_>) -> Option<Action> {
    let blocks = block.records("redirect");
    let Some(block) = blocks.first() else {
        block.missing("redirect");
        return None;
    };
    let statuses = [
        ("HTTP_301", RedirectStatus::Permanent),
        ("HTTP_302", RedirectStatus::Temporary),
    ];
    Some(Action::Redirect(Redirect {
        status: block.word("status_code", &statuses)?,
        protocol: changed(block.text("protocol"), "#{protocol}"),
        host: changed(block.text("host"), "#{host}"),
        port: changed(block.text("port"), "#{port}"),
        path: changed(block.text("path"), "/#{path}"),
        query: changed(block.text("query"), "#{query}"),
    }))
}

fn fixed_response(block: &Record<'_, '_>) -> Option<Action> {
    let blocks = block.records("fixed_response");
    let Some(block) = blocks.first() else {
        block.missing("fixed_response");
        return None;
    };
    let status = block.get("status_code");
    if status.is_none() {
        block.missing("status_code");
    }
    Some(Action::FixedResponse(FixedResponse {
        status: block.notes().number("status_code", status?)?,
        content_type: block.text("content_type"),
        body: block.text("message_body"),
    }))
}

fn authenticate(
    block: &Record<'_, '_>,
    kind: AuthenticationKind,
    key: &'static str,
) -> Option<Authentication> {
    let blocks = block.records(key);
    let Some(config) = blocks.first() else {
        block.missing(key);
        return None;
    };
    Some(Authentication {
        kind,
        settings: settings(config.node),
    })
}
