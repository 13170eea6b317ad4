//! Actions, transforms, weights and stickiness.

use crate::world::{RULES, World};

/// The usual rules with something more in the registry's rule or group.
fn with(rule: &str, group: &str) -> String {
    RULES
        .replace("forward = \"registry\"\n", &format!("{rule}\n"))
        .replace(
            "targets = [\"{registry}\"]\n",
            &format!("targets = [\"{{registry}}\"]\n{group}\n"),
        )
}

#[tokio::test]
async fn a_redirect_fills_in_its_keywords() {
    let rule = "redirect = { status = 302, host = \"new.#{host}\", port = \"80\", path = \"/v2/#{path}\" }";
    let world = World::with_rules(&with(rule, "")).await;
    let answer = world.get("registry.example.com", "/a/b?c=d").await;
    assert!(answer.starts_with("HTTP/1.1 302 "), "{answer}");
    assert!(
        answer.contains("location: http://new.registry.example.com/v2/a/b?c=d"),
        "{answer}"
    );
    assert!(
        answer.contains("x-hokusai-answered-by: front-door"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_fixed_response_is_what_the_rule_says() {
    let rule = "respond = { status = 410, body = \"{}\", content_type = \"application/json\" }";
    let world = World::with_rules(&with(rule, "")).await;
    let answer = world.get("registry.example.com", "/").await;
    assert!(answer.starts_with("HTTP/1.1 410 "), "{answer}");
    assert!(
        answer.contains("content-type: application/json") && answer.ends_with("{}"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_rewrite_changes_what_is_sent_and_not_where() {
    let rule = r#"forward = "registry"
rewrite = [{ kind = "url", regex = "^/api/(.*)$", replace = "/$1" }, { kind = "host", regex = "^registry", replace = "auth" }]"#;
    let world = World::with_rules(&with(rule, "")).await;
    let answer = world.get("registry.example.com", "/api/x?y=1").await;
    assert!(answer.contains("registry GET /x?y=1 "), "{answer}");
    assert!(
        answer.contains("\"host\": \"auth.example.com\""),
        "{answer}"
    );
    assert!(
        answer.contains("\"x-forwarded-host\": \"registry.example.com\""),
        "{answer}"
    );
    let unchanged = world.get("registry.example.com", "/other").await;
    assert!(unchanged.contains("registry GET /other "), "{unchanged}");
}

#[tokio::test]
async fn a_rewrite_that_makes_a_dangerous_path_fails() {
    let rule = r#"forward = "registry"
rewrite = [{ kind = "url", regex = "^/up", replace = "/.." }]"#;
    let world = World::with_rules(&with(rule, "")).await;
    let answer = world.get("registry.example.com", "/up/x").await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert_eq!(world.registry.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn weights_share_requests_out() {
    let rule = "forward = [{ group = \"auth\", weight = 1 }, { group = \"registry\", weight = 3 }]";
    let world = World::with_rules(&with(rule, "")).await;
    for _ in 0..20 {
        world.get("registry.example.com", "/").await;
    }
    assert_eq!(
        (world.auth.notes().len(), world.registry.notes().len()),
        (5, 15)
    );
}

#[tokio::test]
async fn a_client_sticks_to_the_group_that_its_cookie_names_and_to_no_forged_one() {
    let rule = "forward = [{ group = \"auth\", weight = 1 }, { group = \"registry\", weight = 1 }]\nstickiness_s = 60";
    let world = World::with_rules(&with(rule, "")).await;
    let first = world.get("registry.example.com", "/").await;
    let cookie = cookie(&first, "hokusai-group");
    assert!(
        !cookie.contains("auth") && !cookie.contains("registry"),
        "{cookie}"
    );
    let line = format!("Cookie: {cookie}\r\n");
    let name = |answer: &str| answer.contains("auth GET");
    for _ in 0..5 {
        let answer = world.get_with("registry.example.com", "/", &line).await;
        assert_eq!(name(&answer), name(&first));
        assert!(!answer.contains("set-cookie"), "{answer}");
    }
    let forged = format!("Cookie: {cookie}0\r\n");
    let answer = world.get_with("registry.example.com", "/", &forged).await;
    assert!(answer.contains("set-cookie"), "{answer}");
}

#[tokio::test]
async fn a_client_sticks_to_its_target() {
    let group = "stickiness_s = 60";
    let rules = with("forward = \"registry\"", group).replace(
        "targets = [\"{registry}\"]",
        "targets = [\"{registry}\", \"{auth}\"]",
    );
    let world = World::with_rules(&rules).await;
    let first = world.get("registry.example.com", "/").await;
    let line = format!("Cookie: {}\r\n", cookie(&first, "hokusai-target"));
    for _ in 0..4 {
        world.get_with("registry.example.com", "/", &line).await;
    }
    let counts = [world.auth.notes().len(), world.registry.notes().len()];
    assert!(counts == [5, 0] || counts == [0, 5], "{counts:?}");
}

#[tokio::test]
async fn with_an_applications_cookie_stickiness_begins_when_the_application_says_so() {
    let rules = with(
        "forward = \"registry\"",
        "stickiness_s = 60\napp_cookie = \"session\"",
    );
    let world = World::with_rules(&rules).await;
    let before = world.get("registry.example.com", "/").await;
    assert!(!before.contains("hokusai-target"), "{before}");
    let begun = world.get("registry.example.com", "/app-session").await;
    assert!(
        begun.contains("hokusai-target") && begun.contains("session=1"),
        "{begun}"
    );
}

fn cookie(answer: &str, name: &str) -> String {
    let (_, rest) = answer.split_once(&format!("set-cookie: {name}=")).unwrap();
    format!("{name}={}", rest.split(';').next().unwrap())
}
