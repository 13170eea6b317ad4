//! A picture of a table: hosts, the rules that decide their requests, and where these go, with the findings marked.
//!
//! A host is joined to a rule only when the prover finds a request of the host that the rule decides, so the picture
//! shows what happens, not what the patterns seem to say.

mod svg;
mod terminal;

pub use svg::svg;
pub use terminal::terminal;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::finding::{Finding, Severity};
use crate::model::{Action, Condition, Glob, Intent, Listener, Pattern, Table, Test};
use crate::prover::{SetId, Verdict};
use crate::questions::{Decider, Questions, literal_hosts, may_match_host};

/// What is drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Graph {
    /// A lane for each listener.
    pub lanes: Vec<Lane>,
    /// What fails, the worst first.
    pub findings: Vec<Finding>,
}

/// One listener.
#[derive(Clone, Debug, Serialize)]
pub struct Lane {
    /// `https`, and what it speaks on which port.
    pub name: String,
    /// Protocol and port, as in a URL.
    pub address: String,
    /// Hosts, the rest last.
    pub hosts: Vec<Host>,
    /// Rules in the order in which they are tried, then the default.
    pub steps: Vec<Step>,
    /// Where requests go, in the order of the steps.
    pub ends: Vec<End>,
}

/// A host, or all others.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    /// Its name, `*` for all others.
    pub name: String,
    /// The steps that decide some of its requests.
    pub decided_by: Vec<Edge>,
}

/// From a host to a step.
#[derive(Clone, Debug, Serialize)]
pub struct Edge {
    /// Number of the step.
    pub step: usize,
    /// The worst finding about this host and this rule.
    pub mark: Option<Severity>,
}

/// A rule, or the default.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Priority; the default has none.
    pub priority: Option<u32>,
    /// Name.
    pub name: String,
    /// Conditions in short.
    pub conditions: String,
    /// Numbers of the ends.
    pub ends: Vec<usize>,
    /// The worst finding about it.
    pub mark: Option<Severity>,
    /// Codes of the findings about it.
    pub codes: Vec<&'static str>,
    /// Whether no request gets to it.
    pub is_idle: bool,
}

/// A target group, or an answer without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// Name of the group, or what is answered.
    pub name: String,
    /// How many targets; `None` for an answer without a group.
    pub targets: Option<usize>,
}

/// Draws a table with what was found in it.
pub fn graph(table: &Table, findings: &[Finding]) -> Graph {
    let mut failing: Vec<Finding> = findings
        .iter()
        .filter(|f| f.is_failure())
        .cloned()
        .collect();
    failing.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let lanes = table
        .listeners
        .iter()
        .map(|listener| lane(table, listener, &failing));
    Graph {
        lanes: lanes.collect(),
        findings: failing,
    }
}

fn lane(table: &Table, listener: &Listener, findings: &[Finding]) -> Lane {
    let mut questions = Questions::new(listener);
    let own: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.listener.as_deref() == Some(&listener.name))
        .collect();
    let hosts = hosts(table, &mut questions, &own);
    let mut ends: Vec<End> = Vec::new();
    let mut steps: Vec<Step> = questions
        .deciders()
        .into_iter()
        .map(|decider| step(table, decider, &own, &mut ends))
        .collect();
    for (index, step) in steps.iter_mut().enumerate() {
        let mut edges = hosts.iter().flat_map(|host| &host.decided_by);
        step.is_idle = !edges.any(|edge| edge.step == index);
    }
    Lane {
        name: listener.name.clone(),
        address: format!("{} on port {}", listener.protocol.scheme(), listener.port),
        hosts,
        steps,
        ends,
    }
}

fn hosts(table: &Table, questions: &mut Questions<'_>, findings: &[&Finding]) -> Vec<Host> {
    let named = questions.rules.iter().flat_map(|rule| literal_hosts(rule));
    let intent = table
        .intent
        .hosts
        .iter()
        .map(|entry| entry.host.to_ascii_lowercase());
    let intent = intent.filter(|host| crate::arrival::may_serve(questions.listener, host));
    let all: BTreeSet<String> = named.chain(intent).collect();
    let shown: Vec<String> = all
        .into_iter()
        .filter(|name| name != Intent::EVERY_OTHER_HOST)
        .take(MAX_HOSTS)
        .collect();
    let mut known: Vec<SetId> = Vec::new();
    let mut hosts = Vec::new();
    for name in shown {
        let sets = questions.add_host(&name);
        hosts.push(host(questions, name, &sets, &[], findings));
        known.extend(sets);
    }
    let rest = Intent::EVERY_OTHER_HOST.to_owned();
    hosts.push(host(questions, rest, &[], &known, findings));
    hosts
}

/// The steps that decide some request in one of the sets and in none of `without`.
fn host(
    questions: &Questions<'_>,
    name: String,
    sets: &[SetId],
    without: &[SetId],
    findings: &[&Finding],
) -> Host {
    let mut decided_by = Vec::new();
    for decider in questions.deciders() {
        if !may_match_host(questions.listener, decider.rule, &name) {
            continue;
        }
        // Nothing that a client sends is not worth a line.
        let reaches = |within: &[SetId]| {
            let verdict = questions.reaches(decider, within, without);
            matches!(verdict, Verdict::Witness(_) | Verdict::Unknown)
        };
        let is_reached = match sets {
            [] => reaches(&[]),
            sets => sets.iter().any(|&set| reaches(&[set])),
        };
        if is_reached {
            let rule = decider.rule.map(|rule| rule.name.as_str());
            let about = findings.iter().filter(|finding| {
                finding.rule.as_deref() == rule
                    && finding
                        .host
                        .as_deref()
                        .is_some_and(|host| host.eq_ignore_ascii_case(&name))
            });
            decided_by.push(Edge {
                step: decider.index,
                mark: about.map(|finding| finding.severity).max(),
            });
        }
    }
    Host { name, decided_by }
}

