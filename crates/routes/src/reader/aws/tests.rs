use super::*;
use crate::matcher::select;
use crate::model::{Action, Pattern, Protocol, Test};
use crate::reader::{ASSUMED, INCOMPLETE};
use crate::request::Request;

const LISTENERS: &str = include_str!("../../../../../examples/routes/aws/shared/listeners.json");
const RULES: &str = include_str!("../../../../../examples/routes/aws/shared/rules.json");
const GROUPS: &str = include_str!("../../../../../examples/routes/aws/shared/target-groups.json");
const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:000000000000";

fn read_texts(texts: &[&str]) -> Reading {
    let sources: Vec<Source> = (0..)
        .zip(texts)
        .map(|(id, text)| Source::new(id, format!("{id}.json"), *text))
        .collect();
    read(&sources)
}

/// The rules of one listener with a default that answers 404.
fn rules(rules: &str) -> String {
    format!(
        r#"{{"Rules": [{rules} {{"RuleArn": "{ARN}:listener-rule/app/edge/1/2/0", "Priority": "default",
        "Actions": [{{"Type": "fixed-response", "FixedResponseConfig": {{"StatusCode": "404"}}}}]}}]}}"#
    )
}

fn rule(conditions: &str, actions: &str) -> String {
    rules(&format!(
        r#"{{"RuleArn": "{ARN}:listener-rule/app/edge/1/2/9", "Priority": "7", "Conditions": [{conditions}],
        "Actions": [{actions}]}},"#
    ))
}

const ANSWER: &str = r#"{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}"#;

fn failures(reading: &Reading) -> Vec<&str> {
    let failures = reading
        .findings
        .iter()
        .filter(|finding| finding.is_failure());
    failures.map(|finding| finding.message.as_str()).collect()
}

#[test]
fn listeners_rules_and_groups_are_one_table() {
    let reading = read_texts(&[GROUPS, RULES, LISTENERS]);
    assert!(reading.findings.is_empty(), "{:?}", reading.findings);
    let listener = &reading.table.listeners[0];
    assert_eq!(listener.name, "shared-443");
    assert_eq!(listener.protocol, Protocol::Https);
    let order: Vec<u32> = listener.rules.iter().map(|rule| rule.priority).collect();
    assert_eq!(order, [10, 100]);
    let health = &reading.table.target_group("auth").unwrap().health;
    assert_eq!((health.path.as_str(), health.timeout_s), ("/health", 5));
    let request = Request::get("auth.example.com", "/api");
    assert_eq!(
        select(listener, &request).action.reached_groups(),
        ["registry-api"]
    );
}

#[test]
fn both_places_of_values_are_read_and_must_agree() {
    let old = r#"{"Field": "path-pattern", "Values": ["/a"]}"#;
    let new = r#"{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"], "RegexValues": ["^/b$"]}}"#;
    for (condition, values) in [(old, vec!["/a"]), (new, vec!["/a", "^/b$"])] {
        let reading = read_texts(&[&rule(condition, ANSWER)]);
        let test = &reading.table.listeners[0].rules[0].conditions[0].test;
        assert_eq!(test.values(), values);
    }
    let torn =
        r#"{"Field": "path-pattern", "Values": ["/a"], "PathPatternConfig": {"Values": ["/b"]}}"#;
    let reading = read_texts(&[&rule(torn, ANSWER)]);
    assert_eq!(
        failures(&reading),
        ["the condition has its values in two places, and they differ"]
    );
}

#[test]
fn every_kind_of_condition_is_read() {
    let conditions = r#"
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Env", "Values": ["canary*"], "RegexValues": ["^a"]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}, {"Value": "x"}]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}"#;
    let reading = read_texts(&[&rule(conditions, ANSWER)]);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    let conditions = &reading.table.listeners[0].rules[0].conditions;
    let values: Vec<_> = conditions.iter().map(|c| c.test.values()).collect();
    assert_eq!(
        values,
        [
            vec!["canary*", "^a"],
            vec!["GET"],
            vec!["v=1", "x"],
            vec!["10.0.0.0/8"]
        ]
    );
    let Test::Header { values, .. } = &conditions[0].test else {
        panic!("no header condition")
    };
    assert!(matches!(values[1], Pattern::Regex(_)));
}

#[test]
fn weights_redirects_and_authentication_are_read_without_secrets() {
    let actions = format!(
        r#"{{"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {{"Issuer": "https://id.example.com", "ClientSecret": "hush-hush"}}}},
        {{"Type": "forward", "Order": 2, "ForwardConfig": {{"TargetGroups": [
            {{"TargetGroupArn": "{ARN}:targetgroup/auth/1", "Weight": 9}},
            {{"TargetGroupArn": "{ARN}:targetgroup/next/2", "Weight": 0}}],
            "TargetGroupStickinessConfig": {{"Enabled": true, "DurationSeconds": 60}}}}}}"#
    );
    let host = r#"{"Field": "host-header", "Values": ["auth.example.com"]}"#;
    let reading = read_texts(&[&rule(host, &actions)]);
    let rule = &reading.table.listeners[0].rules[0];
    assert_eq!(rule.action.reached_groups(), ["auth"]);
    let Action::Forward(forward) = &rule.action else {
        panic!("{:?}", rule.action)
    };
    assert_eq!(forward.stickiness.as_ref().unwrap().duration_s, 60);
    let settings = &rule.authentication.as_ref().unwrap().settings;
    assert_eq!(settings.keys().collect::<Vec<_>>(), ["Issuer"]);
    assert!(!reading.table.sources[0].text.contains("hush"));
    assert!(reading.table.sources[0].text.contains("id.example.com"));
}

