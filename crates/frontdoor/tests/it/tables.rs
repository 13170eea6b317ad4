//! Two tables at once: shares, promotion and the way back.

use hokusai_frontdoor::admin::client::AdminError;
use hokusai_frontdoor::admin::protocol::{LoadNext, Step, Weights};

use crate::world::{RULES, Recipe, World};

/// The registry's host goes to the auth target instead; its intent allows that beforehand.
fn rules() -> (String, String) {
    let open = RULES.replace(
        "[intent.\"registry.example.com\"]\nmay = [\"registry\"]",
        "[intent.\"registry.example.com\"]\nmay = [\"registry\", \"auth\"]",
    );
    let open = open.replace("response_timeout_ms = 50", "response_timeout_ms = 5000");
    let next = open.replace("forward = \"registry\"", "forward = \"auth\"");
    (open, next)
}

async fn world() -> (World, LoadNext) {
    let (current, next) = rules();
    let recipe = Recipe {
        rules: current,
        trusted: &["127.0.0.0/8"],
        ..Recipe::default()
    };
    let world = recipe.start().await;
    let next = LoadNext {
        name: "next.toml".to_owned(),
        text: world.filled(&next),
        ..LoadNext::default()
    };
    (world, next)
}

/// How many of a hundred clients the next table decides about.
async fn share(world: &World) -> usize {
    let mut moved = 0;
    for client in 0..100 {
        let line = format!("X-Forwarded-For: 10.1.{client}.7\r\n");
        let answer = world.get_with("registry.example.com", "/", &line).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        moved += usize::from(answer.contains("auth GET"));
    }
    moved
}

fn percent(next_percent: u8) -> Weights {
    Weights {
        next_percent,
        ..Weights::default()
    }
}

#[tokio::test]
async fn a_share_of_the_clients_moves_to_the_next_table_and_back() {
    let (world, next) = world().await;
    let status = world.admin.load_next(&next).await.unwrap();
    assert!(status.next.unwrap().unproven_because.is_none());
    assert_eq!(share(&world).await, 0);
    world.admin.weights(&percent(30)).await.unwrap();
    let third = share(&world).await;
    assert!((15..45).contains(&third), "{third}");
    assert_eq!(share(&world).await, third, "clients stay where they are");
    world.admin.weights(&percent(100)).await.unwrap();
    assert_eq!(share(&world).await, 100);
    let status = world.admin.promote(&Step::default()).await.unwrap();
    assert_eq!(
        (status.current.name.as_str(), status.next),
        ("next.toml", None)
    );
    assert_eq!(share(&world).await, 100);
    let status = world.admin.rollback(&Step::default()).await.unwrap();
    assert_eq!(status.previous, None);
    assert_eq!(share(&world).await, 0);
    assert!(world.admin.rollback(&Step::default()).await.is_err());
}

#[tokio::test]
async fn a_rollback_takes_the_next_table_away_first() {
    let (world, next) = world().await;
    world.admin.load_next(&next).await.unwrap();
    world.admin.weights(&percent(100)).await.unwrap();
    let status = world.admin.rollback(&Step::default()).await.unwrap();
    assert_eq!(status.next, None);
    assert_eq!(share(&world).await, 0);
}

#[tokio::test]
async fn the_prover_checks_the_next_table_too() {
    let (world, mut next) = world().await;
    next.text = next.text.replace(
        "host = [\"auth.example.com\"]\nforward = \"auth\"",
        "host = [\"auth.example.com\"]\nforward = \"registry\"",
    );
    let Err(AdminError::Refused { status, refusal }) = world.admin.load_next(&next).await else {
        panic!("it was taken");
    };
    assert_eq!(status, 422);
    assert!(refusal.message.contains("intent"), "{refusal:?}");
}

#[tokio::test]
async fn a_change_that_expects_another_revision_changes_nothing() {
    let (world, next) = world().await;
    let seen = world.admin.load_next(&next).await.unwrap().revision;
    world.admin.weights(&percent(10)).await.unwrap();
    let step = Step {
        if_revision: Some(seen),
    };
    let Err(AdminError::Refused { status, .. }) = world.admin.promote(&step).await else {
        panic!("it was promoted");
    };
    assert_eq!(status, 409);
    assert!(world.admin.status().await.unwrap().next.is_some());
}

#[tokio::test]
async fn nonsense_is_refused() {
    let (world, next) = world().await;
    assert!(
        world.admin.weights(&percent(10)).await.is_err(),
        "no next table"
    );
    assert!(world.admin.promote(&Step::default()).await.is_err());
    world.admin.load_next(&next).await.unwrap();
    assert!(world.admin.weights(&percent(101)).await.is_err());
    let unknown = Weights {
        listener: Some("nobody".to_owned()),
        next_percent: 1,
        if_revision: None,
    };
    assert!(world.admin.weights(&unknown).await.is_err());
}

#[tokio::test]
async fn only_its_owner_may_open_the_socket() {
    use std::os::unix::fs::PermissionsExt as _;
    let (world, _) = world().await;
    let socket = world.directory.path().join("admin.sock");
    let mode = std::fs::metadata(socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
