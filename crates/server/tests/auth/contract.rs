//! `validate` in every variant that clients of the platform use, and who learns what from it.

use hokusai_core::key::{ApiKey, verdict};
use hokusai_testkit::Backend;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{HOME, World, request, stranger, wanted};

const VALIDATE: &str = "/api/v1/keys/validate";

#[rstest]
#[tokio::test]
async fn the_key_may_stand_in_any_header_or_in_the_body(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (key, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let basic = {
        use base64::Engine as _;
        let pair = format!("anything:{key}");
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(pair)
        )
    };
    let (bearer, api_key) = (format!("Bearer {key}"), format!("ApiKey {key}"));
    let variants: [(&[(&str, &str)], Value); 6] = [
        (&[("authorization", &bearer)], Value::Null),
        (&[("authorization", &api_key)], Value::Null),
        (&[("authorization", &basic)], Value::Null),
        (&[("x-api-key", &key)], Value::Null),
        (&[], json!({"api_key": key})),
        (
            &[("authorization", &bearer)],
            json!({"api_key": key, "service_id": "ml-platform"}),
        ),
    ];
    for path in [VALIDATE, "/auth/api/v1/keys/validate"] {
        for (headers, body) in &variants {
            let answer = world.send(request("POST", path, headers, body), HOME).await;
            assert_eq!(answer.status, 200, "{headers:?} {}", answer.body);
            assert_eq!(answer.body["is_valid"], true);
            assert_eq!(answer.text("key_id"), id);
        }
    }
}

#[rstest]
#[tokio::test]
async fn contradictions_are_refused_with_a_word_about_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let bearer = format!("Bearer {}", world.admin);
    let differ = json!({"api_key": stranger()});
    let two = world
        .send(
            request("POST", VALIDATE, &[("authorization", &bearer)], &differ),
            HOME,
        )
        .await;
    assert_eq!(
        (two.status.as_u16(), two.text("code")),
        (400, "keys_differ")
    );
    let path = format!("{VALIDATE}?api_key={}", world.admin);
    let query = world
        .send(request("POST", &path, &[], &Value::Null), HOME)
        .await;
    assert_eq!(
        (query.status.as_u16(), query.text("code")),
        (400, "key_in_query")
    );
    assert!(!query.body.to_string().contains(&world.admin));
    let none = world
        .send(request("POST", VALIDATE, &[], &Value::Null), HOME)
        .await;
    assert_eq!((none.status.as_u16(), none.text("code")), (401, "missing"));
}

#[rstest]
#[tokio::test]
async fn an_anonymous_caller_neither_claims_an_address_nor_learns_an_owner(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    // No key and no digest contains it by chance.
    const OWNER: &str = "nobody-learns-this-owner";
    let world = World::new(backend).await;
    let mut body = wanted(OWNER, &["model:read"]);
    body["allowed_ips"] = json!(["10.0.0.0/8"]);
    let (bound, _) = world.mint(&world.admin, body).await;
    let claim = world
        .validate(&bound, json!({"client_ip": "10.0.0.1"}))
        .await;
    assert_eq!(claim.status, 400);
    let wrong = world.validate(&bound, Value::Null).await;
    assert_eq!((wrong.status.as_u16(), wrong.text("code")), (200, "ip"));
    assert_eq!(wrong.body["is_valid"], false);
    let fields: Vec<&String> = wrong.body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["code", "error", "is_valid"]);
    assert!(!wrong.body.to_string().contains(OWNER));
}

