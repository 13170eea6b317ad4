//! Reload: the same bytes are parsed, proven and enforced, and the running intent must hold (security 17).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hokusai_frontdoor::admin::client::AdminError;
use hokusai_frontdoor::admin::protocol::Reload;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{RULES, Recipe, World};

/// Old paths of the registry are gone: nothing that its intent forbids.
fn changed() -> String {
    RULES.replace(
        "[[listener.rule]]\nname = \"registry\"",
        "[[listener.rule]]\nname = \"old\"\npriority = 15\nhost = \"registry.example.com\"\npath = \"/old/*\"\nrespond = 410\n[[listener.rule]]\nname = \"registry\"",
    )
}

async fn refusal(world: &World, accept_intent_change: bool) -> String {
    let reload = Reload {
        accept_intent_change,
        if_revision: None,
    };
    match world.admin.reload(&reload).await {
        Err(AdminError::Refused { refusal, .. }) => refusal.message,
        other => panic!("{other:?}"),
    }
}

fn write(world: &World, rules: &str) {
    // In one step, as an editor or a deployment does.
    let fresh = world.directory.path().join("fresh");
    std::fs::write(&fresh, world.filled(rules)).unwrap();
    std::fs::rename(&fresh, world.routes_file()).unwrap();
}

#[tokio::test]
async fn a_file_that_changes_is_enforced_without_a_word() {
    let world = World::new().await;
    let before = world.get("registry.example.com", "/old/x").await;
    assert!(before.starts_with("HTTP/1.1 200 "), "{before}");
    write(&world, &changed());
    let status = world.until(|status| status.revision == 2).await;
    assert!(status.current.unproven_because.is_none());
    let after = world.get("registry.example.com", "/old/x").await;
    assert!(after.starts_with("HTTP/1.1 410 "), "{after}");
}

#[tokio::test]
async fn security_17_rules_that_break_the_running_intent_are_refused() {
    let world = World::new().await;
    // `/api*` of any host to the registry: the incident.
    let incident = RULES.replace(
        "[[listener.rule]]\nname = \"auth\"",
        "[[listener.rule]]\nname = \"generic\"\npriority = 5\npath = \"/api*\"\nforward = \"registry\"\n[[listener.rule]]\nname = \"auth\"",
    );
    write(&world, &incident);
    let why = refusal(&world, false).await;
    assert!(why.contains("auth.example.com"), "{why}");
    assert!(
        world
            .get("auth.example.com", "/api")
            .await
            .contains("auth GET /api")
    );
}

#[tokio::test]
async fn security_17_intent_that_vanishes_in_the_same_edit_is_refused_unless_accepted() {
    let world = World::new().await;
    let weaker = RULES
        .replace(
            "[intent.\"auth.example.com\"]\nmay = [\"auth\"]",
            "[intent.\"auth.example.com\"]\nmay = [\"auth\", \"registry\"]",
        )
        .replace("forward = \"auth\"", "forward = \"registry\"");
    write(&world, &weaker);
    let why = refusal(&world, false).await;
    assert!(
        why.contains("changes the intent of host `auth.example.com`"),
        "{why}"
    );
    assert!(
        world
            .get("auth.example.com", "/")
            .await
            .contains("auth GET /")
    );
    let reload = Reload {
        accept_intent_change: true,
        if_revision: None,
    };
    assert_eq!(world.admin.reload(&reload).await.unwrap().revision, 2);
    assert!(
        world
            .get("auth.example.com", "/")
            .await
            .contains("registry GET /")
    );
}

#[tokio::test]
async fn security_17_a_table_without_intent_is_unproven_and_accepting_that_is_only_for_the_start() {
    let (bare, _) = RULES.split_once("[intent.\"auth").unwrap();
    let recipe = Recipe {
        rules: bare.to_owned(),
        ..Recipe::default()
    };
    let error = recipe.try_start().await.err().unwrap();
    assert!(error.to_string().contains("not proven"), "{error}");

    let world = World::new().await;
    write(&world, bare);
    let why = refusal(&world, true).await;
    assert!(why.contains("not proven"), "{why}");

    // Started with it, reloads may be unproven, too.
    let accepting = World::with_rules(bare).await;
    write(&accepting, &bare.replace("respond = 404", "respond = 410"));
    accepting.until(|status| status.revision == 2).await;
    assert!(
        accepting
            .get("x.test", "/")
            .await
            .starts_with("HTTP/1.1 410 ")
    );
}

#[tokio::test]
async fn nonsense_and_other_listeners_are_refused_and_what_runs_stays() {
    let world = World::new().await;
    for (rules, part) in [
        ("nonsense".to_owned(), "not understood"),
        (RULES.replace("port = 80", "port = 81"), "other listeners"),
        (
            RULES.replace("[\"{auth}\"]", "[\"service:nobody\"]"),
            "service:nobody",
        ),
    ] {
        write(&world, &rules);
        let why = refusal(&world, false).await;
        assert!(why.contains(part), "{part}: {why}");
        assert!(
            world
                .get("auth.example.com", "/")
                .await
                .contains("auth GET /")
        );
    }
    let status = world.admin.status().await.unwrap();
    assert_eq!(status.revision, 1);
}

/// Clients with connections that stay open, and a table that changes under them all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_under_load_drops_no_request() {
    let world = Arc::new(World::new().await);
    let is_over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (world, is_over) = (Arc::clone(&world), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(world.address).await.unwrap();
                let mut served = 0;
                while !is_over.load(Ordering::Relaxed) {
                    stream
                        .write_all(b"GET /x HTTP/1.1\r\nHost: registry.example.com\r\n\r\n")
                        .await
                        .unwrap();
                    let mut answer = vec![0; 4096];
                    let count = stream.read(&mut answer).await.unwrap();
                    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
                    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
                    served += 1;
                }
                served
            })
        })
        .collect();
    for round in 0..10 {
        // Another group definition each time, so that groups are replaced as well.
        let rules = RULES.replace(
            "health = { enabled = false }\n[intent.\"auth",
            &format!(
                "health = {{ enabled = false }}\nmax_in_flight = {}\n[intent.\"auth",
                100 + round
            ),
        );
        assert_ne!(rules, RULES);
        write(&world, &rules);
        // Whoever comes first, this or the look at the file, enforces it.
        world.admin.reload(&Reload::default()).await.unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
    assert_eq!(world.admin.status().await.unwrap().revision, 11);
}
