//! Security 21: servers that record every byte never see the caller's key, unless they have just shown who they are.

use base64::Engine as _;
use hokusai_verify::probing::Tls;
use serde_json::json;

use crate::run::{real_key, verify};
use crate::server::{Recorder, Reply, Seen, certificate};

/// Whether the key stands in the bytes: raw, or in base64 at any of its three offsets.
fn holds_the_key(bytes: &[u8]) -> bool {
    let key = real_key();
    let raw = key.reveal();
    let text = String::from_utf8_lossy(bytes);
    let encoded = (0..3).any(|offset| {
        let padded = format!("{}{raw}", "x".repeat(offset));
        let whole = base64::engine::general_purpose::STANDARD.encode(padded);
        // The ends depend on what stands beside it.
        text.contains(&whole[4..whole.len() - 4])
    });
    encoded || text.contains(raw)
}

/// An answer as the service of this name gives it.
fn as_service(service: &str, seen: &Seen) -> Reply {
    match seen.path.as_str() {
        "/health" => Reply::json(
            200,
            service,
            &json!({"service": service, "status": "healthy", "version": "1"}),
        ),
        _ if seen.path.starts_with("/api/v1/keys/validate") => {
            Reply::json(200, service, &json!({"is_valid": false, "code": "unknown"}))
        }
        _ => Reply::json(
            401,
            service,
            &json!({"code": "unknown", "message": "no such key"}),
        ),
    }
}

#[tokio::test]
async fn a_service_that_shows_who_it_is_gets_the_key() {
    // Without this, the tests below could pass because nothing ever sends the key.
    let auth = Recorder::start(None, |seen| as_service("auth", seen)).await;
    let registry = Recorder::start(None, |seen| as_service("registry", seen)).await;
    verify(&url(&auth), &url(&registry), None).await;
    assert!(holds_the_key(&auth.recorded()));
    assert!(holds_the_key(&registry.recorded()));
}

#[tokio::test]
async fn a_server_that_is_somebody_else_gets_canaries_only() {
    let other = Recorder::start(None, |seen| as_service("registry", seen)).await;
    let nobody = Recorder::start(None, |seen| {
        // Green, and no identity.
        Reply::json(
            if seen.path == "/health" { 200 } else { 401 },
            "",
            &json!({"status": "healthy"}),
        )
    })
    .await;
    let run = verify(&url(&other), &url(&nobody), None).await;
    assert_unleaked(&[&other, &nobody]);
    let check = run.verdict.check("auth.key-valid").unwrap();
    assert!(
        check.detail.contains("the key was not sent"),
        "{}",
        check.detail
    );
}

#[tokio::test]
async fn a_header_alone_and_a_body_alone_are_no_identity() {
    let header = Recorder::start(None, |seen| {
        let mut reply = as_service("auth", seen);
        reply.body = "{}".to_owned();
        reply
    })
    .await;
    let body = Recorder::start(None, |seen| {
        let mut reply = as_service("registry", seen);
        reply.headers.clear();
        reply
    })
    .await;
    verify(&url(&header), &url(&body), None).await;
    assert_unleaked(&[&header, &body]);
}

#[tokio::test]
async fn a_path_that_somebody_else_answers_gets_canaries_only() {
    let mixed = |service: &'static str| {
        move |seen: &Seen| match seen.path.as_str() {
            "/health" => as_service(service, seen),
            _ => Reply::json(401, "registry-api", &json!({"code": "unknown"})),
        }
    };
    let auth = Recorder::start(None, mixed("auth")).await;
    let registry = Recorder::start(None, mixed("registry")).await;
    let run = verify(&url(&auth), &url(&registry), None).await;
    assert_unleaked(&[&auth, &registry]);
    assert!(holds_the_canary(&auth.recorded()), "the canary goes first");
    assert!(!run.causes.is_empty());
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let trap = Recorder::start(None, |seen| as_service("auth", seen)).await;
    let target = url(&trap);
    let redirecting = |service: &'static str, target: String| {
        move |seen: &Seen| match seen.path.as_str() {
            "/health" => as_service(service, seen),
            _ => Reply::json(307, "front-door", &json!({})).with("Location", &target),
        }
    };
    let auth = Recorder::start(None, redirecting("auth", target.clone())).await;
    let registry = Recorder::start(None, redirecting("registry", target)).await;
    verify(&url(&auth), &url(&registry), None).await;
    assert!(trap.recorded().is_empty());
    assert_unleaked(&[&auth, &registry]);
}

