//! A rule without a host that takes hosts which nobody named.

use super::{Edit, Fix};
use crate::finding::Finding;
use crate::model::{Condition, Intent, Listener, Rule, Table};
use crate::questions::names_host;

/// Gives the rule the hosts that may reach its groups; when no host may, the rule goes.
pub(super) fn narrow(table: &Table, listener: &Listener, finding: &Finding) -> Option<Fix> {
    let rule = listener.rule(finding.rule.as_ref()?)?;
    if names_host(rule) {
        return None;
    }
    let hosts = hosts_that_may(&table.intent, rule);
    let (listener, name) = (listener.name.clone(), rule.name.clone());
    if hosts.is_empty() {
        return Some(Fix {
            summary: format!(
                "remove rule `{name}`, whose target group no host of the intent may reach"
            ),
            edits: vec![Edit::RemoveRule {
                listener,
                rule: name,
            }],
        });
    }
    let summary = format!("give rule `{name}` the host `{}`", hosts.join("`, `"));
    let test = Condition::host(&hosts).test;
    Some(Fix {
        summary,
        edits: vec![Edit::AddCondition {
            listener,
            rule: name,
            test,
        }],
    })
}

fn hosts_that_may<'t>(intent: &'t Intent, rule: &Rule) -> Vec<&'t str> {
    let groups = rule.action.reached_groups();
    let named = intent
        .hosts
        .iter()
        .filter(|entry| entry.host != Intent::EVERY_OTHER_HOST);
    let may = named.filter(|entry| {
        groups
            .iter()
            .all(|group| entry.may.iter().any(|m| m == group))
    });
    may.map(|entry| entry.host.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use crate::findings;
    use crate::reader;
    use crate::source::Source;

    const TABLE: &str = r#"
[[listener]]
name = "main"
protocol = "https"
port = 443
certificates = [{ names = ["a.test", "b.test"] }]
default = { respond = 404 }
[[listener.rule]]
name = "health"
priority = 10
path = "/health"
forward = "a"
[[listener.rule]]
name = "old"
priority = 20
path = "/api*"
forward = "old"
[target_group.a]
targets = ["127.0.0.1:1"]
[target_group.old]
targets = ["127.0.0.1:2"]
[intent."a.test"]
may = ["a", "b"]
[intent."*"]
may = []
"#;

    #[test]
    fn a_rule_without_a_host_is_given_those_that_may_or_goes() {
        let table = reader::toml::read(&Source::new(0, "t.toml", TABLE)).table;
        let report = findings::check(&table);
        let summaries: Vec<String> = report
            .findings
            .iter()
            .filter_map(|finding| Some(finding.fix.as_ref()?.summary.clone()))
            .collect();
        assert!(
            summaries.contains(&"give rule `health` the host `a.test`".to_owned()),
            "{summaries:?}"
        );
        assert!(
            summaries.contains(
                &"remove rule `old`, whose target group no host of the intent may reach".to_owned()
            ),
            "{summaries:?}"
        );
    }
}
