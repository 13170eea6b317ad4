//! What passes, and what it carries (security 15, 19, 20).

use hokusai_frontdoor::clear::KeysInClear;
use hokusai_frontdoor::service::Services;
use hokusai_wire::serve::PeerAddr;
use http::{Request, Response};

use crate::h2;
use crate::world::{RULES, Recipe, World};

#[tokio::test]
async fn each_host_reaches_its_group_and_nothing_else_is_guessed() {
    let world = World::new().await;
    let auth = world.get("auth.example.com", "/api/x?y=1").await;
    assert!(auth.contains("auth GET /api/x?y=1"), "{auth}");
    let registry = world.get("registry.example.com:8080", "/api").await;
    assert!(registry.contains("registry GET /api"), "{registry}");
    let unknown = world.get("other.example.com", "/api").await;
    assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
    assert!(
        unknown.contains("x-hokusai-answered-by: front-door"),
        "{unknown}"
    );
    assert!(
        unknown.contains("no rule matches host `other.example.com` and path `/api`"),
        "{unknown}"
    );
}

const SPOOFS: [(&str, &str); 7] = [
    ("X-Forwarded-For", "1.2.3.4"),
    ("X-Forwarded-Host", "evil.test"),
    ("X-Forwarded-User", "evil"),
    ("Forwarded", "for=1.2.3.4;host=evil.test"),
    ("X-Real-IP", "1.2.3.4"),
    ("X-Hokusai-User-Id", "evil"),
    ("X_Forwarded_For", "1.2.3.4"),
];

