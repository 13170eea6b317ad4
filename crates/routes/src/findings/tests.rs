use super::*;
use crate::reader;
use crate::source::Source;

fn table(text: &str) -> Table {
    let reading = reader::toml::read(&Source::new(0, "routes.toml", text));
    assert!(reading.findings.is_empty(), "{:?}", reading.findings);
    reading.table
}

fn of_code<'r>(report: &'r Report, code: &str) -> Vec<&'r Finding> {
    report
        .findings
        .iter()
        .filter(|finding| finding.code.0 == code)
        .collect()
}

const SHARED: &str = r#"
[[listener]]
name = "shared"
protocol = "https"
port = 443
rule = [
  { name = "registry", priority = 10, host = "registry.example.com", path = "/mlflow*", forward = "registry" },
  { name = "api", priority = 100, path = "/api*", forward = "registry-api" },
]
[target_group]
auth = {}
registry = {}
registry-api = {}
[intent."auth.example.com"]
may = ["auth"]
must = { "/api/v1/*" = "auth" }
[intent."registry.example.com"]
may = ["registry", "registry-api"]
"#;

#[test]
fn the_incident_is_one_sentence_with_a_shortest_witness_and_a_proven_fix() {
    let table = table(SHARED);
    let report = check(&table);
    let found = of_code(&report, "R002");
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].message,
        "`auth.example.com` is captured by the generic rule 100 `api` (`/api*`, no host condition): `GET \
         auth.example.com/api` reaches target group `registry-api`, but may only reach `auth`"
    );
    let json = serde_json::to_value(found[0]).unwrap();
    assert_eq!(json["witness"]["path"], "/api");
    assert_eq!(
        (&json["reaches"], &json["expected"]),
        (&"registry-api".into(), &"auth".into())
    );
    let fix = found[0].fix.as_ref().unwrap();
    assert_eq!(
        fix.summary,
        "add rule 20 on listener `shared`: host `auth.example.com` → target group `auth`"
    );
    let fixed = check(&fix.apply(&table));
    assert!(of_code(&fixed, "R002").is_empty() && of_code(&fixed, "R004").is_empty());
    assert!(fixed.is_proven(), "{:?}", fixed.findings);
}

#[test]
fn dedicated_listeners_are_proven_isolated() {
    let report = check(&table(
        r#"
        [[listener]]
        port = 443
        protocol = "https"
        rule = [{ priority = 10, host = "auth.example.com", forward = "auth" }]
        [target_group.auth]
        [intent."auth.example.com"]
        may = ["auth"]
        must = { "*" = "auth" }
        [intent."*"]
        may = []
        "#,
    ));
    assert!(
        report.is_proven() && report.is_clean(),
        "{:?}",
        report.findings
    );
    assert_eq!(report.proven.len(), 3);
}

#[test]
fn a_rule_hidden_by_several_is_found_and_its_removal_is_proven() {
    let report = check(&table(
        "[[listener]]\nport = 80\nrule = [{ priority = 1, path = '/a', forward = 't' }, \
         { priority = 2, path = '/a?*', forward = 't' }, { priority = 3, path = '/a*', forward = 't' }]\n\
         [target_group.t]\n",
    ));
    let found = of_code(&report, "R001");
    assert_eq!(found[0].rule.as_deref(), Some("rule-3"));
    assert!(
        found[0]
            .message
            .ends_with("together take every request that it matches")
    );
    assert!(found[0].fix.is_some());
}

#[test]
fn one_priority_twice_is_an_error_with_a_request_that_both_match() {
    let report = check(&table(
        "[[listener]]\nport = 80\nrule = [{ name = 'a', priority = 1, path = '/a*', forward = 't' }, \
         { name = 'b', priority = 1, path = '/*b', forward = 't' }]\n[target_group.t]\n",
    ));
    let found = of_code(&report, "R006");
    assert_eq!(found[0].witness.as_ref().unwrap().path, "/ab");
    assert!(found[0].fix.is_some());
}

#[test]
fn a_host_without_intent_that_a_generic_rule_takes_is_a_warning() {
    let report = check(&table(
        "[[listener]]\nport = 80\nrule = [{ priority = 1, host = 'a.b', path = '/x', forward = 't' }, \
         { priority = 2, path = '/*', forward = 'u' }]\ntarget_group = { t = {}, u = {} }\n"
            .replace("target_group = { t = {}, u = {} }", "[target_group]\nt = {}\nu = {}")
            .as_str(),
    ));
    assert_eq!(of_code(&report, "R003")[0].host.as_deref(), Some("a.b"));
}

#[test]
fn wildcards_that_take_less_than_they_seem_to_say_where_the_rest_goes() {
    let report = check(&table(
        "[[listener]]\nport = 80\nrule = [{ priority = 1, path = '/api/*', forward = 't' }, \
         { priority = 2, path = '/*', forward = 'u' }]\n[target_group]\nt = {}\nu = {}\n",
    ));
    let found = of_code(&report, "R007");
    assert_eq!(found[0].witness.as_ref().unwrap().path, "/api");
    assert_eq!(found[0].severity, crate::finding::Severity::Warning);
}

