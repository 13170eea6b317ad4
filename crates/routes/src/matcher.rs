//! Which rule a request selects: the one matcher that the data plane, `explain` and the prover's tests share.
//!
//! A linear scan with a greedy glob: 100 rules take a few microseconds, so nothing is precompiled but the patterns.

use crate::model::{Action, Condition, HostPort, Listener, Pattern, QueryPair, Rule, Test};
use crate::request::Request;

/// What a request selects.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'l> {
    /// The rule; `None` is the default action.
    pub rule: Option<&'l Rule>,
    /// What happens.
    pub action: &'l Action,
}

/// The first rule, by priority, all of whose conditions hold; else the default.
pub fn select<'l>(listener: &'l Listener, request: &Request<'_>) -> Selection<'l> {
    let matching = listener
        .rules
        .iter()
        .filter(|rule| matches(rule, request, listener.host_port));
    // `min_by_key` keeps the first of equals: two rules with one priority keep the order of their source.
    match matching.min_by_key(|rule| rule.priority) {
        Some(rule) => Selection {
            rule: Some(rule),
            action: &rule.action,
        },
        None => Selection {
            rule: None,
            action: &listener.default,
        },
    }
}

/// Whether all conditions of the rule hold.
pub fn matches(rule: &Rule, request: &Request<'_>, host_port: HostPort) -> bool {
    rule.conditions
        .iter()
        .all(|condition| holds(condition, request, host_port))
}

/// Whether the condition holds.
pub fn holds(condition: &Condition, request: &Request<'_>, host_port: HostPort) -> bool {
    match &condition.test {
        Test::Host(values) => {
            compared_host(request, host_port).is_some_and(|host| any(values, host))
        }
        Test::Path(values) => any(values, &request.path),
        Test::Method(values) => values.iter().any(|method| *method == request.method),
        Test::SourceIp(nets) => nets.iter().any(|net| net.contains(&request.peer)),
        Test::Header { name, values } => request
            .headers
            .iter()
            .any(|(header, value)| header.eq_ignore_ascii_case(name) && any(values, value)),
        Test::Query(pairs) => request
            .query
            .iter()
            .any(|(key, value)| pairs.iter().any(|pair| pair_matches(pair, key, value))),
    }
}

/// The host that conditions see.
pub fn compared_host<'r>(request: &'r Request<'_>, host_port: HostPort) -> Option<&'r str> {
    match host_port {
        HostPort::Ignored => request.host_without_port(),
        HostPort::Compared => request.host.as_deref(),
    }
}

fn any(values: &[Pattern], subject: &str) -> bool {
    values.iter().any(|value| value.matches(subject))
}

fn pair_matches(pair: &QueryPair, key: &str, value: &str) -> bool {
    pair.key.as_ref().is_none_or(|wanted| wanted.matches(key)) && pair.value.matches(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{listener, rule};

    #[test]
    fn the_lowest_priority_number_wins_whatever_the_order_of_the_source() {
        let listener = listener(vec![
            rule(20, vec![Condition::path(&["*"])], "late"),
            rule(10, vec![Condition::path(&["/a*"])], "early"),
        ]);
        let selected = select(&listener, &Request::get("x.y", "/a"));
        assert_eq!(selected.action.reached_groups(), ["early"]);
    }

    #[test]
    fn conditions_are_anded_and_their_values_ored() {
        let conditions = vec![Condition::host(&["a.b", "c.d"]), Condition::path(&["/x"])];
        let listener = listener(vec![rule(1, conditions, "t")]);
        let selects = |host, path| select(&listener, &Request::get(host, path)).rule.is_some();
        assert!(selects("a.b", "/x") && selects("C.D", "/x"));
        assert!(!selects("a.b", "/y") && !selects("e.f", "/x"));
    }

    #[test]
    fn any_occurrence_of_a_header_or_pair_satisfies_a_condition_and_two_conditions_need_both() {
        let both = vec![
            Condition::header("X-A", &["1"]),
            Condition::header("x-a", &["2"]),
        ];
        let listener = listener(vec![
            rule(1, both, "t"),
            rule(2, vec![Condition::query(None, "v*")], "q"),
        ]);
        let mut request = Request::get("a.b", "/");
        request.headers = vec![("x-A".into(), "2".into()), ("X-a".into(), "1".into())];
        assert_eq!(select(&listener, &request).action.reached_groups(), ["t"]);
        request.headers.pop();
        assert!(select(&listener, &request).rule.is_none());
        request.query = Request::split_query("a=1&b=V2");
        assert_eq!(select(&listener, &request).action.reached_groups(), ["q"]);
    }

    #[test]
    fn a_request_without_host_matches_no_host_condition() {
        let listener = listener(vec![rule(1, vec![Condition::host(&["*"])], "t")]);
        let mut request = Request::get("a.b", "/");
        request.host = None;
        assert!(select(&listener, &request).rule.is_none());
    }

    #[test]
    fn a_port_is_compared_only_when_the_listener_says_so() {
        let mut listener = listener(vec![rule(1, vec![Condition::host(&["a.b"])], "t")]);
        let request = Request::get("a.b:8443", "/");
        assert!(select(&listener, &request).rule.is_some());
        listener.host_port = HostPort::Compared;
        assert!(select(&listener, &request).rule.is_none());
    }
}
