//! Security 2: what happens to a key is decided on who asks and which key it is.

use hokusai_testkit::Backend;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{World, wanted};

/// Every kind of key that somebody may ask with or about.
struct Cast {
    world: World,
    /// Name, raw key, id.
    keys: Vec<(&'static str, String, String)>,
}

impl Cast {
    async fn new(backend: Backend) -> Self {
        let world = World::new(backend).await;
        let mut keys = Vec::new();
        for (name, user, scopes) in [
            ("ada", "ada", ["model:write"].as_slice()),
            ("ada's other", "ada", &["model:read"]),
            ("ada's revoked", "ada", &["model:read"]),
            ("ada's rotated", "ada", &["model:read"]),
            ("bob", "bob", &["model:write"]),
            ("manager", "mo", &["keys:admin"]),
            ("service", "registry", &["keys:validate"]),
        ] {
            let (key, id) = world.mint(&world.admin, wanted(user, scopes)).await;
            keys.push((name, key, id));
        }
        let mut body = wanted("ada", &["model:read"]);
        body["expires_in_seconds"] = json!(1);
        let (expired, expired_id) = world.mint(&world.admin, body).await;
        keys.push(("ada's expired", expired, expired_id));
        let cast = Self { world, keys };
        let path = |name| format!("/api/v1/keys/{}", cast.id(name));
        cast.root("DELETE", &path("ada's revoked")).await;
        cast.root("POST", &format!("{}/rotate", path("ada's rotated")))
            .await;
        cast.world.clock.forward_ms(1_000);
        cast.world.service.follow().await.unwrap();
        cast
    }

