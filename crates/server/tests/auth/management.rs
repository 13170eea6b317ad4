//! Who may do what to which key.

use hokusai_core::access::Scope;
use hokusai_core::key::{ApiKey, Environment};
use hokusai_store::statement::Schema;
use hokusai_store::{StoreError, audit, keys};
use hokusai_testkit::{Backend, TestDatabase};
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{OsRandom, World, open, record, wanted};

#[rstest]
#[tokio::test]
async fn other_peoples_keys_look_like_keys_that_do_not_exist(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (ada, _) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let (_, of_bob) = world
        .mint(&world.admin, wanted("bob", &["model:read"]))
        .await;
    for (method, path) in [
        ("GET", "/api/v1/keys/{id}"),
        ("DELETE", "/api/v1/keys/{id}"),
        ("POST", "/api/v1/keys/{id}/rotate"),
        ("GET", "/api/v1/usage/{id}/stats"),
    ] {
        let theirs = world
            .ask(method, &path.replace("{id}", &of_bob), &ada, Value::Null)
            .await;
        let nonsense = world
            .ask(method, &path.replace("{id}", "zzz"), &ada, Value::Null)
            .await;
        assert_eq!(theirs.status, 404, "{method} {path}");
        assert_eq!(
            theirs.body.to_string().replace(&of_bob, "zzz"),
            nonsense.body.to_string()
        );
        let allowed = world
            .ask(
                method,
                &path.replace("{id}", &of_bob),
                &world.admin,
                Value::Null,
            )
            .await;
        assert!(
            method == "POST" || allowed.status == 200,
            "{method} {path} {}",
            allowed.body
        );
    }
    let listed = world.ask("GET", "/api/v1/keys", &ada, Value::Null).await;
    assert_eq!(listed.body.as_array().unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn nobody_hands_out_more_than_they_have(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let mut body = wanted("ada", &["model:write"]);
    body["rate_limit_per_hour"] = json!(600);
    body["expires_in_days"] = json!(10);
    let (ada, _) = world.mint(&world.admin, body.clone()).await;
    world.mint(&ada, body.clone()).await;
    for (field, value) in [
        ("scopes", json!(["admin"])),
        ("scopes", json!(["keys:validate"])),
        ("user_id", json!("bob")),
        ("rate_limit_per_hour", json!(601)),
        ("rate_limit_per_hour", Value::Null),
        ("expires_in_days", json!(11)),
        ("expires_in_days", Value::Null),
        ("environment", json!("test")),
        ("service_id", json!("website")),
    ] {
        let mut wider = body.clone();
        wider[field] = value;
        let refused = world.ask("POST", "/api/v1/keys", &ada, wider).await;
        assert_eq!(refused.status, 403, "{field}: {}", refused.body);
    }
}

#[rstest]
#[tokio::test]
async fn a_thief_who_rotates_loses_the_new_key_when_the_owner_revokes_the_old(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (stolen, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let path = format!("/api/v1/keys/{id}/rotate");
    let rotated = world.ask("POST", &path, &stolen, Value::Null).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    let thief = rotated.text("api_key").to_owned();
    assert_eq!(
        world.validate(&thief, Value::Null).await.body["is_valid"],
        true
    );
    assert_eq!(
        world.validate(&stolen, Value::Null).await.body["is_valid"],
        true,
        "overlap"
    );
    let again = world.ask("POST", &path, &stolen, Value::Null).await;
    assert_eq!(again.status, 400, "a key in overlap does not rotate itself");
    world
        .ask(
            "DELETE",
            &format!("/api/v1/keys/{id}"),
            &world.admin,
            Value::Null,
        )
        .await;
    for key in [&thief, &stolen] {
        assert_eq!(
            world.validate(key, Value::Null).await.text("code"),
            "revoked"
        );
    }
}

#[rstest]
#[tokio::test]
async fn the_overlap_is_a_day_or_what_was_asked_for(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (old, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let path = format!("/api/v1/keys/{id}/rotate");
    world.ask("POST", &path, &world.admin, Value::Null).await;
    world.clock.forward_ms(86_399_000);
    world.service.follow().await.unwrap();
    assert_eq!(
        world.validate(&old, Value::Null).await.body["is_valid"],
        true
    );
    world.clock.forward_ms(1_000);
    assert_eq!(
        world.validate(&old, Value::Null).await.text("code"),
        "revoked"
    );

    let (old, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let path = format!("/api/v1/keys/{id}/rotate?overlap=0");
    world.ask("POST", &path, &world.admin, Value::Null).await;
    assert_eq!(
        world.validate(&old, Value::Null).await.text("code"),
        "revoked"
    );
}

#[rstest]
#[tokio::test]
async fn every_change_stands_in_the_audit_log_and_the_chain_is_whole(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (_, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    world
        .ask(
            "POST",
            &format!("/api/v1/keys/{id}/rotate"),
            &world.admin,
            Value::Null,
        )
        .await;
    world
        .ask(
            "DELETE",
            &format!("/api/v1/keys/{id}"),
            &world.admin,
            Value::Null,
        )
        .await;
    let log = world
        .ask("GET", "/api/v1/audit", &world.admin, Value::Null)
        .await;
    let actions: Vec<&str> = log.body["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        ["key.create", "key.create", "key.rotate", "key.revoke"]
    );
    assert_eq!(log.body["entries"][3]["client_ip"], "127.0.0.1");
    let broken: Result<Option<i64>, StoreError> = world
        .service
        .store()
        .read(|tx| audit::first_break(tx, Schema::Auth))
        .await;
    assert_eq!(broken.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn two_replicas_on_one_database_agree_after_the_next_poll(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (key, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let clock: std::sync::Arc<dyn hokusai_core::clock::Clock> = world.clock.clone();
    let second = hokusai_server::auth::service::AuthService::open(
        world.service.store().clone(),
        clock,
        std::sync::Arc::new(crate::world::OsRandom),
        hokusai_server::authority::stale::StaleWindow::default(),
    )
    .await
    .unwrap();
    world
        .ask(
            "DELETE",
            &format!("/api/v1/keys/{id}"),
            &world.admin,
            Value::Null,
        )
        .await;
    second.follow().await.unwrap();
    let record = second.by_raw(&key).unwrap();
    assert!(record.revoked_at_ms.is_some());
}

#[rstest]
#[tokio::test]
async fn a_database_that_had_a_key_never_makes_a_first_one_again_even_if_all_are_revoked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    world
        .ask("DELETE", "/api/v1/keys/root", &world.admin, Value::Null)
        .await;
    let again = hokusai_core::key::KeyRecord {
        id: "again".to_owned(),
        hash: hokusai_core::key::KeyHash([7; 32]),
        ..hokusai_core::key::KeyRecord::clone(&world.service.key("root").unwrap())
    };
    let made: Result<bool, StoreError> = world
        .service
        .store()
        .write(move |tx| keys::bootstrap(tx, &again))
        .await;
    assert!(!made.unwrap());
    world.service.reload().await.unwrap();
    assert_eq!(world.service.keys().len(), 1);
}

#[rstest]
#[tokio::test]
async fn two_first_starts_at_once_make_one_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = TestDatabase::new(backend);
    let store = open(database.location()).await;
    let attempt = |id: &'static str| {
        let key = ApiKey::generate(Environment::Live, &OsRandom);
        let record = record(id, &key, "admin", &[Scope::Admin], 1);
        store.write(move |tx| keys::bootstrap(tx, &record))
    };
    let (first, second): (Result<bool, StoreError>, Result<bool, StoreError>) =
        tokio::join!(attempt("a"), attempt("b"));
    assert_ne!(first.unwrap(), second.unwrap());
    let kept: Result<(i64, Vec<_>), StoreError> = store.read(|tx| keys::snapshot(tx)).await;
    assert_eq!(kept.unwrap().1.len(), 1);
}
