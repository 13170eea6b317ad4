//! A registry's side: verdicts over HTTP from a real auth service, and from servers that only look like one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use hokusai_core::access::Action;
use hokusai_core::clock::Clock;
use hokusai_core::key::ApiKey;
use hokusai_server::authority::http::HttpAuthority;
use hokusai_server::authority::stale::StaleWindow;
use hokusai_server::authority::{Authority as _, Identity, Presented};
use hokusai_server::error::{ApiError, ErrorKind};
use hokusai_server::outbound::auth_url;
use hokusai_testkit::Backend;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::world::{OsRandom, World, stranger, wanted};

/// Serves on a free port until the handle is aborted.
async fn serve(router: Router) -> (String, JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let task = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    (url, task)
}

fn authority(world: &World, url: &str, credential: &str) -> HttpAuthority {
    authority_with(world, url, credential, StaleWindow::default())
}

fn authority_with(
    world: &World,
    url: &str,
    credential: &str,
    window: StaleWindow,
) -> HttpAuthority {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock: Arc<dyn Clock> = world.clock.clone();
    HttpAuthority::new(
        &auth_url(url).unwrap(),
        ApiKey::parse(credential).unwrap(),
        clock,
        Arc::new(OsRandom),
        window,
    )
    .unwrap()
}

async fn judge(authority: &HttpAuthority, key: &str, action: Action) -> Result<Identity, ApiError> {
    authority
        .judge(Presented {
            key: key.to_owned(),
            source: "Authorization: Bearer",
            client_ip: "127.0.0.1".parse().ok(),
            action,
        })
        .await
}

