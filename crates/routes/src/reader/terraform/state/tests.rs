use super::*;

/// A balancer per service, with a rule that signs people in.
const STATE: &str = r#"{"format_version": "1.0", "terraform_version": "1.11.4", "values": {
 "outputs": {"password": {"sensitive": true, "value": "swordfish-7", "type": "string"}},
 "root_module": {
  "resources": [
   {"address": "aws_alb_target_group.auth", "mode": "managed", "type": "aws_alb_target_group", "name": "auth",
    "values": {"arn": "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/auth/1", "name": "auth", "port": 8000, "protocol": "HTTP",
     "health_check": [{"enabled": true, "path": "/health", "matcher": "200-299", "port": "traffic-port", "interval": 10}]},
    "sensitive_values": {"health_check": [{}]}}],
  "child_modules": [{"address": "module.edge", "resources": [
   {"address": "module.edge.aws_lb_listener.this", "mode": "managed", "type": "aws_lb_listener", "name": "this",
    "values": {"arn": "arn:listener", "id": "arn:listener", "port": 443, "protocol": "HTTPS",
     "default_action": [{"type": "fixed-response", "fixed_response": [{"status_code": "404"}]}]}, "sensitive_values": {}},
   {"address": "module.edge.aws_lb_listener_rule.this[\"a\"]", "mode": "managed", "type": "aws_lb_listener_rule", "name": "this", "index": "a",
    "values": {"listener_arn": "arn:listener", "priority": 7,
     "condition": [{"host_header": [{"values": ["auth.example.com"]}], "path_pattern": []}],
     "action": [
      {"type": "authenticate-oidc", "authenticate_oidc": [{"client_id": "x", "client_secret": "swordfish-7", "scope": "swordfish-8"}]},
      {"type": "forward", "target_group_arn": "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/auth/1", "forward": []}]},
    "sensitive_values": {"action": [{"authenticate_oidc": [{"scope": true}]}, {}]}}]}]}}}"#;

fn read_text(text: &str) -> Reading {
    read(&[Source::new(0, "state.json", text)])
}

#[test]
fn everything_is_known_in_a_state() {
    let reading = read_text(STATE);
    assert!(reading.findings.is_empty(), "{:?}", reading.findings);
    let listener = &reading.table.listeners[0];
    let rule = &listener.rules[0];
    assert_eq!((rule.name.as_str(), rule.priority), ("this[\"a\"]", 7));
    assert_eq!(rule.action.reached_groups(), ["auth"]);
    let health = &reading.table.target_groups[0].health;
    assert_eq!(
        (health.matcher().as_str(), health.interval_s),
        ("200-299", 10)
    );
}

#[test]
fn secrets_are_neither_in_the_text_nor_in_the_table() {
    let reading = read_text(STATE);
    let shown = format!("{reading:?}");
    assert!(!shown.contains("swordfish"), "{shown}");
}

#[test]
fn a_value_that_is_sensitive_is_not_looked_at() {
    let text = STATE.replace(
        "\"sensitive_values\": {\"action\"",
        "\"sensitive_values\": {\"priority\": true, \"action\"",
    );
    let reading = read_text(&text);
    assert!(reading.findings[0].message.contains("marked as sensitive"));
    assert!(reading.findings[0].is_failure());
}

#[test]
fn malformed_states_are_reported_with_their_place() {
    for (text, message) in [
        ("[1]", "the state has no values"),
        (
            "{\"version\": 4, \"serial\": 1, \"lineage\": \"x\", \"resources\": []}",
            "this is a state file as Terraform stores it",
        ),
        (
            "{\"values\": {\"root_module\": {\"resources\": [{\"type\": \"aws_lb_listener\", \"values\": {}}]}}}",
            "a resource has no `address`",
        ),
        (
            &STATE.replace(
                "\"listener_arn\": \"arn:listener\"",
                "\"listener_arn\": \"arn:other\"",
            ),
            "the rule's listener is not among what was read",
        ),
        (
            &STATE.replace("\"priority\": 7", "\"priority\": -7"),
            "`priority` is `-7`, not a whole number",
        ),
        (
            &STATE.replace("\"values\": [\"auth.example.com\"]", "\"values\": []"),
            "the condition was not understood",
        ),
        (
            &STATE.replace("\"path_pattern\": []", "\"cookie\": [{}]"),
            "`cookie` is not known here",
        ),
        (
            &STATE.replace("\"port\": 443,", "\"port\": 443"),
            "not JSON: expected comma",
        ),
    ] {
        let reading = read_text(text);
        let finding = reading
            .findings
            .iter()
            .find(|f| f.message.starts_with(message));
        let finding = finding.unwrap_or_else(|| panic!("{message}: {:?}", reading.findings));
        assert!(finding.is_failure());
        assert!(
            reading.table.sources[0]
                .place(finding.span.unwrap())
                .is_some()
        );
    }
}
