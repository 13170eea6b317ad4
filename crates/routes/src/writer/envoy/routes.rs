//! The routes of a listener: its rules in order, then its default.

use serde_json::{Value, json};

use super::headers::Headers;
use super::{actions, regex};
use crate::model::{Condition, Listener, Pattern, Rule, Test};
use crate::questions::rule_name;
use crate::writer::names::Names;
use crate::writer::{Refusals, expression};

pub(super) fn list(
    listener: &Listener,
    rules: &[&Rule],
    headers: &Headers,
    names: &mut Names,
    refusals: &mut Refusals,
) -> Vec<Value> {
    let mut routes = Vec::new();
    for rule in rules {
        refusals.refuse_extras(rule, "Envoy configuration");
        refuse_regexes(rule, refusals);
        let condition = of_rule(rule, headers);
        let place = actions::Place {
            listener,
            span: rule.span,
        };
        let mut route = actions::of(&place, &rule.action, names, refusals);
        if let Some(fields) = route.as_object_mut() {
            fields.insert("name".to_owned(), rule.name.as_str().into());
            fields.insert("match".to_owned(), condition);
        }
        routes.push(route);
    }
    let place = actions::Place {
        listener,
        span: listener.default_span,
    };
    let mut default = actions::of(&place, &listener.default, names, refusals);
    if let Some(fields) = default.as_object_mut() {
        fields.insert("match".to_owned(), json!({ "prefix": "/" }));
    }
    routes.push(default);
    routes
}

/// All conditions but those on addresses, which chose the list.
fn of_rule(rule: &Rule, headers: &Headers) -> Value {
    let mut tests = Vec::new();
    let mut paths = Vec::new();
    for condition in &rule.conditions {
        match &condition.test {
            Test::Path(values) => paths.push(values.as_slice()),
            Test::Host(values) => tests.push(header(":authority", &expression::whole(values))),
            Test::Method(methods) => {
                let literal = |method: &String| Pattern::Glob(crate::model::Glob::path(method));
                // A method with `*` or `?` is no token, so no request has it.
                let methods: Vec<Pattern> = methods
                    .iter()
                    .filter(|method| !method.contains(['*', '?']))
                    .map(literal)
                    .collect();
                tests.push(header(":method", &expression::whole(&methods)));
            }
            Test::Query(pairs) => {
                let pair = expression::pairs(pairs);
                let query = format!("[^?]*\\?(?:.*&)?{pair}(?:&.*)?");
                tests.push(header(":path", &query));
            }
            Test::Header { .. } => tests.extend(headers.test(condition)),
            Test::SourceIp(_) => {}
        }
    }
    let mut of_rule = match paths.split_first() {
        None => json!({ "prefix": "/" }),
        Some((first, more)) => {
            // A second path condition is compared with the path in front of the query.
            let second = |values: &&[Pattern]| {
                let inner = expression::whole_before(values, "[^?]");
                header(":path", &format!("{inner}(?:\\?.*)?"))
            };
            tests.extend(more.iter().map(second));
            regex(&expression::whole(first))
        }
    };
    if let Some(fields) = of_rule.as_object_mut() {
        fields.insert("headers".to_owned(), Value::Array(tests));
    }
    of_rule
}

fn header(name: &str, expression: &str) -> Value {
    json!({ "name": name, "string_match": regex(expression) })
}

fn refuse_regexes(rule: &Rule, refusals: &mut Refusals) {
    let paths = rule
        .conditions
        .iter()
        .filter_map(|condition| match &condition.test {
            Test::Path(values) => Some(values),
            _ => None,
        });
    let is_regex = |pattern: &Pattern| matches!(pattern, Pattern::Regex(_));
    if paths.skip(1).flatten().any(is_regex) {
        let message = format!(
            "{}: Envoy compares one regex with the path alone",
            rule_name(rule)
        );
        refusals.refuse(rule.span, message, "make its path conditions one");
    }
    for Condition { test, span } in &rule.conditions {
        let (Test::Host(values) | Test::Path(values)) = test else {
            continue;
        };
        let most = expression::repetitions(values);
        if most > MAX_REPETITIONS {
            let message = format!(
                "{}: a regex repeats something {most} times, Envoy's engine at most {MAX_REPETITIONS}",
                rule_name(rule)
            );
            refusals.refuse(*span, message, "use smaller counts");
        }
    }
}

/// RE2's limit, counts within counts multiplied.
const MAX_REPETITIONS: u64 = 1000;
