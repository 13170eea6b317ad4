//! Terraform's JSON form (`*.tf.json`): listeners, rules and target groups of an Application Load Balancer, for the
//! `hashicorp/aws` provider from version 6.18 on, the first with regex values and rewrites.
//!
//! The text is a module of its own, so that it can be written anew without touching anything else. References hold the
//! parts together, so that a plan shows the edges. What the table does not know are variables: `vpc_id`, `tls_policy`,
//! the load balancer of each listener (one table may describe several), and a certificate for each HTTPS listener whose
//! ARN it does not say. What others need are outputs: the listeners and target groups by their names in the table.
//! Targets register themselves (a service, a group of machines), so they are not written; neither is what only means
//! something to our own front door. Names are kept as the tag `Name`, since listeners and rules have none.

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
        document.output("target_group_arns", TARGET_GROUP, &name, &group.name, "arn");
        let suffixes = "target_group_arn_suffixes";
        document.output(suffixes, TARGET_GROUP, &name, &group.name, "arn_suffix");
        document.add(TARGET_GROUP, &name, body);
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
    outputs: Map<String, Value>,
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

    /// The variable for what TLS must be at least.
    fn tls_policy(&mut self) -> Value {
        let name = "tls_policy";
        let reference = self.variable(name, "TLS policy of the HTTPS listeners.");
        if let Some(variable) = self.variables.get_mut(name).and_then(Value::as_object_mut) {
            variable.insert("default".to_owned(), TLS_POLICY.into());
        }
        reference
    }

    /// Adds an attribute of a resource to an output that maps names of the table to it.
    fn output(&mut self, output: &str, kind: &str, name: &str, original: &str, attribute: &str) {
        let empty = || json!({ "description": format!("The `{attribute}` of each, by its name in the table."), "value": {} });
        let entry = self.outputs.entry(output).or_insert_with(empty);
        if let Some(values) = entry.get_mut("value").and_then(Value::as_object_mut) {
            let reference = format!("${{{kind}.{name}.{attribute}}}");
            values.insert(original.to_owned(), reference.into());
        }
    }

    fn text(mut self) -> String {
        self.variable("vpc_id", "The network of the targets.");
        let document = json!({
            "//": "Made by `hokusai routes convert --to terraform` from a listener rule table.",
            "variable": self.variables,
            "resource": self.resources,
            "output": self.outputs,
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
    let about = format!("The load balancer of listener {}.", listener.name);
    let balancer = document.variable(&format!("{name}_load_balancer_arn"), &about);
    let mut body = json!({
        "load_balancer_arn": balancer,
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
        fields.insert("ssl_policy".to_owned(), document.tls_policy());
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
    document.output("listener_arns", LISTENER, &name, &listener.name, "arn");
    document.add(LISTENER, &name, body);
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

const LISTENER: &str = "aws_lb_listener";
const TARGET_GROUP: &str = "aws_lb_target_group";

/// TLS 1.3, and TLS 1.2 with forward secrecy and authenticated encryption only.
const TLS_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06";
