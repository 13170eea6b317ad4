//! Security 1 and 5: what somebody without a credential learns from `validate`, may claim there, and can make the service read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes};
use axum::http::Request;
use futures_util::stream;
use hokusai_testkit::Backend;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{HOME, World, request, stranger, wanted};

const VALIDATE: &str = "/api/v1/keys/validate";
/// No key and no digest contains it by chance.
const OWNER: &str = "nobody-learns@this-owner.example";

#[rstest]
#[tokio::test]
async fn security_1_a_refusal_says_why_and_nothing_about_the_owner(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let mut keys = Vec::new();
    for (code, field, value) in [
        ("revoked", "name", json!("x")),
        ("ip", "allowed_ips", json!(["10.0.0.0/8"])),
        ("expired", "expires_in_seconds", json!(1)),
    ] {
        let mut body = wanted(OWNER, &["model:read"]);
        body[field] = value;
        let (key, id) = world.mint(&world.admin, body).await;
        if code == "revoked" {
            let path = format!("/api/v1/keys/{id}");
            world.ask("DELETE", &path, &world.admin, Value::Null).await;
        }
        keys.push((key, code));
    }
    keys.push((stranger(), "unknown"));
    world.clock.forward_ms(1_000);
    world.service.follow().await.unwrap();
    for (key, code) in keys {
        let refused = world.validate(&key, Value::Null).await;
        assert_eq!((refused.status.as_u16(), refused.text("code")), (200, code));
        let fields: Vec<&String> = refused.body.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["code", "error", "is_valid"], "{code}");
        let said = format!("{:?} {}", refused.headers, refused.body);
        assert!(
            !said.contains(OWNER) && !said.contains("model:read"),
            "{said}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn security_1_a_service_s_key_where_users_keys_stand_is_a_user_s_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (service, _) = world
        .mint(&world.admin, wanted("registry", &["keys:validate"]))
        .await;
    let bearer = format!("Bearer {service}");
    for headers in [("authorization", bearer.as_str()), ("x-api-key", &service)] {
        let body = json!({"client_ip": "10.0.0.1"});
        let claim = world
            .send(request("POST", VALIDATE, &[headers], &body), HOME)
            .await;
        assert_eq!(claim.status, 400, "{}", claim.body);
    }
}

#[rstest]
#[tokio::test]
async fn security_1_an_answer_says_whether_it_spends_the_rate(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (service, _) = world
        .mint(&world.admin, wanted("registry", &["keys:validate"]))
        .await;
    let mut body = wanted("ada", &["model:read"]);
    body["rate_limit_per_hour"] = json!(600);
    let (key, _) = world.mint(&world.admin, body).await;
    let spent = world.validate(&key, Value::Null).await;
    assert_eq!(
        (
            &spent.body["spends_rate"],
            spent.header("x-ratelimit-remaining")
        ),
        (&json!(true), "9")
    );
    let bearer = format!("Bearer {key}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-hokusai-service-key", &service),
    ];
    let free = json!({"spend": false});
    let told = world
        .send(request("POST", VALIDATE, &headers, &free), HOME)
        .await;
    assert_eq!(told.body["spends_rate"], false);
    // Nobody without a credential gets it for nothing.
    let asked = world.validate(&key, free).await;
    assert_eq!(
        (
            &asked.body["spends_rate"],
            asked.header("x-ratelimit-remaining")
        ),
        (&json!(true), "8")
    );
}

#[rstest]
#[case("POST", "/api/v1/keys")]
#[case("POST", "/api/v1/keys/root/rotate")]
#[case("POST", "/api/v1/usage/root")]
#[case("POST", "/api/v1/audit/seal")]
#[case("POST", "/nowhere")]
#[tokio::test]
async fn security_5_no_byte_of_a_body_is_read_before_the_key_was_judged(
    #[case] method: &str,
    #[case] path: &str,
) {
    let world = World::new(Backend::Sqlite).await;
    for key in [stranger(), "nonsense".to_owned(), String::new()] {
        let is_read = Arc::new(AtomicBool::new(false));
        let reading = Arc::clone(&is_read);
        let body = stream::poll_fn(move |_| {
            reading.store(true, Ordering::SeqCst);
            std::task::Poll::Ready(Some(Ok::<_, std::io::Error>(Bytes::from_static(b"x"))))
        });
        let sent = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(Body::from_stream(body));
        let refused = world.send(sent.unwrap(), HOME).await;
        assert!(
            [401, 404].contains(&refused.status.as_u16()),
            "{}",
            refused.body
        );
        assert!(
            !is_read.load(Ordering::SeqCst),
            "{method} {path} read the body"
        );
    }
}