fn step(table: &Table, decider: Decider<'_>, findings: &[&Finding], ends: &mut Vec<End>) -> Step {
    let own = ends_of(table, decider.action);
    let numbers = own.into_iter().map(|end| {
        let known = ends.iter().position(|other| *other == end);
        known.unwrap_or_else(|| {
            ends.push(end);
            ends.len() - 1
        })
    });
    let numbers = numbers.collect();
    let rule = decider.rule.map(|rule| rule.name.as_str());
    let about: Vec<&&Finding> = findings
        .iter()
        .filter(|finding| finding.rule.as_deref() == rule)
        .collect();
    let codes: BTreeSet<&str> = about.iter().map(|finding| finding.code.0).collect();
    Step {
        priority: decider.rule.map(|rule| rule.priority),
        name: rule.unwrap_or("default").to_owned(),
        conditions: decider.rule.map_or_else(
            || "all that is left".to_owned(),
            |rule| conditions(&rule.conditions),
        ),
        ends: numbers,
        mark: about.iter().map(|finding| finding.severity).max(),
        codes: codes.into_iter().collect(),
        is_idle: false,
    }
}

fn ends_of(table: &Table, action: &Action) -> Vec<End> {
    let groups = action.reached_groups();
    if groups.is_empty() {
        let name = match action {
            Action::Redirect(redirect) => format!("redirect {}", redirect.status.code()),
            Action::FixedResponse(response) => format!("answer {}", response.status),
            Action::Forward(_) => "nothing".to_owned(),
        };
        return vec![End {
            name,
            targets: None,
        }];
    }
    let end = |group: &str| End {
        name: group.to_owned(),
        targets: Some(
            table
                .target_group(group)
                .map_or(0, |group| group.targets.len()),
        ),
    };
    groups.into_iter().map(end).collect()
}

/// `auth.example.com · /api*`, the host first; `any host` when there is none.
fn conditions(conditions: &[Condition]) -> String {
    let mut hosts = Vec::new();
    let mut others = Vec::new();
    for condition in conditions {
        let values = condition.test.values().join(" | ");
        match &condition.test {
            Test::Host(_) => hosts.push(values),
            Test::Path(values) => others.push(paths(values)),
            Test::Header { name, .. } => others.push(format!("{name}: {values}")),
            Test::Method(_) => others.push(values),
            Test::Query(_) => others.push(format!("?{values}")),
            Test::SourceIp(_) => others.push(format!("from {values}")),
        }
    }
    if hosts.is_empty() {
        hosts.push("any host".to_owned());
    }
    hosts.append(&mut others);
    hosts.join(" · ")
}

fn paths(values: &[Pattern]) -> String {
    let text = |value: &Pattern| match value {
        Pattern::Glob(glob) => Glob::text(glob).to_owned(),
        Pattern::Regex(regex) => format!("~{}", regex.text()),
    };
    values.iter().map(text).collect::<Vec<_>>().join(" | ")
}

/// Hosts that are drawn by name on one listener; more would not be read.
const MAX_HOSTS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings;
    use crate::reader;
    use crate::source::Source;

    const TABLE: &str = r#"
[[listener]]
name = "web <1>"
port = 80
rule = [
  { name = "registry", priority = 10, host = "registry.example.com", forward = "registry" },
  { name = "api", priority = 20, path = "/api*", forward = "registry" },
  { name = "idle", priority = 30, path = "/api/v1", forward = "auth" },
]
[target_group.auth]
[target_group.registry]
targets = ["127.0.0.1:1"]
[intent."auth.example.com"]
may = ["auth"]
"#;

    fn picture() -> Graph {
        let table = reader::toml::read(&Source::new(0, "routes.toml", TABLE)).table;
        graph(&table, &findings::check(&table).findings)
    }

    #[test]
    fn hosts_are_joined_to_the_rules_that_decide_their_requests() {
        let graph = picture();
        let lane = &graph.lanes[0];
        let decided: Vec<(&str, Vec<usize>)> = lane
            .hosts
            .iter()
            .map(|host| {
                (
                    host.name.as_str(),
                    host.decided_by.iter().map(|edge| edge.step).collect(),
                )
            })
            .collect();
        assert_eq!(
            decided,
            [
                ("auth.example.com", vec![1, 3]),
                ("registry.example.com", vec![0]),
                ("*", vec![1, 3])
            ]
        );
        assert_eq!(lane.hosts[0].decided_by[0].mark, Some(Severity::Error));
        assert_eq!(lane.hosts[2].decided_by[0].mark, None);
        assert_eq!(
            (lane.steps[2].is_idle, lane.steps[2].mark),
            (true, Some(Severity::Warning))
        );
        assert_eq!(lane.steps[1].codes, ["R002"]);
    }

    #[test]
    fn the_picture_in_a_terminal_marks_the_capture() {
        let text = terminal(&picture());
        let line = "  ├─   20  api       any host · /api*      ─▶ registry  ✗ R002\n";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("  never selected: idle\n"), "{text}");
    }

    #[test]
    fn the_drawing_escapes_what_it_shows() {
        let drawing = svg(&picture());
        assert!(drawing.contains(">web &lt;1&gt;</text>"), "{drawing}");
        assert!(drawing.contains("edge error"));
        for (open, close) in [("<title>", "</title>"), ("<text ", "</text>")] {
            assert_eq!(
                drawing.matches(open).count(),
                drawing.matches(close).count()
            );
        }
    }
}
