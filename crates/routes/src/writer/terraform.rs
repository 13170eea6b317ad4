//! Terraform's JSON form (`*.tf.json`): listeners, rules and target groups of an Application Load Balancer, for the
//! `hashicorp/aws` provider from version 6.18 on, the first with regex values and rewrites.
//!
//! References hold the parts together, so that a plan shows the edges. What the table does not know are variables:
//! `vpc_id`, `load_balancer_arn`, and a certificate for each HTTPS listener whose ARN it does not say. Targets register
//! themselves (a service, a group of machines), so they are not written; neither is what only means something to our
//! own front door. Names are kept as the tag `Name`, since listeners and rules have none.

mod actions;
mod conditions;
mod groups;

use serde_json::{Map, Value, json};

use super::names::Names;
use super::{Refusals, Writing, refuse_missing_groups};
use crate::model::{Certificate, HostPort, Listener, Protocol, Rule, Table};

/// Writes a table.
pub fn write(table: &Table) -> Writing {
    let mut refusals = Refusals::default();
    refuse_missing_groups(table, &mut refusals);
    let mut document = Document::default();
    // Groups first, so that their resources have the plain names.
    for group in &table.target_groups {
        let name = document.names.of(&format!("group {}", group.name));
        let body = groups::body(group, &mut refusals);
        document.add("aws_lb_target_group", &name, body);
    }
    for listener in &table.listeners {
        write_listener(&mut document, listener, &mut refusals);
    }
    Writing {
        text: document.text(),
        findings: refusals.0,
    }
}

/// The document so far.
#[derive(Default)]
struct Document {
    names: Names,
    resources: Map<String, Value>,
    variables: Map<String, Value>,
}

impl Document {
    fn add(&mut self, kind: &str, name: &str, body: Value) {
        let of_kind = self.resources.entry(kind).or_insert_with(|| json!({}));
        if let Some(of_kind) = of_kind.as_object_mut() {
            of_kind.insert(name.to_owned(), body);
        }
    }

    fn variable(&mut self, name: &str, description: &str) -> Value {
        let variable = json!({ "type": "string", "description": description });
        self.variables.insert(name.to_owned(), variable);
        format!("${{var.{name}}}").into()
    }

    fn text(mut self) -> String {
        self.variable("vpc_id", "The network of the targets.");
        self.variable("load_balancer_arn", "The load balancer that listens.");
        let document = json!({
            "//": "Made by `hokusai routes convert --to terraform` from a listener rule table.",
            "variable": self.variables,
            "resource": self.resources,
        });
        format!("{document:#}\n")
    }
}

fn write_listener(document: &mut Document, listener: &Listener, refusals: &mut Refusals) {
    let name = document.names.of(&format!("listener {}", listener.name));
    if listener.host_port == HostPort::Ignored && !listener.has_standard_port() {
        let message = format!(
            "listener `{}`: the load balancer compares the Host header with its port",
            listener.name
        );
        let help = "check the written form: R008 names the rules that a port keeps from matching";
        refusals.note(listener.span, message, help);
    }
    let mut body = json!({
        "load_balancer_arn": "${var.load_balancer_arn}",
        "port": listener.port,
        "protocol": listener.protocol.scheme().to_ascii_uppercase(),
        "default_action": [actions::body(&listener.default, &mut document.names)],
        "tags": { "Name": escaped(&listener.name) },
    });
    if let (Protocol::Https, Some(fields)) = (listener.protocol, body.as_object_mut()) {
        let mut arns = listener
            .certificates
            .iter()
            .map(|certificate: &Certificate| certificate.arn.as_deref().map(escaped));
        let first = arns.next().flatten();
        let first = first.unwrap_or_else(|| {
            let about = format!("The certificate of listener {}.", listener.name);
            document.variable(&format!("{name}_certificate_arn"), &about)
        });
        fields.insert("certificate_arn".to_owned(), first);
        let policy = "ELBSecurityPolicy-TLS13-1-2-2021-06";
        fields.insert("ssl_policy".to_owned(), policy.into());
        for (number, arn) in (2..).zip(arns) {
            let arn = arn.unwrap_or_else(|| {
                let about = format!("Certificate {number} of listener {}.", listener.name);
                document.variable(&format!("{name}_certificate_{number}_arn"), &about)
            });
            let more = json!({ "listener_arn": format!("${{aws_lb_listener.{name}.arn}}"), "certificate_arn": arn });
            document.add(
                "aws_lb_listener_certificate",
                &format!("{name}_{number}"),
                more,
            );
        }
    }
    document.add("aws_lb_listener", &name, body);
    for rule in listener.ordered() {
        let body = rule_body(&name, rule, &mut document.names, refusals);
        let rule_name = document
            .names
            .of(&format!("rule {} {}", listener.name, rule.name));
        document.add("aws_lb_listener_rule", &rule_name, body);
    }
}

fn rule_body(listener: &str, rule: &Rule, names: &mut Names, refusals: &mut Refusals) -> Value {
    let conditions: Vec<Value> = rule
        .conditions
        .iter()
        .map(|condition| conditions::body(rule, condition, refusals))
        .collect();
    let mut steps = Vec::new();
    if let Some(authentication) = &rule.authentication {
        steps.extend(actions::authentication(rule, authentication, refusals));
    }
    steps.push(actions::body(&rule.action, names));
    if let [first, second] = steps.as_mut_slice() {
        // With two actions their order must be said.
        for (order, step) in [(1, first), (2, second)] {
            if let Some(fields) = step.as_object_mut() {
                fields.insert("order".to_owned(), order.into());
            }
        }
    }
    let mut body = json!({
        "listener_arn": format!("${{aws_lb_listener.{listener}.arn}}"),
        "priority": rule.priority,
        "condition": conditions,
        "action": steps,
        "tags": { "Name": escaped(&rule.name) },
    });
    if let (false, Some(fields)) = (rule.transforms.is_empty(), body.as_object_mut()) {
        let transforms: Vec<Value> = rule.transforms.iter().map(actions::transform).collect();
        fields.insert("transform".to_owned(), transforms.into());
    }
    body
}

/// A string in which Terraform finds nothing to fill in.
fn escaped(text: &str) -> Value {
    text.replace("${", "$${").replace("%{", "%%{").into()
}
