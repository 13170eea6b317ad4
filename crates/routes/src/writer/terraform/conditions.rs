//! Conditions.

use serde_json::{Value, json};

use super::escaped;
use crate::model::{Condition, Pattern, Rule, Test};
use crate::questions::rule_name;
use crate::writer::Refusals;

pub(super) fn body(rule: &Rule, condition: &Condition, refusals: &mut Refusals) -> Value {
    match &condition.test {
        Test::Host(values) => {
            json!({ "host_header": [patterns(rule, condition, values, refusals)] })
        }
        Test::Path(values) => {
            json!({ "path_pattern": [patterns(rule, condition, values, refusals)] })
        }
        Test::Header { name, values } => {
            let mut inner = patterns(rule, condition, values, refusals);
            if let Some(fields) = inner.as_object_mut() {
                fields.insert("http_header_name".to_owned(), escaped(name));
            }
            json!({ "http_header": [inner] })
        }
        Test::Method(methods) => {
            let methods: Vec<Value> = methods.iter().map(|method| escaped(method)).collect();
            json!({ "http_request_method": [{ "values": methods }] })
        }
        Test::Query(pairs) => {
            let pairs: Vec<Value> = pairs
                .iter()
                .map(|pair| match &pair.key {
                    Some(key) => {
                        json!({ "key": escaped(key.text()), "value": escaped(pair.value.text()) })
                    }
                    None => json!({ "value": escaped(pair.value.text()) }),
                })
                .collect();
            json!({ "query_string": pairs })
        }
        Test::SourceIp(nets) => {
            let nets: Vec<String> = nets.iter().map(ToString::to_string).collect();
            json!({ "source_ip": [{ "values": nets }] })
        }
    }
}

fn patterns(
    rule: &Rule,
    condition: &Condition,
    values: &[Pattern],
    refusals: &mut Refusals,
) -> Value {
    let of_kind = |is_regex: bool| -> Vec<Value> {
        let of_kind = values
            .iter()
            .filter(|value| matches!(value, Pattern::Regex(_)) == is_regex);
        of_kind.map(|value| escaped(value.text())).collect()
    };
    let (globs, regexes) = (of_kind(false), of_kind(true));
    match (globs.is_empty(), regexes.is_empty()) {
        (_, true) => json!({ "values": globs }),
        (true, false) => json!({ "regex_values": regexes }),
        (false, false) => {
            let message = format!(
                "{}: a condition has plain values or regexes, not both",
                rule_name(rule)
            );
            refusals.refuse(condition.span, message, "make it two rules");
            json!({ "values": globs, "regex_values": regexes })
        }
    }
}
