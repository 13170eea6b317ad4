//! TLS at the front door: server names, certificates, and their reload (security 16).

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::generate_simple_self_signed;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{RULES, Recipe, World};

const FILES: &str = r#"certificates = [{ names = ["auth.example.com"], chain = "auth.pem", key = "auth.key" }, { names = ["registry.example.com"], chain = "registry.pem", key = "registry.key" }]"#;

fn rules() -> String {
    RULES
        .replace(
            "protocol = \"http\"\nport = 80",
            &format!("protocol = \"https\"\nport = 443\n{FILES}"),
        )
        .replace("response_timeout_ms = 50", "response_timeout_ms = 5000")
}

/// Writes a certificate and its key; gives what a client must trust.
fn write(directory: &Path, stem: &str, name: &str) -> CertificateDer<'static> {
    let made = generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    std::fs::write(directory.join(format!("{stem}.pem")), made.cert.pem()).unwrap();
    let key = made.signing_key.serialize_pem();
    std::fs::write(directory.join(format!("{stem}.key")), key).unwrap();
    made.cert.der().clone()
}

async fn exchange(
    address: SocketAddr,
    root: &CertificateDer<'static>,
    name: &'static str,
    host: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(name).unwrap(), stream)
        .await?;
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer k\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn security_16_each_name_has_its_certificate_and_no_connection_reaches_another_name() {
    let recipe = Recipe {
        rules: rules(),
        ..Recipe::default()
    };
    let (world, [auth, registry]) = start(recipe).await;
    let answer = exchange(world.address, &auth, "auth.example.com", "auth.example.com")
        .await
        .unwrap();
    assert!(
        answer.contains("auth GET /") && answer.contains("\"x-forwarded-proto\": \"https\""),
        "{answer}"
    );
    let answer = exchange(
        world.address,
        &registry,
        "registry.example.com",
        "registry.example.com",
    )
    .await
    .unwrap();
    assert!(answer.contains("registry GET /"), "{answer}");
    let misdirected = exchange(
        world.address,
        &auth,
        "auth.example.com",
        "registry.example.com",
    )
    .await
    .unwrap();
    assert!(misdirected.starts_with("HTTP/1.1 421 "), "{misdirected}");
    assert!(
        exchange(
            world.address,
            &auth,
            "other.example.com",
            "auth.example.com"
        )
        .await
        .is_err()
    );
    assert!(
        exchange(world.address, &auth, "127.0.0.1", "auth.example.com")
            .await
            .is_err()
    );
    assert_eq!(
        (world.auth.notes().len(), world.registry.notes().len()),
        (1, 1)
    );
}

#[tokio::test]
async fn a_certificate_that_changes_on_disk_is_shown_to_the_next_client_and_a_broken_one_is_not() {
    let recipe = Recipe {
        rules: rules(),
        ..Recipe::default()
    };
    let (world, [auth, registry]) = start(recipe).await;
    let fresh = write(world.directory.path(), "auth", "auth.example.com");
    let name = "auth.example.com";
    let mut tries = 0;
    while exchange(world.address, &fresh, name, name).await.is_err() {
        tries += 1;
        assert!(tries < 500, "the new certificate was not shown");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(exchange(world.address, &auth, name, name).await.is_err());

    std::fs::write(world.directory.path().join("registry.pem"), "nonsense").unwrap();
    let mut metrics = String::new();
    while !metrics.contains("tables_refused_total 1") {
        metrics = world.admin.metrics().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let name = "registry.example.com";
    assert!(exchange(world.address, &registry, name, name).await.is_ok());
}

/// The files must be there before the table is read.
async fn start(recipe: Recipe) -> (World, [CertificateDer<'static>; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let roots = [
        write(directory.path(), "auth", "auth.example.com"),
        write(directory.path(), "registry", "registry.example.com"),
    ];
    (recipe.start_in(directory).await.unwrap(), roots)
}

#[tokio::test]
async fn a_certificate_for_somebody_else_keeps_the_door_shut() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "auth", "other.example.com");
    write(directory.path(), "registry", "registry.example.com");
    let recipe = Recipe {
        rules: rules(),
        ..Recipe::default()
    };
    let error = recipe.start_in(directory).await.err().unwrap();
    assert!(
        error
            .to_string()
            .contains("not valid for `auth.example.com`"),
        "{error}"
    );
}
