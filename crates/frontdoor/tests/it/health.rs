//! Health checks: who leaves and who comes back.

use crate::target::Target;
use crate::world::{RULES, World};

const CHECKED: &str =
    "health = { path = \"/health\", interval_s = 1, timeout_s = 1, healthy = 2, unhealthy = 2 }";

fn checked() -> String {
    let rules = RULES.replacen("health = { enabled = false }", CHECKED, 1);
    rules.replace("response_timeout_ms = 50", "response_timeout_ms = 1000")
}

fn is_healthy(status: &hokusai_frontdoor::admin::protocol::Status) -> bool {
    let group = status
        .current
        .groups
        .iter()
        .find(|group| group.name == "auth");
    group.unwrap().targets[0].is_healthy
}

#[tokio::test]
async fn a_target_that_is_killed_leaves_and_rejoins_by_its_health_check() {
    let world = World::with_rules(&checked()).await;
    world.until(is_healthy).await;
    let address = world.auth.address;
    let World {
        auth,
        registry,
        admin,
        directory,
        address: door,
        trigger,
    } = world;
    auth.kill().await;
    let world = World {
        auth: Target::start("spare").await,
        registry,
        admin,
        directory,
        address: door,
        trigger,
    };
    world.until(|status| !is_healthy(status)).await;
    let away = world.get("auth.example.com", "/").await;
    assert!(away.starts_with("HTTP/1.1 503 "), "{away}");
    assert!(away.contains("no healthy target"), "{away}");

    let _again = Target::start_at("again", address).await;
    world.until(is_healthy).await;
    let back = world.get("auth.example.com", "/").await;
    assert!(back.contains("again GET /"), "{back}");
    let metrics = world.admin.metrics().await.unwrap();
    // Down and up; the first check is counted only if the start did not wait for it.
    let mut lines = metrics.lines();
    let line = lines.find(|line| {
        line.starts_with("hokusai_front_door_group_health_changes_total{group=\"auth\"}")
    });
    let changes: u32 = line
        .unwrap()
        .split(' ')
        .next_back()
        .unwrap()
        .parse()
        .unwrap();
    assert!((2..=3).contains(&changes), "{metrics}");
}

#[tokio::test]
async fn a_group_fails_open_only_if_it_says_so() {
    let unhealthy = "health = { path = \"/health\", status = \"404\", interval_s = 5 }";
    let rules = RULES
        .replacen("health = { enabled = false }", unhealthy, 1)
        .replace("response_timeout_ms = 50", "response_timeout_ms = 1000");
    let closed = World::with_rules(&rules).await;
    assert!(
        closed
            .get("auth.example.com", "/")
            .await
            .starts_with("HTTP/1.1 503 ")
    );
    let rules = rules.replacen(unhealthy, &format!("{unhealthy}\nfail_open = true"), 1);
    let open = World::with_rules(&rules).await;
    assert!(
        open.get("auth.example.com", "/")
            .await
            .contains("auth GET /")
    );
}
