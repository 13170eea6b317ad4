use super::*;
use crate::matcher::select;
use crate::reader::{ASSUMED, INCOMPLETE, UNRESOLVED};
use crate::request::Request;

const SHARED: &str = include_str!("../../../../../../examples/routes/terraform-plan/shared.json");
const DEDICATED: &str =
    include_str!("../../../../../../examples/routes/terraform-plan/dedicated.json");
/// A module per listener and per service, made by Terraform 1.11 with version 5.100 of the provider.
const MODULES: &str = include_str!("../../../../../../examples/routes/terraform-plan/modules.json");

fn read_text(text: &str) -> Reading {
    read(&[Source::new(0, "plan.json", text)])
}

fn failures(reading: &Reading) -> Vec<&str> {
    let failures = reading.findings.iter().filter(|f| f.is_failure());
    failures.map(|finding| finding.message.as_str()).collect()
}

#[test]
fn rules_find_their_listener_and_groups_before_anything_has_an_arn() {
    let reading = read_text(SHARED);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    let listener = &reading.table.listeners[0];
    assert_eq!((listener.name.as_str(), listener.port), ("https", 443));
    let names: Vec<_> = listener
        .rules
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    assert_eq!(names, ["registry", "generic_api"]);
    let request = Request::get("auth.example.com", "/api");
    let reached = select(listener, &request).action.reached_groups();
    assert_eq!(reached, ["registry-api"]);
    assert_eq!(
        reading.table.target_group("auth").unwrap().health.path,
        "/health"
    );
}

#[test]
fn an_index_by_key_means_the_instance_of_that_key_and_is_said() {
    let reading = read_text(DEDICATED);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    assert!(
        reading
            .findings
            .iter()
            .all(|finding| finding.code == ASSUMED)
    );
    assert_eq!(reading.findings.len(), 4);
    let ends = reading.table.listeners.iter().map(|listener| {
        let action = &listener.rules[0].action;
        (listener.name.as_str(), action.reached_groups())
    });
    assert_eq!(
        ends.collect::<Vec<_>>(),
        [
            ("https[\"auth\"]", vec!["auth"]),
            ("https[\"registry\"]", vec!["registry"])
        ]
    );
}

#[test]
fn modules_are_followed_through_variables_and_outputs_and_weights_keep_their_groups() {
    let reading = read_text(MODULES);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    let listener = &reading.table.listeners[0];
    assert_eq!(listener.rules.len(), 2);
    let crate::model::Action::Forward(forward) = &listener.rules[0].action else {
        panic!("{:?}", listener.rules[0].action)
    };
    let mut shares: Vec<_> = forward
        .groups
        .iter()
        .map(|g| (g.weight, g.group.as_str()))
        .collect();
    shares.sort_unstable();
    assert_eq!(shares, [(1, "registry-blue"), (3, "registry")]);
}

#[test]
fn secrets_are_neither_in_the_text_nor_in_the_table() {
    for text in [MODULES.to_owned(), MODULES.replace('\n', "")] {
        let reading = read_text(&text);
        let shown = format!("{:?} {:?}", reading.table, reading.findings);
        assert!(!shown.contains("swordfish"));
        assert!(shown.contains("registry.example.com"));
        assert_eq!(reading.table.sources[0].text.len(), text.len());
    }
}

#[test]
fn of_a_broken_plan_nothing_is_shown() {
    let reading = read_text(MODULES.trim_end().strip_suffix('}').unwrap());
    assert_eq!(reading.findings.len(), 1);
    let text = &reading.table.sources[0].text;
    assert!(text.chars().all(|c| !c.is_alphanumeric()));
}

#[test]
fn what_the_plan_leaves_open_fails_with_its_place() {
    let local = SHARED.replace("\"aws_lb_listener.https.arn\",", "\"local.listener\",");
    let without_priority = SHARED.replace("\"priority\": 100", "\"priority\": null");
    let mut document: serde_json::Value = serde_json::from_str(SHARED).unwrap();
    for change in document["resource_changes"].as_array_mut().unwrap() {
        if change["name"] == "generic_api" {
            change["change"]["after"]
                .as_object_mut()
                .unwrap()
                .remove("priority");
            change["change"]["after_unknown"]["priority"] = true.into();
        }
    }
    let unknown_priority = serde_json::to_string_pretty(&document).unwrap();
    let by_value = DEDICATED.replace("\"each.key\"\n", "\"each.key\", \"each.value.group\"\n");
    let half = SHARED.replace("\"complete\": true", "\"complete\": false");
    let stopped = SHARED.replace("\"errored\": false", "\"errored\": true");
    for (text, code, message) in [
        (
            local,
            UNRESOLVED,
            "`listener_arn` can't be worked out: it refers to `local.listener`",
        ),
        (
            without_priority,
            UNRESOLVED,
            "rule `generic_api` has no priority",
        ),
        (
            unknown_priority,
            UNRESOLVED,
            "`priority` can't be worked out: it is known only after",
        ),
        (
            by_value,
            UNRESOLVED,
            "`target_group_arn` can't be worked out: it refers to `aws_lb_target_group.service`, `each.value.group`",
        ),
        (half, INCOMPLETE, "the plan says that it is not complete"),
        (stopped, INCOMPLETE, "planning ended with an error"),
    ] {
        let reading = read_text(&text);
        let finding = reading.findings.iter().find(|f| f.is_failure());
        let finding = finding.unwrap_or_else(|| panic!("nothing fails: {message}"));
        assert_eq!(finding.code, code, "{}", finding.message);
        assert!(finding.message.starts_with(message), "{}", finding.message);
        let place = reading.table.sources[0].place(finding.span.unwrap());
        assert!(place.unwrap().line > 1);
    }
}

#[test]
fn malformed_plans_are_reported_with_their_place() {
    for (text, message, line) in [
        ("", "not JSON: there is no value", 1),
        ("{\n\"resource_changes\": [}", "not JSON: ", 2),
        (
            "{\"resource_changes\": [\n{\"type\": \"aws_lb_listener\", \"change\": {}}]}",
            "a resource has no `address`",
            2,
        ),
        (
            "{\"resource_changes\": [{\"type\": \"aws_alb_listener\", \"address\": \"a.b\",\n\"change\": {\"after\": {\"protocol\": \"HTTP\"}}}]}",
            "`port` is missing",
            2,
        ),
        (
            "{\"resource_changes\": [{\"type\": \"aws_lb_listener\", \"address\": \"a.b\",\n\"change\": {\"after\": 7}}]}",
            "`a.b` is a number, not an object",
            2,
        ),
        (
            "{\"resource_changes\": [{\"type\": \"aws_lb_listener_rule\", \"address\": \"a.b\",\n\"change\": {\"after\": null, \"actions\": [\"forget\"]}}]}",
            "`a.b` is forgotten, not deleted",
            2,
        ),
    ] {
        let reading = read_text(text);
        let finding = reading
            .findings
            .iter()
            .find(|f| f.message.starts_with(message));
        let finding = finding.unwrap_or_else(|| panic!("{message}: {:?}", reading.findings));
        let place = reading.table.sources[0].place(finding.span.unwrap());
        assert_eq!(place.unwrap().line, line, "{message}");
    }
}
