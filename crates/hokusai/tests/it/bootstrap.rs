//! Security 6: the first key is made once and seen by its owner alone, and what is kept is kept private.

use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use reqwest::Method;
use serde_json::Value;

use crate::process::{Server, ask, read_key};

const ANY: &str = "127.0.0.1:0";

fn hokusai(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .env_clear()
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn holds_a_key(text: &str) -> bool {
    text.split("hk_live_")
        .skip(1)
        .any(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).count() >= 26)
}

fn place(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn security_6_to_a_pipe_no_key_is_printed_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = place(folder.path(), "data");
    let refused = hokusai(&["serve", "auth", "--auth-listen", ANY, "--data-dir", &data]);
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&refused.stdout),
        String::from_utf8_lossy(&refused.stderr)
    );
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains("--bootstrap-key-file") && !holds_a_key(&said),
        "{said}"
    );
    let file = place(folder.path(), "key");
    let mut server = Server::start(
        folder.path(),
        &[
            "auth",
            "--auth-listen",
            ANY,
            "--data-dir",
            &data,
            "--bootstrap-key-file",
            &file,
        ],
        1,
    );
    assert!(
        holds_a_key(&read_key(Path::new(&file))),
        "the one bootstrap was not used up"
    );
    assert_eq!(server.stop(), Some(0));
    assert!(!holds_a_key(&server.log()), "{}", server.log());
}

#[test]
fn security_6_on_a_terminal_the_key_is_printed_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = place(folder.path(), "data");
    // `script` gives the command a terminal of its own.
    let on_a_terminal = |until: &str| {
        let binary = env!("CARGO_BIN_EXE_hokusai");
        let command =
            format!("{binary} serve auth --auth-listen {ANY} --data-dir {data} --announce");
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("HOKUSAI_LOG", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains(until) {
            assert!(
                std::io::BufRead::read_line(&mut lines, &mut said).unwrap() > 0,
                "{said}"
            );
        }
        // It passes the signal on.
        let id = child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        child.wait().unwrap();
        said
    };
    let first = on_a_terminal("\"url\"");
    assert!(
        first.contains("shown this once") && holds_a_key(&first),
        "{first}"
    );
    let second = on_a_terminal("\"url\"");
    assert!(!holds_a_key(&second), "{second}");
}

#[test]
fn security_6_the_key_file_is_new_and_no_symlink_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file, target) = (
        place(folder.path(), "data"),
        place(folder.path(), "key"),
        place(folder.path(), "target"),
    );
    let start = || {
        hokusai(&[
            "serve",
            "auth",
            "--auth-listen",
            ANY,
            "--data-dir",
            &data,
            "--bootstrap-key-file",
            &file,
        ])
    };
    std::fs::write(&file, "precious").unwrap();
    assert_ne!(start().status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    std::fs::remove_file(&file).unwrap();
    symlink(&target, &file).unwrap();
    assert_ne!(start().status.code(), Some(0));
    assert!(
        !Path::new(&target).exists(),
        "a dangling link would be written through"
    );
}

