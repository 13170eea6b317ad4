//! Actions, authentication and rewrites.

use serde_json::{Map, Value, json};

use super::escaped;
use crate::model::{
    Action, Authentication, AuthenticationKind, Forward, Redirect, Rule, Transform, TransformKind,
};
use crate::questions::rule_name;
use crate::writer::Refusals;
use crate::writer::names::Names;

pub(super) fn body(action: &Action, names: &mut Names) -> Value {
    match action {
        Action::Forward(forward) => self::forward(forward, names),
        Action::Redirect(redirect) => {
            json!({ "type": "redirect", "redirect": [self::redirect(redirect)] })
        }
        Action::FixedResponse(response) => {
            let mut answer = json!({
                "content_type": response.kind(),
                "status_code": response.status.to_string(),
            });
            if let (Some(body), Some(fields)) = (&response.body, answer.as_object_mut()) {
                fields.insert("message_body".to_owned(), escaped(body));
            }
            json!({ "type": "fixed-response", "fixed_response": [answer] })
        }
    }
}

fn forward(forward: &Forward, names: &mut Names) -> Value {
    let mut arn = |group: &str| {
        let name = names.of(&format!("group {group}"));
        format!("${{aws_lb_target_group.{name}.arn}}")
    };
    if let ([only], None) = (forward.groups.as_slice(), &forward.stickiness)
        && only.weight == 1
    {
        return json!({ "type": "forward", "target_group_arn": arn(&only.group) });
    }
    let groups: Vec<Value> = forward
        .groups
        .iter()
        .map(|group| json!({ "arn": arn(&group.group), "weight": group.weight }))
        .collect();
    let mut inner = json!({ "target_group": groups });
    if let (Some(sticky), Some(fields)) = (&forward.stickiness, inner.as_object_mut()) {
        let stickiness = json!([{ "enabled": true, "duration": sticky.duration_s }]);
        fields.insert("stickiness".to_owned(), stickiness);
    }
    json!({ "type": "forward", "forward": [inner] })
}

fn redirect(redirect: &Redirect) -> Value {
    let mut fields = Map::new();
    let status = format!("HTTP_{}", redirect.status.code());
    fields.insert("status_code".to_owned(), status.into());
    let parts = [
        ("protocol", &redirect.protocol),
        ("host", &redirect.host),
        ("port", &redirect.port),
        ("path", &redirect.path),
        ("query", &redirect.query),
    ];
    for (key, part) in parts {
        if let Some(part) = part {
            fields.insert(key.to_owned(), escaped(part));
        }
    }
    Value::Object(fields)
}

/// Settings are written under the provider's names; a client secret is not in the table, so what needs one is refused.
pub(super) fn authentication(
    rule: &Rule,
    authentication: &Authentication,
    refusals: &mut Refusals,
) -> Option<Value> {
    let kind = authentication.kind.field();
    if authentication.kind == AuthenticationKind::Oidc {
        let message = format!(
            "{}: `{kind}` needs a client secret, which a table does not hold",
            rule_name(rule)
        );
        refusals.refuse(rule.span, message, "write this rule's action by hand");
        return None;
    }
    let settings: Map<String, Value> = authentication
        .settings
        .iter()
        .map(|(key, value)| (snake(key), escaped(value)))
        .collect();
    Some(json!({ "type": kind, kind.replace('-', "_"): [settings] }))
}

pub(super) fn transform(transform: &Transform) -> Value {
    let (kind, block) = match transform.kind {
        TransformKind::Host => ("host-header-rewrite", "host_header_rewrite_config"),
        TransformKind::Url => ("url-rewrite", "url_rewrite_config"),
    };
    let rewrite =
        json!({ "regex": escaped(&transform.regex), "replace": escaped(&transform.replace) });
    json!({ "type": kind, block: [{ "rewrite": [rewrite] }] })
}

/// `UserPoolArn` as `user_pool_arn`.
fn snake(key: &str) -> String {
    let mut out = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