    async fn root(&self, method: &str, path: &str) {
        let answer = self
            .world
            .ask(method, path, &self.world.admin, Value::Null)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    fn id(&self, name: &str) -> &str {
        &self
            .keys
            .iter()
            .find(|(known, ..)| *known == name)
            .unwrap()
            .2
    }

    fn key(&self, name: &str) -> &str {
        if name == "admin" {
            return &self.world.admin;
        }
        &self
            .keys
            .iter()
            .find(|(known, ..)| *known == name)
            .unwrap()
            .1
    }

    /// What `caller` hears when it does `what` to `target`.
    async fn hears(&self, caller: &str, what: &str, target: &str) -> u16 {
        let id = if target == "nonsense" {
            "zzz"
        } else {
            self.id(target)
        };
        let (method, path) = match what {
            "get" => ("GET", format!("/api/v1/keys/{id}")),
            "usage" => ("GET", format!("/api/v1/usage/{id}/stats")),
            "billing" => ("GET", format!("/api/v1/usage/{id}/billing")),
            "rotate" => ("POST", format!("/api/v1/keys/{id}/rotate")),
            _ => ("DELETE", format!("/api/v1/keys/{id}")),
        };
        self.world
            .ask(method, &path, self.key(caller), Value::Null)
            .await
            .status
            .as_u16()
    }
}

/// Caller, target, then get, usage, billing, rotate, revoke. Later rows see what earlier ones did.
const MATRIX: &[(&str, &str, [u16; 5])] = &[
    // Others' keys are the same as nonsense.
    ("ada", "bob", [404, 404, 404, 404, 404]),
    ("ada", "manager", [404, 404, 404, 404, 404]),
    ("ada", "nonsense", [404, 404, 404, 404, 404]),
    ("bob", "ada", [404, 404, 404, 404, 404]),
    ("bob", "ada's revoked", [404, 404, 404, 404, 404]),
    // Whoever only validates manages nothing, not even its own key.
    ("service", "service", [403, 403, 403, 403, 403]),
    ("service", "ada", [403, 403, 403, 403, 403]),
    // Dead keys do nothing.
    ("ada's revoked", "ada's revoked", [401, 401, 401, 401, 401]),
    ("ada's expired", "ada's expired", [401, 401, 401, 401, 401]),
    ("ada's expired", "ada", [401, 401, 401, 401, 401]),
    // A reader sees its owner's keys, and neither widens itself through a stronger one nor brings back the dead.
    ("ada's other", "ada's expired", [200, 200, 200, 400, 200]),
    ("ada's rotated", "ada's rotated", [200, 200, 200, 400, 200]),
    // Managing all keys is no way to get their scopes.
    ("manager", "nonsense", [404, 404, 404, 404, 404]),
    ("manager", "ada's revoked", [200, 200, 200, 400, 200]),
    ("manager", "bob", [200, 200, 200, 403, 200]),
    ("ada", "ada's other", [200, 200, 200, 200, 200]),
    ("ada", "ada", [200, 200, 200, 200, 200]),
    ("admin", "service", [200, 200, 200, 200, 200]),
];

#[rstest]
#[tokio::test]
async fn security_2_every_caller_target_and_operation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let cast = Cast::new(backend).await;
    assert_eq!(
        cast.hears("ada's other", "rotate", "ada").await,
        403,
        "a reader does not rotate a writer"
    );
    for (caller, target, expected) in MATRIX {
        for (what, status) in ["get", "usage", "billing", "rotate", "revoke"]
            .into_iter()
            .zip(expected)
        {
            let heard = cast.hears(caller, what, target).await;
            assert_eq!(heard, *status, "`{caller}` asks to {what} `{target}`");
        }
    }
}

#[rstest]
#[tokio::test]
async fn security_2_a_chain_of_rotations_shares_one_rate_bucket(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let mut body = wanted("ada", &["model:read"]);
    body["rate_limit_per_hour"] = json!(600);
    let (old, id) = world.mint(&world.admin, body).await;
    for _ in 0..6 {
        assert_eq!(
            world
                .ask("GET", "/api/v1/keys", &old, Value::Null)
                .await
                .status,
            200
        );
    }
    let path = format!("/api/v1/keys/{id}/rotate");
    let rotated = world.ask("POST", &path, &world.admin, Value::Null).await;
    let new = rotated.text("api_key").to_owned();
    for left in [3, 2, 1, 0] {
        let answer = world.ask("GET", "/api/v1/keys", &new, Value::Null).await;
        assert_eq!(
            (
                answer.status.as_u16(),
                answer.header("x-ratelimit-remaining")
            ),
            (200, left.to_string().as_str())
        );
    }
    for key in [&new, &old] {
        let answer = world.ask("GET", "/api/v1/keys", key, Value::Null).await;
        assert_eq!((answer.status.as_u16(), answer.text("code")), (429, "rate"));
    }
}

#[rstest]
#[tokio::test]
async fn security_2_at_most_one_predecessor_lives(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (first, first_id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let mut keys = vec![(first, first_id)];
    for _ in 0..3 {
        let (key, id) = keys.last().unwrap();
        let rotated = world
            .ask(
                "POST",
                &format!("/api/v1/keys/{id}/rotate"),
                key,
                Value::Null,
            )
            .await;
        assert_eq!(rotated.status, 200, "{}", rotated.body);
        keys.push((
            rotated.text("api_key").to_owned(),
            rotated.text("key_id").to_owned(),
        ));
    }
    let mut alive = Vec::new();
    for (key, _) in &keys {
        alive.push(world.validate(key, Value::Null).await.body["is_valid"] == true);
    }
    assert_eq!(alive, [false, false, true, true]);
}

#[rstest]
#[tokio::test]
async fn security_2_nobody_makes_a_key_for_more_addresses_than_their_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let mut body = wanted("ada", &["model:read"]);
    body["allowed_ips"] = json!(["127.0.0.0/8"]);
    let (bound, _) = world.mint(&world.admin, body.clone()).await;
    for (addresses, status) in [
        (json!(["127.0.0.0/8"]), 200),
        (json!(["127.0.0.1", "127.1.0.0/16"]), 200),
        (json!(["126.0.0.0/7"]), 403),
        (json!(["127.0.0.1", "10.0.0.1"]), 403),
        (json!(["::/0"]), 403),
        (Value::Null, 403),
    ] {
        body["allowed_ips"] = addresses;
        let answer = world
            .ask("POST", "/api/v1/keys", &bound, body.clone())
            .await;
        assert_eq!(answer.status, status, "{}", body["allowed_ips"]);
    }
}

#[rstest]
#[tokio::test]
async fn security_2_revoking_a_successor_ends_the_predecessor_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (old, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let path = format!("/api/v1/keys/{id}/rotate");
    let rotated = world.ask("POST", &path, &old, Value::Null).await;
    let path = format!("/api/v1/keys/{}", rotated.text("key_id"));
    let gone = world.ask("DELETE", &path, &world.admin, Value::Null).await;
    assert_eq!(gone.status, 200);
    for key in [old.as_str(), rotated.text("api_key")] {
        let judged = world.validate(key, Value::Null).await;
        assert_eq!(judged.text("code"), "revoked");
    }
}