fn code(error: &ApiError) -> &str {
    error
        .field("code")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[rstest]
#[tokio::test]
async fn reasons_travel_and_a_revocation_counts_after_a_second(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (credential, _) = world
        .mint(&world.admin, wanted("registry", &["keys:validate"]))
        .await;
    let (url, _task) = serve(hokusai_server::auth::router(&world.service)).await;
    let authority = authority(&world, &url, &credential);
    let (key, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let identity = judge(&authority, &key, Action::ReadModels).await.unwrap();
    assert_eq!(
        (identity.user.as_str(), identity.key_id),
        ("ada", id.clone())
    );
    let scope = judge(&authority, &key, Action::WriteModels)
        .await
        .unwrap_err();
    assert_eq!(
        (scope.kind(), code(&scope)),
        (ErrorKind::PermissionDenied, "scope")
    );
    let unknown = judge(&authority, &stranger(), Action::ReadModels)
        .await
        .unwrap_err();
    assert_eq!(
        (unknown.kind(), code(&unknown)),
        (ErrorKind::Unauthenticated, "unknown")
    );

    world
        .ask(
            "DELETE",
            &format!("/api/v1/keys/{id}"),
            &world.admin,
            Value::Null,
        )
        .await;
    world.clock.forward_ms(1_001);
    world.service.follow().await.unwrap();
    let revoked = judge(&authority, &key, Action::ReadModels)
        .await
        .unwrap_err();
    assert_eq!(code(&revoked), "revoked");
}

#[rstest]
#[tokio::test]
async fn cut_off_from_auth_a_known_key_works_for_a_minute_and_deletes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (credential, _) = world
        .mint(&world.admin, wanted("registry", &["keys:validate"]))
        .await;
    let (url, task) = serve(hokusai_server::auth::router(&world.service)).await;
    let authority = authority(&world, &url, &credential);
    let mut body = wanted("ada", &["model:write"]);
    body["expires_in_seconds"] = json!(30);
    let (short, _) = world.mint(&world.admin, body).await;
    for key in [&world.admin, &short] {
        judge(&authority, key, Action::WriteModels).await.unwrap();
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    world.service.store().close();
    world.clock.forward_ms(61_000);
    let late = judge(&authority, &world.admin, Action::ReadModels)
        .await
        .unwrap_err();
    assert_eq!(
        (late.kind(), code(&late)),
        (ErrorKind::Unavailable, "store-down")
    );
    world.clock.forward_ms(-21_000);
    let stale = judge(&authority, &world.admin, Action::ReadModels)
        .await
        .unwrap();
    assert!(
        stale
            .headers
            .contains(&("x-hokusai-auth", "stale".to_owned()))
    );
    let delete = judge(&authority, &world.admin, Action::DeleteModels)
        .await
        .unwrap_err();
    assert_eq!(code(&delete), "store-down");
    let expired = judge(&authority, &short, Action::ReadModels)
        .await
        .unwrap_err();
    assert_eq!(code(&expired), "expired");
}

#[tokio::test]
async fn security_3_without_a_stale_window_nothing_unconfirmed_counts() {
    let world = World::new(Backend::Sqlite).await;
    let (credential, _) = world
        .mint(&world.admin, wanted("registry", &["keys:validate"]))
        .await;
    let (url, task) = serve(hokusai_server::auth::router(&world.service)).await;
    let none = StaleWindow::from_seconds(0).unwrap();
    let authority = authority_with(&world, &url, &credential, none);
    judge(&authority, &world.admin, Action::ReadModels)
        .await
        .unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    world.service.store().close();
    // What was heard within the last second is fresh, not stale.
    world.clock.forward_ms(1_000);
    judge(&authority, &world.admin, Action::ReadModels)
        .await
        .unwrap();
    world.clock.forward_ms(1);
    let refused = judge(&authority, &world.admin, Action::ReadModels)
        .await
        .unwrap_err();
    assert_eq!(code(&refused), "store-down");
}

#[rstest]
#[tokio::test]
async fn who_only_looks_like_an_auth_service_is_not_believed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (credential, _) = world
        .mint(&world.admin, wanted("registry", &["keys:validate"]))
        .await;
    let (real, _task) = serve(hokusai_server::auth::router(&world.service)).await;
    let body = json!({"spend": false}).to_string();
    let replayed = reqwest_once(&world, &real, &credential, body).await;
    // Whoever is redirected to learns nothing: it is not asked.
    let is_asked = Arc::new(AtomicBool::new(false));
    let asking = Arc::clone(&is_asked);
    let (target, _task) = serve(Router::new().fallback(move || {
        asking.store(true, Ordering::SeqCst);
        async {}
    }))
    .await;
    let fakes = [
        Router::new().fallback(|| async { axum::Json(json!({"is_valid": true})) }),
        Router::new().fallback(move || {
            let location = format!("{target}/api/v1/keys/validate");
            async move { (StatusCode::TEMPORARY_REDIRECT, [("location", location)]) }
        }),
        Router::new().fallback(move || {
            let (headers, body) = replayed.clone();
            async move { (headers, body).into_response() }
        }),
        Router::new().fallback(|| async { (StatusCode::UNAUTHORIZED, "no") }),
    ];
    for fake in fakes {
        let (url, _task) = serve(fake).await;
        let authority = authority(&world, &url, &credential);
        let refused = judge(&authority, &world.admin, Action::ReadModels)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.kind(), code(&refused)),
            (ErrorKind::Unavailable, "store-down")
        );
    }
    assert!(!is_asked.load(Ordering::SeqCst), "a redirect was followed");
}

/// A real answer with its headers, to be played again.
async fn reqwest_once(
    world: &World,
    url: &str,
    credential: &str,
    body: String,
) -> (HeaderMap, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let response = reqwest::Client::new()
        .post(format!("{url}/api/v1/keys/validate"))
        .bearer_auth(&world.admin)
        .header("x-hokusai-service-key", credential)
        .header("x-hokusai-nonce", "old")
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let mut headers = HeaderMap::new();
    let signature = response.headers()["x-hokusai-verdict-signature"].clone();
    headers.insert("x-hokusai-verdict-signature", signature);
    (headers, response.text().await.unwrap())
}
