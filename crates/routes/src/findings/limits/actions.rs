//! Limits of actions, and the groups that they name.

use crate::model::{Action, FixedResponse, Forward, Redirect, Table};

pub(super) fn check(table: &Table, action: &Action, mut add: impl FnMut(String, &'static str)) {
    match action {
        Action::Forward(action) => forward(table, action, &mut add),
        Action::Redirect(action) => redirect(action, &mut add),
        Action::FixedResponse(action) => fixed_response(action, &mut add),
    }
}

fn forward(table: &Table, forward: &Forward, add: &mut impl FnMut(String, &'static str)) {
    if !(1..=MAX_GROUPS).contains(&forward.groups.len()) {
        let problem = format!(
            "forwards to {} target groups, not 1–{MAX_GROUPS}",
            forward.groups.len()
        );
        add(problem, "name fewer groups");
    }
    for group in &forward.groups {
        if group.weight > MAX_WEIGHT {
            add(
                format!("weight {} is more than {MAX_WEIGHT}", group.weight),
                "use smaller weights",
            );
        }
        if table.target_group(&group.group).is_none() {
            let problem = format!("target group `{}` is not in the table", group.group);
            add(problem, "add it, or correct its name");
        }
    }
    let duration = forward
        .stickiness
        .as_ref()
        .map_or(1, |stickiness| stickiness.duration_s);
    if !(1..=MAX_STICKINESS_S).contains(&duration) {
        add(
            format!("stickiness of {duration} s is not within 1–{MAX_STICKINESS_S}"),
            "change it",
        );
    }
}

fn redirect(redirect: &Redirect, add: &mut impl FnMut(String, &'static str)) {
    let parts = [
        &redirect.protocol,
        &redirect.host,
        &redirect.port,
        &redirect.path,
    ];
    if parts.iter().all(|part| part.is_none()) {
        add(
            "redirects to where it is".to_owned(),
            "change protocol, host, port or path",
        );
    }
    for part in [&redirect.host, &redirect.path, &redirect.query]
        .into_iter()
        .flatten()
    {
        if part.len() > MAX_REDIRECT_PART {
            add(
                format!("`{part}` is longer than {MAX_REDIRECT_PART} characters"),
                "shorten it",
            );
        }
    }
}

fn fixed_response(response: &FixedResponse, add: &mut impl FnMut(String, &'static str)) {
    if !matches!(response.status, 200..=299 | 400..=599) {
        add(
            format!(
                "a fixed answer has status 2xx, 4xx or 5xx, not {}",
                response.status
            ),
            "change it",
        );
    }
    if response
        .body
        .as_ref()
        .is_some_and(|body| body.len() > MAX_BODY)
    {
        add(
            format!("the body is longer than {MAX_BODY} bytes"),
            "shorten it",
        );
    }
    if let Some(kind) = response
        .content_type
        .as_deref()
        .filter(|kind| !CONTENT_TYPES.contains(kind))
    {
        let help =
            "use text/plain, text/css, text/html, application/javascript or application/json";
        add(format!("content type `{kind}` is not allowed"), help);
    }
}

const MAX_GROUPS: usize = 5;
const MAX_WEIGHT: u32 = 999;
const MAX_STICKINESS_S: u32 = 604_800;
const MAX_REDIRECT_PART: usize = 128;
const MAX_BODY: usize = 1024;
const CONTENT_TYPES: [&str; 5] = [
    "text/plain",
    "text/css",
    "text/html",
    "application/javascript",
    "application/json",
];
