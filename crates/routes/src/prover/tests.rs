use super::*;
use crate::model::{Pattern, Regex, Test};

fn prover(sets: &[Vec<Condition>]) -> (Prover, Vec<SetId>) {
    let mut prover = Prover::new(HostPort::Ignored);
    let ids = sets.iter().map(|set| prover.add(set)).collect();
    (prover, ids)
}

/// Is there a request in the first set and in none of the others?
fn first_without_others(sets: &[Vec<Condition>]) -> Verdict {
    let (prover, ids) = prover(sets);
    prover.find(&ids[..1], &ids[1..])
}

fn text(verdict: Verdict) -> String {
    match verdict {
        Verdict::Witness(request) => request.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_incident_is_found_with_a_shortest_request() {
    let verdict = first_without_others(&[
        vec![
            Condition::host(&["auth.example.com"]),
            Condition::path(&["/api*"]),
        ],
        vec![Condition::host(&["registry.example.com"])],
    ]);
    assert_eq!(text(verdict), "GET auth.example.com/api");
}

#[test]
fn several_rules_together_hide_one() {
    let path = |value: &str| vec![Condition::path(&[value])];
    let hidden = [path("/a*"), path("/a"), path("/a?"), path("/a??*")];
    assert_eq!(first_without_others(&hidden), Verdict::Proven);
    assert_eq!(text(first_without_others(&hidden[..3])), "GET a/aaa");
}

#[test]
fn what_only_odd_hosts_reach_is_said_to_be_odd() {
    let verdict = first_without_others(&[vec![Condition::host(&["*..*"])]]);
    assert!(matches!(verdict, Verdict::OddWitness(_)), "{verdict:?}");
}

#[test]
fn methods_addresses_headers_and_queries_take_part() {
    let net = |value: &str| Condition::new(Test::SourceIp(vec![value.parse().unwrap()]));
    let verdict = first_without_others(&[
        vec![
            net("10.0.0.0/8"),
            Condition::header("X-Env", &["a*"]),
            Condition::query(Some("v"), "?"),
        ],
        vec![Condition::method(&["GET"])],
        vec![net("10.0.0.0/9")],
        vec![Condition::header("x-env", &["a"])],
        vec![Condition::header("x-other", &["*"])],
    ]);
    assert_eq!(text(verdict), "POST a/?v=a [x-env: aa] [from 10.128.0.0]");
}

#[test]
fn two_conditions_on_one_header_share_an_occurrence_when_they_can() {
    let verdict = first_without_others(&[vec![
        Condition::header("X", &["a*"]),
        Condition::header("X", &["*b"]),
    ]]);
    assert_eq!(text(verdict), "GET a/ [x: ab]");
    let verdict = first_without_others(&[vec![
        Condition::header("X", &["a"]),
        Condition::header("X", &["b"]),
    ]]);
    assert_eq!(text(verdict), "GET a/ [x: a] [x: b]");
}

#[test]
fn regexes_are_exact() {
    let regex = |value: &str| {
        vec![Condition::new(Test::Path(vec![Pattern::Regex(
            Regex::path(value).unwrap(),
        )]))]
    };
    let digits = [regex("^/v[0-9]+$"), regex("^/v[0-9]$"), regex("[0-9]{2}")];
    assert_eq!(first_without_others(&digits), Verdict::Proven);
    assert_eq!(text(first_without_others(&digits[..2])), "GET a/v00");
    assert_eq!(text(first_without_others(&[regex("x$")])), "GET a/x");
}

#[test]
fn where_ports_are_ignored_a_host_that_ends_like_one_is_sent_with_another() {
    let verdict = first_without_others(&[vec![Condition::host(&["a:1"])]]);
    let Verdict::OddWitness(request) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(request.host.as_deref(), Some("a:1:0"));
    assert_eq!(request.host_without_port(), Some("a:1"));
}

#[test]
fn too_small_a_budget_is_unknown() {
    let (prover, ids) = prover(&[vec![Condition::path(&["/a*b*c"])]]);
    assert_eq!(prover.with_budget(2).find(&ids, &[]), Verdict::Unknown);
}