#[test]
fn pages_make_one_table_and_a_page_that_is_left_over_is_incomplete() {
    let all: serde_json::Value = serde_json::from_str(RULES).unwrap();
    let page = |from: usize, to: usize, marker: Option<&str>| {
        let rules = &all["Rules"].as_array().unwrap()[from..to];
        serde_json::json!({"Rules": rules, "NextMarker": marker}).to_string()
    };
    let (first, second) = (page(0, 1, Some("x")), page(1, 3, None));
    let reading = read_texts(&[LISTENERS, GROUPS, &second, &first]);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    assert_eq!(reading.table.listeners[0].rules.len(), 2);
    let reading = read_texts(&[LISTENERS, GROUPS, &first]);
    assert_eq!(reading.findings[0].code, INCOMPLETE);
    let place = reading.table.sources[2].place(reading.findings[0].span.unwrap());
    assert_eq!(place.unwrap().line, 1);
}

#[test]
fn a_listener_without_its_rules_and_rules_without_their_default_are_incomplete() {
    let reading = read_texts(&[LISTENERS, GROUPS]);
    assert_eq!(
        failures(&reading),
        ["the rules of listener `shared-443` are not here"]
    );
    let without = RULES.replace("\"Priority\": \"default\"", "\"Priority\": \"900\"");
    let reading = read_texts(&[&without, GROUPS]);
    assert_eq!(reading.findings[0].code, INCOMPLETE);
}

#[test]
fn rules_alone_say_what_is_taken_for_granted() {
    let reading = read_texts(&[RULES]);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    let codes: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(codes, [ASSUMED; 3]);
    assert_eq!(reading.table.listeners[0].port, 443);
}

#[test]
fn tags_name_rules() {
    let tags = format!(
        r#"{{"TagDescriptions": [{{"ResourceArn": "{ARN}:listener-rule/app/edge/1/2/9",
        "Tags": [{{"Key": "Name", "Value": "login"}}]}}]}}"#
    );
    let host = r#"{"Field": "host-header", "Values": ["auth.example.com"]}"#;
    let reading = read_texts(&[&rule(host, ANSWER), &tags]);
    assert_eq!(reading.table.listeners[0].rules[0].name, "login");
}

/// Message, line and column of the first finding for a text.
fn first(text: &str) -> (String, usize, usize) {
    let reading = read_texts(&[text]);
    let finding = reading.findings.iter().find(|f| f.is_failure()).unwrap();
    let span = finding.span.unwrap();
    let place = reading.table.source_of(span).unwrap().place(span).unwrap();
    (finding.message.clone(), place.line, place.column)
}

#[test]
fn malformed_output_is_reported_with_its_place() {
    let host = r#"{"Field": "host-header", "Values": ["a.example.com"]}"#;
    for (text, message, line) in [
        ("{\"Rules\": [", "not JSON: unterminated array", 1),
        (
            "{\"Rules\": [],\n \"Rules\": []}",
            "not JSON that all read alike: the name occurs twice in one object",
            2,
        ),
        ("{}", "the output has none of `Rules`", 1),
        (
            "{\"Rules\":\n [7]}",
            "`Rules` is a number, not an object",
            2,
        ),
        ("{\"Rules\": [{}]}", "`Priority` is missing", 1),
        (
            &rule(r#"{"Field": "cookie", "Values": ["a"]}"#, ANSWER),
            "conditions on `cookie` are not known",
            1,
        ),
        (
            &rule(r#"{"Field": "host-header", "Values": [], "X": 1}"#, ANSWER),
            "`X` is not known here, and might decide where requests go",
            1,
        ),
        (
            &rule(
                r#"{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/99"]}}"#,
                ANSWER,
            ),
            "`10.0.0.0/99` is not an address range",
            1,
        ),
        (
            &rule(
                r#"{"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["("]}}"#,
                ANSWER,
            ),
            "regex `(` does not compile",
            1,
        ),
        (&rule(host, ""), "there is no action that routes", 2),
        (
            &rule(host, r#"{"Type": "teleport"}"#),
            "actions of type `teleport` are not known",
            2,
        ),
        (
            &rule(host, r#"{"Type": "forward", "TargetGroupArn": "auth"}"#),
            "`auth` is not the ARN of a target group",
            2,
        ),
        (
            &RULES.replace("\"100\"", "\"many\""),
            "`Priority` is `many`, not a whole number",
            5,
        ),
        (
            &RULES.replace(":listener-rule/", ":elsewhere/"),
            "the rule's `RuleArn` does not say which listener",
            3,
        ),
    ] {
        let (found, at, _) = first(text);
        assert!(found.starts_with(message), "{found}\n{text}");
        assert_eq!(at, line, "{found}\n{text}");
    }
}
