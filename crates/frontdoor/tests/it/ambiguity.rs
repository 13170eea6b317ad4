//! The ambiguity tables against the front door (security 16): the target behind it records what it sees.

use hokusai_wire::limits::Limits;

use crate::cases::REFUSED;
use crate::h2_cases::{HONEST, REFUSED_H2, TRAILERS, is_served};
use crate::world::{RULES, Recipe, World};

const SECOND: &str = "GET /second HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

/// A door that sends the tables' host to a target.
async fn world() -> World {
    let recipe = Recipe {
        rules: RULES
            .replace("host = [\"registry.example.com\"]", "host = [\"a.test\"]")
            .replace("intent.\"registry.example.com\"", "intent.\"a.test\""),
        limits: Limits::default(),
        ..Recipe::default()
    };
    recipe.start().await
}

#[tokio::test]
async fn security_16_nothing_ambiguous_and_nothing_pipelined_behind_it_reaches_a_target() {
    let world = world().await;
    for (name, case, status) in REFUSED {
        let answer = world.exchange(format!("{case}{SECOND}")).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{name}: {answer}"
        );
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name}: {answer}");
        assert!(
            answer.contains("x-hokusai-answered-by: front-door"),
            "{name}: {answer}"
        );
    }
    assert_eq!(world.registry.notes(), Vec::<String>::new());
    // The same connection, the same second request: it is the case before it that was refused.
    let fine = world
        .exchange(format!(
            "GET /first HTTP/1.1\r\nHost: a.test\r\n\r\n{SECOND}"
        ))
        .await;
    assert_eq!(fine.matches("HTTP/1.1 200 ").count(), 2, "{fine}");
    assert!(REFUSED.len() >= 40);
}

#[tokio::test]
async fn security_16_http2_tricks_do_not_become_requests_to_a_target() {
    let world = world().await;
    assert!(is_served(world.address, &HONEST).await);
    let mut served = Vec::new();
    for case in REFUSED_H2 {
        if is_served(world.address, case).await {
            served.push(case.name);
        }
    }
    assert_eq!(served, Vec::<&str>::new());
    is_served(world.address, &TRAILERS).await;
    let notes = world.registry.notes();
    assert!(
        notes.iter().all(|note| !note.contains("second")),
        "{notes:?}"
    );
    assert!(REFUSED_H2.len() >= 40);
}

#[tokio::test]
async fn security_16_an_upgrade_to_anything_but_websocket_is_not_forwarded() {
    let world = world().await;
    let answer = world
        .exchange("GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
        .await;
    assert!(answer.contains("registry GET /x"), "{answer}");
    assert!(
        !answer.contains("h2c") && !answer.contains("http2-settings"),
        "{answer}"
    );
}