#[rstest]
#[tokio::test]
async fn a_service_is_believed_and_gets_a_signed_answer_for_its_nonce(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (service, _) = world
        .mint(&world.admin, wanted("registry", &["keys:validate"]))
        .await;
    let mut body = wanted("ada", &["model:read"]);
    body["allowed_ips"] = json!(["10.0.0.0/8"]);
    let (bound, _) = world.mint(&world.admin, body).await;
    let bearer = format!("Bearer {bound}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-hokusai-service-key", service.as_str()),
        ("x-hokusai-nonce", "n1"),
    ];
    let body = json!({"client_ip": "10.0.0.1"});
    let full = world
        .send(request("POST", VALIDATE, &headers, &body), HOME)
        .await;
    assert_eq!(full.text("user_id"), "ada");
    let credential = ApiKey::parse(&service).unwrap();
    let hash = ApiKey::parse(&bound).unwrap().hash();
    let signature = full.header("x-hokusai-verdict-signature");
    let bytes = full.body.to_string();
    assert!(verdict::is_signed(
        &credential,
        "n1",
        hash,
        bytes.as_bytes(),
        signature
    ));
    assert!(!verdict::is_signed(
        &credential,
        "n2",
        hash,
        bytes.as_bytes(),
        signature
    ));

    let headers = [
        ("authorization", bearer.as_str()),
        ("x-hokusai-service-key", bound.as_str()),
    ];
    let pretender = world
        .send(request("POST", VALIDATE, &headers, &body), "10.0.0.1")
        .await;
    assert_eq!(
        (pretender.status.as_u16(), pretender.text("code")),
        (403, "scope")
    );
}

#[rstest]
#[tokio::test]
async fn after_ten_thousand_bad_keys_a_good_one_passes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let mut last = 0;
    // A hundred at a time: they share the question whether another replica just made them.
    for _ in 0..100 {
        let strangers: Vec<String> = (0..100).map(|_| stranger()).collect();
        let asked = strangers.iter().map(|key| world.validate(key, Value::Null));
        let answers = futures_util::future::join_all(asked).await;
        last = answers.last().unwrap().status.as_u16();
    }
    assert_eq!(last, 429);
    let good = world.validate(&world.admin, Value::Null).await;
    assert_eq!(
        (good.status.as_u16(), &good.body["is_valid"]),
        (200, &json!(true))
    );
}

#[rstest]
#[tokio::test]
async fn the_older_paths_keep_their_shapes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let body = json!({"name": "old", "expires_in_days": 3});
    let made = world
        .ask("POST", "/api/v1/auth/keys", &world.admin, body)
        .await;
    assert_eq!(made.status, 201);
    assert!(made.text("key").starts_with("hk_live_"));
    let listed = world
        .ask("GET", "/api/v1/auth/keys", &world.admin, Value::Null)
        .await;
    assert_eq!(listed.body["total"], 2);
    let bare = world
        .ask("GET", "/api/v1/keys", &world.admin, Value::Null)
        .await;
    assert_eq!(bare.body[0]["id"], bare.body[0]["key_id"]);
    for (field, value) in [
        ("allowed_ips", json!([])),
        ("expires_in_days", json!(400)),
        ("scopes", json!(["root"])),
        ("service_id", json!("x")),
    ] {
        let mut body = json!({"name": "bad"});
        body[field] = value;
        let refused = world.ask("POST", "/api/v1/keys", &world.admin, body).await;
        assert_eq!(refused.status, 422, "{field}");
        assert!(refused.text("message").contains(field), "{}", refused.body);
    }
}

#[tokio::test]
async fn public_routes_are_these_and_no_others() {
    use hokusai_server::gate::Access;
    let public: Vec<&str> = hokusai_server::auth::routes()
        .iter()
        .filter(|route| route.access() == Access::Public)
        .map(hokusai_server::routing::Route::path)
        .collect();
    assert_eq!(
        public,
        [
            "/",
            "/live",
            "/health",
            "/ready",
            "/version",
            "/metrics",
            "/openapi.json",
            VALIDATE
        ]
    );
}

#[rstest]
#[tokio::test]
async fn the_raw_key_is_nowhere_on_disk_in_metrics_or_in_errors(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (key, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    for body in [
        json!({"client_ip": key}),
        json!({"required_scope": key}),
        json!({"service_id": key}),
    ] {
        let answer = world.validate(&key, body).await;
        assert!(!answer.body.to_string().contains(&key), "{}", answer.body);
    }
    for path in [
        format!("/api/v1/keys/{key}"),
        format!("/{key}"),
        format!("/api/v1/keys/{id}"),
        "/metrics".to_owned(),
    ] {
        let answer = world.ask("GET", &path, &key, Value::Null).await;
        assert!(!answer.body.to_string().contains(&key), "{}", answer.body);
    }
    world.service.flush().await.unwrap();
    for kept in world.everything_kept().await {
        assert!(
            !kept
                .windows(key.len())
                .any(|window| window == key.as_bytes())
        );
    }
}
