//! Why a request goes where it goes.

use crate::matcher::{self, Selection};
use crate::model::{Condition, Listener, Rule};
use crate::request::Request;

/// Which rule a request selects, and why none before it.
#[derive(Clone, Debug)]
pub struct Explanation<'l> {
    /// What is selected.
    pub selection: Selection<'l>,
    /// The rules tried before, in order.
    pub passed_over: Vec<PassedOver<'l>>,
}

/// A rule that did not match.
#[derive(Clone, Debug)]
pub struct PassedOver<'l> {
    /// The rule.
    pub rule: &'l Rule,
    /// The conditions that did not hold, at least one.
    pub failed: Vec<&'l Condition>,
    /// One phrase per failed condition: "`/api` matches none of `/api/*`".
    pub reasons: Vec<String>,
}

/// Explains a request.
pub fn explain<'l>(listener: &'l Listener, request: &Request<'_>) -> Explanation<'l> {
    let mut passed_over = Vec::new();
    for rule in listener.ordered() {
        let failed: Vec<&Condition> = rule
            .conditions
            .iter()
            .filter(|condition| !matcher::holds(condition, request, listener.host_port))
            .collect();
        if failed.is_empty() {
            let selection = Selection {
                rule: Some(rule),
                action: &rule.action,
            };
            return Explanation {
                selection,
                passed_over,
            };
        }
        let reasons = failed
            .iter()
            .map(|condition| reason(listener, condition, request))
            .collect();
        passed_over.push(PassedOver {
            rule,
            failed,
            reasons,
        });
    }
    Explanation {
        selection: Selection {
            rule: None,
            action: &listener.default,
        },
        passed_over,
    }
}

fn reason(listener: &Listener, condition: &Condition, request: &Request<'_>) -> String {
    use crate::model::Test;
    let values = condition.test.values().join("`, `");
    let subject = match &condition.test {
        Test::Host(_) => match matcher::compared_host(request, listener.host_port) {
            Some(host) => format!("host `{host}`"),
            None => return "the request has no host".to_owned(),
        },
        Test::Path(_) => format!("path `{}`", request.path),
        Test::Method(_) => format!("method `{}`", request.method),
        Test::SourceIp(_) => format!("address `{}`", request.peer),
        Test::Header { name, .. } => {
            let sent: Vec<&str> = request
                .headers
                .iter()
                .filter(|(header, _)| header.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_ref())
                .collect();
            if sent.is_empty() {
                return format!("the request has no header `{name}`, which must be `{values}`");
            }
            format!("header `{name}: {}`", sent.join("`, `"))
        }
        Test::Query(_) if request.query.is_empty() => {
            return format!("the request has no query, which must have `{values}`");
        }
        Test::Query(_) => "the query".to_owned(),
    };
    format!("{subject} matches none of `{values}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{listener, rule};

    #[test]
    fn every_rule_before_the_selected_one_says_why_not() {
        let listener = listener(vec![
            rule(
                10,
                vec![Condition::host(&["registry.example.com"])],
                "registry",
            ),
            rule(
                20,
                vec![
                    Condition::path(&["/api/*"]),
                    Condition::header("X-Env", &["a"]),
                ],
                "x",
            ),
            rule(30, vec![Condition::path(&["/api*"])], "registry-api"),
            rule(40, vec![Condition::path(&["/api"])], "never"),
        ]);
        let explanation = explain(&listener, &Request::get("auth.example.com", "/api"));
        assert_eq!(explanation.selection.rule.unwrap().name, "r30");
        let reasons: Vec<_> = explanation
            .passed_over
            .iter()
            .flat_map(|p| p.reasons.clone())
            .collect();
        assert_eq!(
            reasons,
            [
                "host `auth.example.com` matches none of `registry.example.com`",
                "path `/api` matches none of `/api/*`",
                "the request has no header `X-Env`, which must be `a`",
            ]
        );
    }
}