#[test]
fn security_6_everything_is_private_under_any_umask() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (place(folder.path(), "data"), place(folder.path(), "key"));
    let script = "umask 000; exec \"$@\"";
    let mut child = Command::new("sh")
        .env_clear()
        .args([
            "-c",
            script,
            "sh",
            env!("CARGO_BIN_EXE_hokusai"),
            "serve",
            "--auth-listen",
            ANY,
            "--registry-listen",
            ANY,
        ])
        .args([
            "--data-dir",
            &data,
            "--bootstrap-key-file",
            &file,
            "--announce",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    for _ in 0..2 {
        std::io::BufRead::read_line(&mut stdout, &mut String::new()).unwrap();
    }
    let mut open = Vec::new();
    let mut count = 0;
    visit(Path::new(&data), &mut |path, mode| {
        count += 1;
        if mode & 0o077 != 0 {
            open.push(format!("{} {mode:o}", path.display()));
        }
    });
    let key_mode = std::fs::metadata(&file).unwrap().mode() & 0o777;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(count >= 5, "{count}");
    assert_eq!(open, Vec::<String>::new());
    assert_eq!(key_mode, 0o600);
}

fn visit(path: &Path, see: &mut impl FnMut(&Path, u32)) {
    let metadata = std::fs::symlink_metadata(path).unwrap();
    see(path, metadata.mode() & 0o777);
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            visit(&entry.unwrap().path(), see);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_6_all_keys_revoked_and_started_again_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (data, first, second) = (
        place(folder.path(), "data"),
        place(folder.path(), "first"),
        place(folder.path(), "second"),
    );
    let start = |file: &str| {
        Server::start(
            folder.path(),
            &[
                "auth",
                "--auth-listen",
                ANY,
                "--data-dir",
                &data,
                "--bootstrap-key-file",
                file,
            ],
            1,
        )
    };
    let mut server = start(&first);
    let admin = read_key(Path::new(&first));
    let keys = ask(
        Method::GET,
        &format!("{}/api/v1/keys", server.url("auth")),
        &admin,
        None,
    )
    .await;
    let id = keys.body[0]["id"].as_str().unwrap().to_owned();
    let gone = ask(
        Method::DELETE,
        &format!("{}/api/v1/keys/{id}", server.url("auth")),
        &admin,
        None,
    )
    .await;
    assert_eq!(gone.status, 200);
    assert_eq!(server.stop(), Some(0));
    let mut again = start(&second);
    assert!(!Path::new(&second).exists(), "a second first key was made");
    assert_eq!(again.stop(), Some(0));

    let recovered = hokusai(&[
        "keys",
        "create",
        "--local",
        "--name",
        "rescue",
        "--scope",
        "admin",
        "--data-dir",
        &data,
    ]);
    assert_eq!(recovered.status.code(), Some(0), "{recovered:?}");
    let log = hokusai(&["audit", "list", "--local", "--json", "--data-dir", &data]);
    let entries: Value = serde_json::from_slice(&log.stdout).unwrap();
    let actors: Vec<&str> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["actor"].as_str().unwrap())
        .collect();
    assert_eq!(actors, ["bootstrap", &id, "local"], "recovery is audited");
}

#[test]
fn security_6_two_first_starts_race_on_postgresql_and_make_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let database = hokusai_testkit::whole_postgres_database();
    let files = [place(folder.path(), "one"), place(folder.path(), "two")];
    let servers: Vec<Server> = std::thread::scope(|scope| {
        let starts: Vec<_> = files
            .iter()
            .map(|file| {
                let arguments = [
                    "auth",
                    "--auth-listen",
                    ANY,
                    "--database-url",
                    &database,
                    "--bootstrap-key-file",
                    file,
                ]
                .map(str::to_owned);
                let folder = folder.path();
                scope.spawn(move || {
                    Server::start(folder, &arguments.each_ref().map(String::as_str), 1)
                })
            })
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert_eq!(servers.len(), 2, "both serve");
    let made: Vec<&String> = files
        .iter()
        .filter(|file| Path::new(file).exists())
        .collect();
    assert_eq!(made.len(), 1, "{files:?}");
}

#[test]
fn security_6_local_recovery_is_refused_while_a_server_holds_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let data = ["--data-dir".to_owned(), place(folder.path(), "data")];
    let database = [
        "--database-url".to_owned(),
        hokusai_testkit::whole_postgres_database(),
    ];
    for (which, location) in [("first", data), ("second", database)] {
        let location: Vec<&str> = location.iter().map(String::as_str).collect();
        let file = place(folder.path(), which);
        let arguments = [
            &["auth", "--auth-listen", ANY, "--bootstrap-key-file", &file],
            location.as_slice(),
        ]
        .concat();
        let mut server = Server::start(folder.path(), &arguments, 1);
        let local = [&["keys", "list", "--local"], location.as_slice()].concat();
        let refused = hokusai(&local);
        assert_eq!(refused.status.code(), Some(3), "{refused:?}");
        assert!(
            String::from_utf8_lossy(&refused.stderr).contains("stop"),
            "{refused:?}"
        );
        assert_eq!(server.stop(), Some(0));
        let listed = hokusai(&local);
        assert_eq!(listed.status.code(), Some(0), "{listed:?}");
    }
}
