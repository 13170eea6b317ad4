//! `[[listener]]` and `[[listener.rule]]`.

use super::fields::Fields;
use super::{action, condition};
use crate::model::{Action, Certificate, HostPort, Listener, Protocol, Rule};

pub(super) fn read(fields: &Fields<'_, '_>) -> Option<Listener> {
    let protocol = protocol(fields, "protocol").unwrap_or(Protocol::Http);
    let port = fields.number("port");
    let default = fields.get("default");
    let rules = fields.tables("rule").iter().filter_map(rule).collect();
    let listener = port.map(|port| Listener {
        name: fields
            .text("name")
            .unwrap_or_else(|| format!("{}-{port}", protocol.scheme())),
        protocol,
        port,
        bind: bind(fields),
        host_port: fields
            .word(
                "host_port",
                &[
                    ("ignored", HostPort::Ignored),
                    ("compared", HostPort::Compared),
                ],
            )
            .unwrap_or_default(),
        certificates: fields
            .tables("certificates")
            .iter()
            .map(certificate)
            .collect(),
        rules,
        default: default
            .and_then(|value| default_action(fields, value))
            .unwrap_or(Action::respond(404)),
        default_span: default.map(|value| fields.notes().span(value.span())),
        span: Some(fields.span()),
    });
    match listener {
        Some(_) => fields.refuse_others(),
        None => fields.missing("port"),
    }
    listener
}

pub(super) fn protocol(fields: &Fields<'_, '_>, key: &str) -> Option<Protocol> {
    let words = [
        ("http", Protocol::Http),
        ("https", Protocol::Https),
        ("HTTP", Protocol::Http),
        ("HTTPS", Protocol::Https),
    ];
    fields.word(key, &words)
}

fn bind(fields: &Fields<'_, '_>) -> Option<std::net::IpAddr> {
    let value = fields.get("bind")?;
    let text = fields.notes().text(value)?;
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`{text}` is not an IP address");
        fields.notes().report(
            value.span(),
            message,
            "write an address such as `127.0.0.1`",
        );
    }
    address
}

fn default_action<'a>(
    fields: &Fields<'_, 'a>,
    value: &'a super::fields::Value<'a>,
) -> Option<Action> {
    let inner = fields.notes().fields(value)?;
    let action = action::read(&inner);
    inner.refuse_others();
    action
}

fn certificate(fields: &Fields<'_, '_>) -> Certificate {
    let names = fields.get("names").map(|value| fields.notes().texts(value));
    let certificate = Certificate {
        names: names.unwrap_or_default(),
        chain: fields.text("chain"),
        key: fields.text("key"),
        arn: fields.text("arn"),
    };
    fields.refuse_others();
    certificate
}

fn rule(fields: &Fields<'_, '_>) -> Option<Rule> {
    let Some(priority) = fields.number("priority") else {
        fields.missing("priority");
        return None;
    };
    let rule = Rule {
        name: fields
            .text("name")
            .unwrap_or_else(|| format!("rule-{priority}")),
        priority,
        conditions: condition::read_all(fields),
        action: action::read(fields)?,
        authentication: action::authentication(fields),
        transforms: action::transforms(fields),
        span: Some(fields.span()),
    };
    fields.refuse_others();
    Some(rule)
}
