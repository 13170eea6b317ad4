//! Limits of conditions.

use crate::model::{Condition, Pattern, Rule, Test};
use crate::source::Span;

pub(super) fn check(rule: &Rule, mut add: impl FnMut(Option<Span>, String, &'static str)) {
    let (mut wildcards, mut evaluations) = (0, 0);
    for field in [
        "host-header",
        "path-pattern",
        "http-request-method",
        "source-ip",
    ] {
        let of_field = rule
            .conditions
            .iter()
            .filter(|condition| condition.test.field() == field);
        if of_field.count() > 1 {
            let problem = format!("more than one {field} condition");
            add(rule.span, problem, "make them one condition, or two rules");
        }
    }
    if rule.conditions.is_empty() {
        add(
            rule.span,
            "no condition".to_owned(),
            "add one, or make it the default action",
        );
    }
    for condition in &rule.conditions {
        let values = condition.test.values();
        wildcards += wildcards_of(&condition.test);
        evaluations += values.len();
        let most = if matches!(condition.test, Test::SourceIp(_)) {
            MAX_EVALUATIONS
        } else {
            MAX_VALUES
        };
        if values.is_empty() || values.len() > most {
            let problem = format!(
                "a {} condition has 1–{most} values, not {}",
                condition.test.field(),
                values.len()
            );
            add(condition.span, problem, "split it into two rules");
        }
        for problem in problems(condition) {
            add(
                condition.span,
                problem,
                "write it as the load balancer's guide allows",
            );
        }
    }
    if wildcards > MAX_WILDCARDS {
        let problem = format!("{wildcards} wildcards are more than {MAX_WILDCARDS}");
        add(rule.span, problem, "split it into two rules");
    }
    if evaluations > MAX_EVALUATIONS {
        let problem = format!("{evaluations} values are more than {MAX_EVALUATIONS} in one rule");
        add(rule.span, problem, "split it into two rules");
    }
}

fn wildcards_of(test: &Test) -> usize {
    let of = |values: &[Pattern]| {
        let globs = values.iter().filter_map(|value| match value {
            Pattern::Glob(glob) => Some(glob.wildcards()),
            Pattern::Regex(_) => None,
        });
        globs.sum()
    };
    match test {
        Test::Host(values) | Test::Path(values) | Test::Header { values, .. } => of(values),
        Test::Query(pairs) => {
            let keys = pairs.iter().filter_map(|pair| pair.key.as_ref());
            keys.chain(pairs.iter().map(|pair| &pair.value))
                .map(crate::model::Glob::wildcards)
                .sum()
        }
        Test::Method(_) | Test::SourceIp(_) => 0,
    }
}

fn problems(condition: &Condition) -> Vec<String> {
    let mut problems = Vec::new();
    for value in condition.test.values() {
        let most = if matches!(condition.test, Test::Method(_)) {
            MAX_METHOD
        } else {
            MAX_VALUE
        };
        if value.len() > most {
            problems.push(format!("`{value}` is longer than {most} characters"));
        }
    }
    match &condition.test {
        Test::Host(values) => globs(values)
            .filter_map(host_problem)
            .for_each(|p| problems.push(p)),
        Test::Path(values) => globs(values)
            .filter_map(path_problem)
            .for_each(|p| problems.push(p)),
        Test::Header { name, .. } => problems.extend(header_problem(name)),
        Test::Method(methods) => {
            let odd = |method: &&String| {
                !method
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_'))
            };
            let odd = methods.iter().filter(odd);
            problems.extend(odd.map(|method| format!("method `{method}` is not in upper case")));
        }
        Test::Query(_) | Test::SourceIp(_) => {}
    }
    problems
}

fn globs(values: &[Pattern]) -> impl Iterator<Item = &str> {
    let globs = values
        .iter()
        .filter(|value| matches!(value, Pattern::Glob(_)));
    globs.map(Pattern::text)
}

fn host_problem(host: &str) -> Option<String> {
    let odd = host
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || "-.*?".contains(*c)));
    if let Some(odd) = odd {
        return Some(format!("host `{host}` contains `{odd}`"));
    }
    let Some((_, last)) = host.rsplit_once('.') else {
        return Some(format!("host `{host}` has no dot"));
    };
    let letters = !last.is_empty() && last.chars().all(|c| c.is_ascii_alphabetic());
    (!letters).then(|| format!("host `{host}` must end in letters after its last dot"))
}

fn path_problem(path: &str) -> Option<String> {
    let odd = path
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?".contains(*c)));
    odd.map(|odd| format!("path `{path}` contains `{odd}`"))
}

fn header_problem(name: &str) -> Option<String> {
    if name.eq_ignore_ascii_case("host") {
        return Some("a header condition can't be on `Host`: use a host condition".to_owned());
    }
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let good = (1..=MAX_HEADER_NAME).contains(&name.len()) && name.chars().all(token);
    (!good).then(|| format!("header name `{name}` is not 1–{MAX_HEADER_NAME} token characters"))
}

const MAX_VALUES: usize = 3;
const MAX_EVALUATIONS: usize = 5;
const MAX_WILDCARDS: usize = 5;
const MAX_VALUE: usize = 128;
const MAX_METHOD: usize = 40;
const MAX_HEADER_NAME: usize = 40;
