//! Security 22: what a server says is data in every form of the report.

use hokusai_verify::probing::Tls;
use serde_json::json;

use crate::run::verify;
use crate::server::{Recorder, Reply, certificate};

const PAYLOAD: &str = "</td></table><script>alert(1)</script> | `code` **bold** [link](javascript:alert(1)) <img src=x onerror=alert(1)> \u{1b}[31mred\u{1b}]8;;http://evil.test\u{7} \u{9b}2J \u{202e}live\u{202c} \u{200b}\u{0} ]]> &amp; \"q\" 'a' hk_live_SECRETsecretSECRETsecret0123";

#[tokio::test]
async fn bodies_headers_and_redirects_are_shown_as_text() {
    let hostile = Recorder::start(None, |seen| {
        // A header can't hold line ends and control characters; everything else it can.
        let header: String = PAYLOAD.chars().filter(|c| !c.is_control()).collect();
        let status = if seen.path.starts_with("/version") {
            302
        } else {
            500
        };
        Reply::json(
            status,
            &header,
            &json!({"message": PAYLOAD, "version": PAYLOAD, "code": PAYLOAD, "service": PAYLOAD}),
        )
        .with("Location", &header)
    })
    .await;
    let green = Recorder::start(None, |_| {
        Reply::json(
            200,
            "registry",
            &json!({"service": "registry", "version": PAYLOAD, "status": PAYLOAD, "ready": true}),
        )
    })
    .await;
    let at = |server: &Recorder| format!("http://127.0.0.1:{}", server.port);
    let run = verify(&at(&hostile), &at(&green), None).await;
    for (form, text) in run.reports() {
        assert!(text.contains("script"), "{form} shows what was said");
        assert_is_data(form, &text);
    }
}

#[tokio::test]
async fn the_names_of_a_certificate_are_shown_as_text() {
    let (config, pem) = certificate("evil\u{1b}[31m<script>.test");
    let server = Recorder::start(Some(config), |_| Reply::json(200, "auth", &json!({}))).await;
    let tls = Tls::new(Some(pem.as_bytes())).unwrap();
    let url = format!("https://localhost:{}", server.port);
    let run = verify(&url, &url, Some(tls)).await;
    assert!(!run.causes.is_empty());
    for (form, text) in run.reports() {
        assert_is_data(form, &text);
    }
}

fn assert_is_data(form: &str, text: &str) {
    for c in text.chars() {
        let is_allowed = !c.is_control() || c == '\n';
        let is_directional = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(is_allowed && !is_directional, "{form} holds {c:?}");
    }
    assert!(!text.contains("SECRETsecret"), "{form} shows a key");
    match form {
        "html" | "junit" => {
            assert!(
                !text.contains("<script") && !text.contains("<img"),
                "{form}"
            );
            assert!(!text.contains("onerror=alert(1)>"), "{form}");
        }
        "markdown" => markdown_is_data(text),
        _ => {}
    }
}

/// Outside of code every character that could become markup is escaped, and no table row has more than its columns.
fn markdown_is_data(text: &str) {
    for line in text.lines() {
        let outside: String = line.split('`').step_by(2).collect();
        let bare = outside
            .replace("\\<", "")
            .replace("\\[", "")
            .replace("\\*", "");
        assert!(
            !bare.contains("<script") && !bare.contains("[link]") && !bare.contains("**bold"),
            "{line}"
        );
        if line.starts_with("| ") {
            let columns = line.replace("\\|", "").matches('|').count();
            assert_eq!(columns, 4, "{line}");
        }
    }
}
