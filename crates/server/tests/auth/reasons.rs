//! Every typed reason is reproduced, with its status, and says what to do.

use axum::http::StatusCode;
use hokusai_core::access::Action;
use hokusai_server::authority::{Authority as _, Identity, Presented};
use hokusai_server::error::{ApiError, ErrorKind};
use hokusai_testkit::Backend;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{HOME, World, request, stranger, wanted};

/// Status, code and message of `GET /api/v1/keys` with this key.
async fn refusal(world: &World, key: &str) -> (StatusCode, String, String) {
    let answer = world.ask("GET", "/api/v1/keys", key, Value::Null).await;
    assert_eq!(answer.body["message"], answer.body["detail"]);
    (
        answer.status,
        answer.text("code").to_owned(),
        answer.text("message").to_owned(),
    )
}

/// What a registry in the same process hears about the admin's key.
async fn judge(world: &World, action: Action) -> Result<Identity, ApiError> {
    world
        .service
        .judge(Presented {
            key: world.admin.clone(),
            source: "Authorization: Bearer",
            client_ip: HOME.parse().ok(),
            action,
        })
        .await
}

#[rstest]
#[tokio::test]
async fn a_key_that_is_not_known_is_missing_malformed_mistyped_or_unknown(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let good = stranger();
    let mut letters: Vec<char> = good.chars().collect();
    letters.swap(10, 11);
    letters[12] = if letters[12] == 'a' { 'b' } else { 'a' };
    let mistyped: String = letters.into_iter().collect();
    for (key, code, hint) in [
        ("", "missing", "MLFLOW_TRACKING_TOKEN"),
        ("password", "malformed", "hk_live_"),
        (mistyped.as_str(), "checksum", "copy it again"),
        (good.as_str(), "unknown", "hokusai keys create"),
    ] {
        let (status, found, message) = refusal(&world, key).await;
        assert_eq!((status, found.as_str()), (StatusCode::UNAUTHORIZED, code));
        assert!(message.contains(hint), "{message}");
    }
    let none = world
        .send(request("GET", "/api/v1/keys", &[], &Value::Null), HOME)
        .await;
    assert_eq!((none.status.as_u16(), none.text("code")), (401, "missing"));
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"hokusai\"");
}

#[rstest]
#[tokio::test]
async fn a_revoked_and_an_expired_key_are_unauthenticated(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (revoked, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let gone = world
        .ask(
            "DELETE",
            &format!("/api/v1/keys/{id}"),
            &world.admin,
            Value::Null,
        )
        .await;
    assert_eq!(gone.body["effective"]["here_ms"], 0);
    assert_eq!(refusal(&world, &revoked).await.1, "revoked");

    let mut body = wanted("ada", &["model:read"]);
    body["expires_in_days"] = json!(1);
    let (expiring, _) = world.mint(&world.admin, body).await;
    assert_eq!(refusal(&world, &expiring).await.0, StatusCode::OK);
    world.clock.forward_ms(86_400_000);
    world.service.follow().await.unwrap();
    let (status, code, message) = refusal(&world, &expiring).await;
    assert_eq!(
        (status, code.as_str()),
        (StatusCode::UNAUTHORIZED, "expired")
    );
    assert!(message.contains("hokusai keys create"), "{message}");
}

#[rstest]
#[tokio::test]
async fn a_wrong_address_and_a_missing_scope_are_forbidden(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let mut body = wanted("ada", &["model:read"]);
    body["allowed_ips"] = json!(["10.0.0.0/8", "fd00::/8"]);
    let (bound, id) = world.mint(&world.admin, body).await;
    let bearer = format!("Bearer {bound}");
    for (peer, status) in [
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("fd00::1", 200),
        (HOME, 403),
        ("10.1.2.3", 200),
    ] {
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-forwarded-for", "10.0.0.1"),
        ];
        let answer = world
            .send(request("GET", "/api/v1/keys", &headers, &Value::Null), peer)
            .await;
        assert_eq!(answer.status.as_u16(), status, "{peer}");
    }
    assert_eq!(refusal(&world, &bound).await.1, "ip");
    let shown = world
        .ask(
            "GET",
            &format!("/api/v1/keys/{id}"),
            &world.admin,
            Value::Null,
        )
        .await;
    assert_eq!(shown.text("last_refusal"), "ip");

    let (reader, _) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let audit = world
        .ask("GET", "/api/v1/audit", &reader, Value::Null)
        .await;
    assert_eq!((audit.status.as_u16(), audit.text("code")), (403, "scope"));
    assert!(
        audit.text("message").contains("`audit:read`"),
        "{}",
        audit.body
    );
}

#[rstest]
#[tokio::test]
async fn a_spent_rate_says_how_long_to_wait_and_waiting_helps(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let mut body = wanted("ada", &["model:read"]);
    body["rate_limit_per_hour"] = json!(600);
    let (limited, id) = world.mint(&world.admin, body).await;
    for left in (0..10).rev() {
        let answer = world
            .ask("GET", "/api/v1/keys", &limited, Value::Null)
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-remaining"), left.to_string());
    }
    let refused = world
        .ask("GET", "/api/v1/keys", &limited, Value::Null)
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.text("code")),
        (429, "rate")
    );
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    let wait_s: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait_s), "{wait_s}");
    world.clock.forward_ms(wait_s * 1000);
    world.service.follow().await.unwrap();
    assert_eq!(refusal(&world, &limited).await.0, StatusCode::OK);
    let shown = world
        .ask(
            "GET",
            &format!("/api/v1/keys/{id}"),
            &world.admin,
            Value::Null,
        )
        .await;
    assert_eq!(shown.text("last_refusal"), "rate");
}

#[rstest]
#[tokio::test]
async fn without_its_database_known_keys_work_for_a_minute_and_unknown_ones_are_never_called_wrong(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    world.service.store().close();
    world.clock.forward_ms(10_000);
    let known = judge(&world, Action::WriteModels).await.unwrap();
    assert!(
        known
            .headers
            .contains(&("x-hokusai-auth", "stale".to_owned()))
    );
    let delete = judge(&world, Action::DeleteModels).await.unwrap_err();
    assert_eq!(delete.kind(), ErrorKind::Unavailable);
    let (status, code, _) = refusal(&world, &stranger()).await;
    assert_eq!(
        (status, code.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "store-down")
    );
    world.clock.forward_ms(60_000);
    let late = world
        .ask("GET", "/api/v1/keys", &world.admin, Value::Null)
        .await;
    assert_eq!(late.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(late.header("retry-after"), "1");
}