#[tokio::test]
async fn a_service_that_redirects_its_own_answers_leads_nowhere_either() {
    let trap = Recorder::start(None, |seen| as_service("auth", seen)).await;
    let target = url(&trap);
    let auth = Recorder::start(None, move |seen| {
        as_service("auth", seen).with("Location", &target)
    })
    .await;
    let registry = Recorder::start(None, |seen| {
        let mut reply = as_service("registry", seen);
        if seen.path != "/health" {
            reply.status = 302;
        }
        reply.with("Location", "http://127.0.0.1:1/")
    })
    .await;
    verify(&url(&auth), &url(&registry), None).await;
    assert!(trap.recorded().is_empty());
}

#[tokio::test]
async fn who_changes_identity_between_two_connections_gets_canaries_only() {
    // Itself at first, closing after each canary; somebody else whenever it is asked again.
    let changing = |service: &'static str| {
        move |seen: &Seen| {
            let is_first = seen.number == 1;
            match seen.path.as_str() {
                "/health" if is_first => as_service(service, seen),
                "/health" => as_service("impostor", seen).closing(),
                _ => as_service(service, seen).closing(),
            }
        }
    };
    let auth = Recorder::start(None, changing("auth")).await;
    let registry = Recorder::start(None, changing("registry")).await;
    verify(&url(&auth), &url(&registry), None).await;
    assert_unleaked(&[&auth, &registry]);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_byte() {
    let (config, _) = certificate("localhost");
    let (other_config, _) = certificate("localhost");
    let (_, believed) = certificate("localhost");
    let auth = Recorder::start(Some(config), |seen| as_service("auth", seen)).await;
    let registry = Recorder::start(Some(other_config), |seen| as_service("registry", seen)).await;
    let tls = Tls::new(Some(believed.as_bytes())).unwrap();
    let run = verify(&tls_url(&auth), &tls_url(&registry), Some(tls)).await;
    assert!(auth.recorded().is_empty() && registry.recorded().is_empty());
    assert_eq!(run.causes[0].code, "certificate-untrusted");
}

#[tokio::test]
async fn a_certificate_for_another_name_gets_no_byte() {
    let (config, pem) = certificate("other.test");
    let auth = Recorder::start(Some(config), |seen| as_service("auth", seen)).await;
    let tls = Tls::new(Some(pem.as_bytes())).unwrap();
    let run = verify(&tls_url(&auth), &tls_url(&auth), Some(tls)).await;
    assert!(auth.recorded().is_empty());
    assert_eq!(run.causes[0].code, "certificate-wrong-name");
    assert!(
        run.causes[0].sentence.contains("`other.test`"),
        "{}",
        run.causes[0].sentence
    );
}

#[tokio::test]
async fn requests_that_are_meant_to_go_astray_carry_canaries_only() {
    let auth = Recorder::start(None, |seen| {
        let is_astray = seen.head.contains("hokusai-verify.invalid")
            || seen.path.contains("..")
            || seen.path.contains('%')
            || seen.path.starts_with("//")
            || seen.path.starts_with("/api/2.0/");
        assert!(
            !(is_astray && holds_the_key(seen.head.as_bytes())),
            "{} {}",
            seen.method,
            seen.path
        );
        as_service("auth", seen)
    })
    .await;
    let registry = Recorder::start(None, |seen| as_service("registry", seen)).await;
    verify(&url(&auth), &url(&registry), None).await;
    let recorded = auth.recorded();
    let text = String::from_utf8_lossy(&recorded);
    for astray in [
        "hokusai-verify.invalid",
        "..%2f",
        "/%2e/",
        "//api/",
        "/x/../api",
    ] {
        let at = text
            .find(astray)
            .unwrap_or_else(|| panic!("`{astray}` was not tried"));
        let start = text[..at].rfind("\r\n\r\n").unwrap_or(0);
        let end = at + text[at..].find("\r\n\r\n").unwrap();
        assert!(!holds_the_key(text[start..end].as_bytes()), "{astray}");
    }
}

fn assert_unleaked(servers: &[&Recorder]) {
    for server in servers {
        let recorded = server.recorded();
        assert!(!recorded.is_empty(), "it was asked");
        assert!(
            !holds_the_key(&recorded),
            "{}",
            String::from_utf8_lossy(&recorded)
        );
    }
}

fn holds_the_canary(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains("Bearer hk_test_")
}

fn url(server: &Recorder) -> String {
    format!("http://127.0.0.1:{}", server.port)
}

fn tls_url(server: &Recorder) -> String {
    format!("https://localhost:{}", server.port)
}