#[test]
fn where_ports_are_compared_a_host_with_a_port_is_captured_too() {
    let report = check(&table(
        "[[listener]]\nport = 8443\nhost_port = 'compared'\nrule = [{ priority = 10, host = 'a.b', forward = 't' }, \
         { priority = 20, path = '/*', forward = 'u' }]\n[target_group]\nt = {}\nu = {}\n\
         [intent.'a.b']\nmay = ['t']\n",
    ));
    let found = of_code(&report, "R002");
    assert_eq!(
        found[0].witness.as_ref().unwrap().host.as_deref(),
        Some("a.b:0")
    );
    assert!(found[0].fix.is_some(), "{found:?}");
    assert_eq!(of_code(&report, "R008").len(), 1);
}

#[test]
fn every_limit_is_reported_with_its_rule() {
    let report = check(&table(
        "[[listener]]\nport = 80\nrule = [{ priority = 50001, host = ['nodot', 'a.b1', 'a_.b', 'c.d'], \
         path = '/******a*b*c*d*e*f<', method = 'get', header = { Host = 'x' }, forward = 'gone' }]\n",
    ));
    let messages: Vec<&str> = of_code(&report, "R010")
        .iter()
        .map(|f| f.message.as_str())
        .collect();
    for part in [
        "priority 50001",
        "no dot",
        "after its last dot",
        "`_`",
        "1–3 values",
        "wildcards",
        "`<`",
        "upper case",
        "use a host condition",
        "`gone`",
    ] {
        assert!(
            messages.iter().any(|message| message.contains(part)),
            "{part}: {messages:#?}"
        );
    }
}

/// Two listeners, each for one service; `{}` is set on both.
fn dedicated(certificate: fn(&str) -> String, intent: &str) -> Table {
    let one = |name: &str, port: u16| {
        format!(
            "[[listener]]\nname = '{name}'\nport = {port}\n{}\n\
             rule = [{{ priority = 10, host = '{name}.example.com', forward = '{name}' }}]\n",
            certificate(name)
        )
    };
    table(&format!(
        "{}{}[target_group.auth]\n[target_group.registry]\n{intent}",
        one("auth", 8443),
        one("registry", 443)
    ))
}

fn names(name: &str) -> String {
    format!("protocol = 'https'\ncertificates = [{{ names = ['{name}.example.com'] }}]")
}

const MUST: &str = "[intent.'auth.example.com']\nmay = ['auth']\nmust = { '/*' = 'auth' }\n";

#[test]
fn must_is_asked_where_requests_for_the_host_arrive() {
    for certificate in [names, |_: &str| String::new()] {
        let report = check(&dedicated(certificate, MUST));
        assert!(of_code(&report, "R004").is_empty(), "{:?}", report.findings);
        let proven = "on listener `auth`, `auth.example.com/*` reaches `auth`".to_owned();
        assert!(report.proven.contains(&proven), "{:?}", report.proven);
    }
}

#[test]
fn a_covered_host_without_a_rule_and_a_host_that_no_listener_serves_are_missed() {
    let both =
        |_: &str| "protocol = 'https'\ncertificates = [{ names = ['*.example.com'] }]".to_owned();
    let report = check(&dedicated(both, MUST));
    let found = of_code(&report, "R004");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].listener.as_deref(), Some("registry"));
    let nowhere = MUST.replace("auth.example", "other.example");
    assert_eq!(
        of_code(&check(&dedicated(names, &nowhere)), "R004").len(),
        2
    );
}

#[test]
fn intent_says_where_a_name_resolves_to() {
    let intent = format!("{MUST}listeners = ['registry']\n");
    let report = check(&dedicated(names, &intent));
    let found = of_code(&report, "R004");
    assert_eq!(found[0].listener.as_deref(), Some("registry"));
    let unknown = format!("{MUST}listeners = ['gone']\n");
    assert!(!of_code(&check(&dedicated(names, &unknown)), "R010").is_empty());
}

#[test]
fn must_of_every_other_host_leaves_out_the_hosts_with_an_entry() {
    let report = check(&dedicated(
        |_| String::new(),
        "[intent.'auth.example.com']\nmay = ['auth']\n[intent.'*']\nmust = { '/*' = 'registry' }\n",
    ));
    let found = of_code(&report, "R004");
    assert!(found.iter().all(|f| f.rule.is_none()), "{found:?}");
}

/// Each finding has a table that triggers it, which says in its first line what is found, and one that nearly does.
#[test]
fn every_finding_is_triggered_by_its_fixture_and_not_by_the_one_that_nearly_does() {
    for (code, _) in CODES {
        let fixture = |suffix: &str| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/findings/fixtures");
            std::fs::read_to_string(format!("{folder}/{code}{suffix}.toml")).unwrap()
        };
        let text = fixture("");
        let original = table(&text);
        let report = check(&original);
        let found = of_code(&report, code.0);
        assert!(!found.is_empty(), "{code}: {:?}", report.findings);
        let said = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("# ");
        assert_eq!(found[0].message, said);
        assert!(
            found[0].span.is_some() || code.0 == "R009",
            "{code} has no place"
        );
        let near = check(&table(&fixture(".near")));
        assert!(
            of_code(&near, code.0).is_empty(),
            "{code}: {:?}",
            near.findings
        );
        // Nothing can be proven to settle what is undecided, unsaid or refused by the load balancer.
        let Some(fix) = &found[0].fix else {
            assert!(
                ["R000", "R009", "R010"].contains(&code.0),
                "{code} has no repair"
            );
            continue;
        };
        let left = check(&fix.apply(&original));
        assert!(
            of_code(&left, code.0).is_empty(),
            "{code}: {}: {:?}",
            fix.summary,
            left.findings
        );
    }
}
