//! Security 5 over HTTP: a flood of strangers' keys grows neither the server's memory nor its audit log, and a good key still passes.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use reqwest::Method;

use crate::process::{Server, ask, read_key};

const CLIENTS: u64 = 4;
const PIPELINED: u64 = 50;
const KEYS: u64 = 100_000;

/// Sends keys from `first` on, some at a time; every one must be refused.
fn flood(address: &str, first: u64, count: u64) {
    let mut connection = TcpStream::connect(address).unwrap();
    let mut sent = 0;
    while sent < count {
        let mut requests = String::new();
        for n in 0..PIPELINED {
            let key = first + sent + n;
            write!(
                requests,
                "GET /api/v1/keys HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer hk_live_{key:032}\r\n\r\n"
            )
            .unwrap();
        }
        connection.write_all(requests.as_bytes()).unwrap();
        let mut answers = Vec::new();
        while complete(&answers) < PIPELINED {
            let mut bytes = [0; 8_192];
            let read = connection.read(&mut bytes).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&answers));
            answers.extend_from_slice(bytes.get(..read).unwrap());
        }
        let text = String::from_utf8_lossy(&answers);
        assert_eq!(
            text.matches("HTTP/1.1 401").count() as u64,
            PIPELINED,
            "{text}"
        );
        sent += PIPELINED;
    }
}

/// Answers that came whole: each ends with the last field of its body.
fn complete(bytes: &[u8]) -> u64 {
    String::from_utf8_lossy(bytes).matches("\"code\":").count() as u64
}

fn resident_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn flood_with(address: &str, from: u64, count: u64) {
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let share = count / CLIENTS;
            scope.spawn(move || flood(address, from + client * share, share));
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn security_5_a_flood_over_http_leaves_memory_and_audit_as_they_were_and_a_good_key_passes() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (data, file) = (place("data"), place("first"));
    let arguments = [
        "auth",
        "--auth-listen",
        "127.0.0.1:0",
        "--data-dir",
        &data,
        "--bootstrap-key-file",
        &file,
    ];
    let mut server = Server::start(folder.path(), &arguments, 1);
    let url = server.url("auth").to_owned();
    let address = url.trim_start_matches("http://").to_owned();
    flood_with(&address, 0, KEYS / 5);
    let before = resident_kib(&server);
    let started = Instant::now();
    flood_with(&address, KEYS, KEYS);
    let took = started.elapsed();
    let after = resident_kib(&server);
    println!("{KEYS} keys in {took:?}; memory {before} KiB, then {after} KiB");
    assert!(
        after < before + 8 * 1024,
        "memory grew: {before} KiB, {after} KiB"
    );
    let good = ask(
        Method::GET,
        &format!("{url}/api/v1/keys"),
        &read_key(Path::new(&file)),
        None,
    )
    .await;
    assert_eq!(good.status, 200);
    assert_eq!(server.stop(), Some(0));
    let listed = Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .env_clear()
        .args(["audit", "list", "--local", "--json", "--data-dir", &data])
        .output()
        .unwrap();
    let entries: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let refused = entries
        .iter()
        .filter(|entry| entry["action"].as_str().unwrap().starts_with("refused."))
        .count();
    // One address, one or two reasons, and the minutes that it took.
    let minutes = usize::try_from(took.as_secs()).unwrap() / 60 + 3;
    assert!((1..=2 * minutes).contains(&refused), "{refused}");
}
