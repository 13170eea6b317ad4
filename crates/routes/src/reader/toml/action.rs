//! Actions, authentication and rewrites.

use super::fields::{Fields, Notes, Value};
use crate::model::{
    Action, Authentication, AuthenticationKind, FixedResponse, Forward, Redirect, RedirectStatus,
    Stickiness, Transform, TransformKind, WeightedGroup,
};

/// The one action of a table.
pub(super) fn read(fields: &Fields<'_, '_>) -> Option<Action> {
    let stickiness = fields.number("stickiness_s");
    let stickiness = stickiness.map(|duration_s| Stickiness {
        duration_s,
        app_cookie: None,
    });
    let forward = fields
        .get("forward")
        .map(|value| forward(fields.notes(), value, stickiness));
    let redirect = fields
        .get("redirect")
        .map(|value| redirect(fields.notes(), value));
    let respond = fields
        .get("respond")
        .map(|value| respond(fields.notes(), value));
    let mut actions = [forward, redirect, respond].into_iter().flatten();
    let first = actions.next();
    if first.is_none() || actions.next().is_some() {
        fields.missing("exactly one of forward, redirect, respond");
        return None;
    }
    first.flatten()
}

fn forward(notes: &Notes<'_>, value: &Value<'_>, stickiness: Option<Stickiness>) -> Option<Action> {
    let group = |value: &Value<'_>| {
        if let Some(group) = value.get_ref().as_str() {
            return Some(WeightedGroup {
                group: group.to_owned(),
                weight: 1,
            });
        }
        let table = notes.fields(value)?;
        let group = table.text("group");
        let weight = table.number("weight").unwrap_or(1);
        table.refuse_others();
        if group.is_none() {
            table.missing("group");
        }
        Some(WeightedGroup {
            group: group?,
            weight,
        })
    };
    let groups = Notes::each(value)
        .into_iter()
        .map(group)
        .collect::<Option<Vec<_>>>()?;
    Some(Action::Forward(Forward { groups, stickiness }))
}

fn redirect(notes: &Notes<'_>, value: &Value<'_>) -> Option<Action> {
    let table = notes.fields(value)?;
    let status = table.number::<u16>("status").unwrap_or(301);
    let redirect = Redirect {
        status: if status == 302 {
            RedirectStatus::Temporary
        } else {
            RedirectStatus::Permanent
        },
        protocol: table.text("protocol"),
        host: table.text("host"),
        port: table.text("port"),
        path: table.text("path"),
        query: table.text("query"),
    };
    table.refuse_others();
    if !matches!(status, 301 | 302) {
        let message = format!("a redirect has status 301 or 302, not {status}");
        notes.report(value.span(), message, "use 301 or 302");
        return None;
    }
    Some(Action::Redirect(redirect))
}

fn respond(notes: &Notes<'_>, value: &Value<'_>) -> Option<Action> {
    if value.get_ref().is_integer() {
        return notes.number(value).map(Action::respond);
    }
    let table = notes.fields(value)?;
    let status = table.number("status");
    let (content_type, body) = (table.text("content_type"), table.text("body"));
    table.refuse_others();
    if status.is_none() {
        table.missing("status");
    }
    Some(Action::FixedResponse(FixedResponse {
        status: status?,
        content_type,
        body,
    }))
}

pub(super) fn authentication(fields: &Fields<'_, '_>) -> Option<Authentication> {
    let table = fields.notes().fields(fields.get("authenticate")?)?;
    let kinds = [
        AuthenticationKind::Oidc,
        AuthenticationKind::Cognito,
        AuthenticationKind::Jwt,
    ];
    let words = kinds.map(|kind| (kind.field(), kind));
    let Some(kind) = table.word("kind", &words) else {
        table.missing("kind");
        return None;
    };
    let others = table
        .entries()
        .into_iter()
        .filter(|(key, ..)| key != "kind" && key != "client_secret");
    let settings = others.filter_map(|(key, value, _)| Some((key, fields.notes().text(value)?)));
    Some(Authentication {
        kind,
        settings: settings.collect(),
    })
}

pub(super) fn transforms(fields: &Fields<'_, '_>) -> Vec<Transform> {
    let one = |table: &Fields<'_, '_>| {
        let kind = table.word(
            "kind",
            &[("host", TransformKind::Host), ("url", TransformKind::Url)],
        );
        let (regex, replace) = (table.text("regex"), table.text("replace"));
        table.refuse_others();
        if kind.is_none() || regex.is_none() || replace.is_none() {
            table.missing("kind, regex or replace");
        }
        Some(Transform {
            kind: kind?,
            regex: regex?,
            replace: replace?,
        })
    };
    fields.tables("rewrite").iter().filter_map(one).collect()
}