#[tokio::test]
async fn security_15_spoofed_headers_do_not_pass_over_either_protocol() {
    let world = World::new().await;
    let lines = SPOOFS
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .concat();
    let h1 = world.get_with("registry.example.com", "/", &lines).await;
    let h2 = h2::get(world.address, "registry.example.com", "/", &SPOOFS).await;
    for answer in [h1, h2] {
        assert!(answer.contains("registry GET /"), "{answer}");
        assert!(
            answer.contains("\"x-forwarded-for\": \"127.0.0.1\""),
            "{answer}"
        );
        assert!(
            answer.contains("\"x-forwarded-host\": \"registry.example.com\""),
            "{answer}"
        );
        assert!(
            !answer.contains("1.2.3.4") && !answer.contains("evil"),
            "{answer}"
        );
        // Nor may a target call itself the front door.
        assert!(
            !answer.to_lowercase().contains("answered-by: front-door"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn security_15_a_connection_header_cannot_drop_what_decides() {
    let world = World::new().await;
    for name in [
        "Host",
        "Authorization",
        "Cookie",
        "X-API-Key",
        "Content-Length",
        "X-Forwarded-For",
        "Forwarded",
    ] {
        let answer = world
            .exchange(format!(
                "GET / HTTP/1.1\r\nHost: registry.example.com\r\nConnection: {name}\r\n\r\n"
            ))
            .await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
    }
    assert_eq!(world.registry.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_trusted_proxy_is_believed() {
    let recipe = Recipe {
        trusted: &["127.0.0.0/8"],
        ..Recipe::default()
    };
    let world = recipe.start().await;
    let lines = "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n";
    let answer = world.get_with("registry.example.com", "/", lines).await;
    assert!(
        answer.contains("\"x-forwarded-for\": \"1.2.3.4\""),
        "{answer}"
    );
    assert!(
        answer.contains("\"x-forwarded-proto\": \"https\""),
        "{answer}"
    );
}

#[tokio::test]
async fn security_19_a_key_in_clear_is_refused_and_flagged_and_not_redirected() {
    let recipe = Recipe {
        keys_in_clear: KeysInClear::Never,
        ..Recipe::default()
    };
    let world = recipe.start().await;
    for line in [
        "Authorization: Bearer hk_live_x\r\n",
        "X-API-Key: hk_live_x\r\n",
    ] {
        let answer = world.get_with("registry.example.com", "/", line).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(
            answer.contains("sent in clear") && answer.contains("rotate"),
            "{answer}"
        );
        assert!(!answer.to_lowercase().contains("location:"), "{answer}");
    }
    assert_eq!(world.registry.notes(), Vec::<String>::new());
    let metrics = world.admin.metrics().await.unwrap();
    assert!(
        metrics.contains("hokusai_front_door_keys_in_clear_total 2"),
        "{metrics}"
    );
    // Without a key the same request passes.
    let answer = world.get("registry.example.com", "/").await;
    assert!(answer.contains("registry GET /"), "{answer}");
}

#[tokio::test]
async fn security_19_a_redirect_to_https_does_not_take_a_key_along() {
    let world = World::with_rules(&RULES.replace(
        "default = { respond = 404 }",
        "default = { redirect = { protocol = \"HTTPS\", port = \"443\" } }",
    ))
    .await;
    let redirected = world.get("other.example.com", "/a?b=1").await;
    assert!(redirected.starts_with("HTTP/1.1 301 "), "{redirected}");
    assert!(
        redirected.contains("location: https://other.example.com/a?b=1"),
        "{redirected}"
    );
    let line = "Authorization: Bearer hk_live_x\r\n";
    let refused = world.get_with("other.example.com", "/a", line).await;
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
}

#[tokio::test]
async fn security_20_doubly_encoded_slashes_pass_as_they_are() {
    let world = World::new().await;
    for path in ["/a%252fb", "/a%252Fb/%25", "/a%2541"] {
        let answer = world.get("registry.example.com", path).await;
        assert!(
            answer.contains(&format!("registry GET {path} ")),
            "{answer}"
        );
    }
    let refused = world.get("registry.example.com", "/a%2fb").await;
    assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
}

#[tokio::test]
async fn bodies_pass_in_both_framings_and_trailers_do_not() {
    let world = World::new().await;
    let sized = "PUT /a HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    assert!(
        world
            .exchange(sized)
            .await
            .contains("registry PUT /a \"hello\"")
    );
    let chunked = "PUT /a HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n3\r\nabc\r\n0\r\nX-Late: evil\r\n\r\n";
    let answer = world.exchange(chunked).await;
    assert!(answer.contains("registry PUT /a \"abc\""), "{answer}");
    assert!(
        !answer.contains("evil") && !answer.contains("trailer"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_request_keeps_its_id_from_end_to_end() {
    let world = World::new().await;
    let answer = world
        .get_with(
            "registry.example.com",
            "/",
            "X-Request-Id: 0123-abcd-4567\r\n",
        )
        .await;
    assert!(
        answer.contains("\"x-request-id\": \"0123-abcd-4567\""),
        "{answer}"
    );
    assert!(answer.contains("x-request-id: 0123-abcd-4567"), "{answer}");
    let own = world.get("nowhere.example.com", "/").await;
    assert!(own.contains("x-request-id: "), "{own}");
}

#[tokio::test]
async fn a_key_in_a_path_is_not_echoed() {
    let world = World::new().await;
    let answer = world.get("other.example.com", "/x/hk_live_secret/y").await;
    assert!(
        answer.contains("/x/hk_(masked)/y") && !answer.contains("secret"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_mounted_service_is_reached_without_a_connection() {
    let mut services = Services::default();
    let service = tower::service_fn(
        |request: Request<hokusai_frontdoor::body::RequestBody>| async move {
            let peer = request.extensions().get::<PeerAddr>().copied();
            let told = format!(
                "mounted {} {:?} {:?}",
                request.uri(),
                peer.is_some(),
                request.headers()
            );
            Ok::<_, std::convert::Infallible>(Response::new(
                http_body_util::Full::<bytes::Bytes>::from(told),
            ))
        },
    );
    services.mount("auth", service);
    let recipe = Recipe {
        rules: RULES.replace("[\"{auth}\"]", "[\"service:auth\"]"),
        services,
        ..Recipe::default()
    };
    let world = recipe.start().await;
    let answer = world.get("auth.example.com", "/x").await;
    assert!(answer.contains("mounted /x true"), "{answer}");
    assert!(
        answer.contains("\"x-forwarded-for\": \"127.0.0.1\""),
        "{answer}"
    );
}

#[tokio::test]
async fn a_service_that_does_not_run_here_is_said_at_the_start() {
    let recipe = Recipe {
        rules: RULES.replace("[\"{auth}\"]", "[\"service:auth\"]"),
        ..Recipe::default()
    };
    let error = recipe.try_start().await.err().unwrap();
    assert!(error.to_string().contains("`service:auth`"), "{error}");
}
