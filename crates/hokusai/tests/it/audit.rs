//! Security 8: `hokusai audit` lists, exports and verifies, and finds what somebody did around the server.

use std::process::{Command, Output};

use hokusai_store::statement::Schema;
use hokusai_store::{Location, Store, StoreError, StoreOptions, audit};
use hokusai_testkit::tamper;
use reqwest::Method;
use serde_json::{Value, json};

use crate::process::{Server, ask, mint, read_key};

struct Audited {
    folder: tempfile::TempDir,
    server: Server,
    database: String,
    admin: String,
}

impl Audited {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = hokusai_testkit::whole_postgres_database();
        let file = folder.path().join("first-key");
        let arguments = [
            "auth",
            "--auth-listen",
            "127.0.0.1:0",
            "--database-url",
            &database,
            "--bootstrap-key-file",
            file.to_str().unwrap(),
        ];
        let server = Server::start(folder.path(), &arguments, 1);
        let admin = read_key(&file);
        for name in ["a", "b", "c"] {
            mint(server.url("auth"), &admin, json!({"name": name})).await;
        }
        Self {
            folder,
            server,
            database,
            admin,
        }
    }

    fn audit(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hokusai"))
            .env_clear()
            .env("HOKUSAI_API_KEY", &self.admin)
            .arg("audit")
            .args(arguments)
            .args(["--auth-url", self.server.url("auth")])
            .output()
            .unwrap()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const OPEN: &str = "SET search_path = hokusai_auth; ALTER TABLE audit DISABLE TRIGGER ALL;";

#[tokio::test(flavor = "multi_thread")]
async fn security_8_a_log_is_listed_exported_and_found_whole() {
    let it = Audited::start().await;
    let whole = it.audit(&["verify"]);
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    assert!(text(&whole).contains("4 entries"), "{whole:?}");
    let listed = it.audit(&["list", "--json", "--after", "1"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert!(text(&it.audit(&["list"])).contains("key.create"));
    let file = it.folder.path().join("audit.jsonl");
    let exported = it.audit(&["export", file.to_str().unwrap()]);
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    let lines = std::fs::read_to_string(&file).unwrap();
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((lines.lines().count(), &last["seq"]), (4, &json!(4)));
    let again = it.audit(&["verify", "--head", last["hash"].as_str().unwrap()]);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    let over = it.audit(&["export", file.to_str().unwrap()]);
    assert_eq!(over.status.code(), Some(2), "nothing is overwritten");
}

#[tokio::test(flavor = "multi_thread")]
async fn security_8_an_edited_row_is_found_and_named() {
    let it = Audited::start().await;
    let edit = "UPDATE audit SET actor = 'nobody' WHERE seq = 3";
    tamper(&it.database, &format!("{OPEN} {edit}"));
    let found = it.audit(&["verify"]);
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    assert!(text(&found).contains("entry 3 was changed"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn security_8_a_cut_tail_is_found_even_if_the_recorded_head_was_moved_back() {
    let it = Audited::start().await;
    let before: Value = serde_json::from_slice(&it.audit(&["verify", "--json"]).stdout).unwrap();
    tamper(
        &it.database,
        &format!("{OPEN} DELETE FROM audit WHERE seq = 4"),
    );
    let cut = it.audit(&["verify"]);
    assert_eq!(cut.status.code(), Some(1), "{cut:?}");
    assert!(text(&cut).contains("entry 4"), "{cut:?}");
    let moved = "UPDATE auth_state SET audit_head = (SELECT hash FROM audit WHERE seq = 3)";
    tamper(&it.database, &format!("{OPEN} {moved}"));
    let fooled = it.audit(&["verify"]);
    assert_eq!(
        fooled.status.code(),
        Some(0),
        "nothing in the database tells"
    );
    let head = before["head"].as_str().unwrap();
    let against_log = it.audit(&["verify", "--head", head]);
    assert_eq!(against_log.status.code(), Some(1), "{against_log:?}");
    assert!(text(&against_log).contains("cut off"), "{against_log:?}");
}

/// A log with two entries of 2001 and what the server adds when it starts.
fn with_old_entries(schema: Schema, data: &str) {
    let location = Location::Sqlite {
        directory: data.into(),
    };
    let store = Store::open(&StoreOptions::new(location, schema)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for n in 1..=2 {
        let old = audit::Entry {
            at_ms: 1_000_000_000_000 + n,
            actor: "someone".to_owned(),
            action: "alias.set".to_owned(),
            target: format!("churn@champion: {n}"),
            client_ip: None,
        };
        let written: Result<(), StoreError> =
            runtime.block_on(store.write(move |tx| audit::append(tx, schema, &old)));
        written.unwrap();
    }
    store.close();
}

/// `hokusai audit …` about the log of one service; its exit code and what it said.
fn audit(server: &Server, key: &str, log: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .env_clear()
        .env("HOKUSAI_API_KEY", key)
        .args(["audit", "--log", log])
        .args(arguments)
        .args(["--auth-url", server.url("auth")])
        .args(["--registry-url", server.url("registry")])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn security_8_old_entries_go_into_sealed_segments_and_both_logs_stay_whole() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (data, first) = (place("data"), place("first"));
    let prepared = data.clone();
    let prepare = move || {
        with_old_entries(Schema::Auth, &prepared);
        with_old_entries(Schema::Registry, &prepared);
    };
    std::thread::spawn(prepare).join().unwrap();
    let any = "127.0.0.1:0";
    let arguments = [
        "--auth-listen",
        any,
        "--registry-listen",
        any,
        "--data-dir",
        &data,
        "--bootstrap-key-file",
        &first,
    ];
    let server = Server::start(folder.path(), &arguments, 2);
    let admin = read_key(first.as_ref());
    let reader = json!({"name": "reader", "scopes": ["audit:read"]});
    let (reader, _) = mint(server.url("auth"), &admin, reader).await;
    for log in ["auth", "registry"] {
        let file = place(&format!("{log}.jsonl"));
        let (code, said) = audit(&server, &reader, log, &["seal", &file]);
        assert_eq!(code, Some(3), "who only reads seals nothing: {said}");
        std::fs::remove_file(&file).unwrap();
        let (code, said) = audit(&server, &admin, log, &["seal", &file, "--keep-days", "29"]);
        assert_eq!(code, Some(2), "{said}");
        let (code, said) = audit(&server, &admin, log, &["seal", &file]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("sealed 2 entries up to number 2"), "{said}");
        let (_, listed) = audit(&server, &admin, log, &["list", "--json"]);
        let listed: Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed[0]["seq"], 3, "{listed}");
        let (code, said) = audit(&server, &reader, log, &["verify"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("2 of them sealed"), "{said}");
        let (code, said) = audit(&server, &reader, log, &["verify", "--segment", &file]);
        assert_eq!(code, Some(0), "{said}");
        let edited = std::fs::read_to_string(&file)
            .unwrap()
            .replace("someone", "nobody");
        std::fs::write(&file, edited).unwrap();
        let (code, said) = audit(&server, &reader, log, &["verify", "--segment", &file]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("entry 1 was changed"), "{said}");
        let again = place(&format!("{log}-again.jsonl"));
        let (code, said) = audit(&server, &admin, log, &["seal", &again]);
        assert_eq!((code, said.contains("no entry is older")), (Some(0), true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_8_the_program_s_log_names_where_the_audit_logs_end() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (data, first) = (place("data"), place("first"));
    let any = "127.0.0.1:0";
    let arguments = [
        "--auth-listen",
        any,
        "--registry-listen",
        any,
        "--data-dir",
        &data,
        "--bootstrap-key-file",
        &first,
    ];
    let mut server = Server::start(folder.path(), &arguments, 2);
    let admin = read_key(first.as_ref());
    let model = format!(
        "{}/api/2.0/mlflow/registered-models/create",
        server.url("registry")
    );
    let made = ask(Method::POST, &model, &admin, Some(json!({"name": "churn"}))).await;
    assert_eq!(made.status, 200);
    let heads = ["auth", "registry"].map(|log| {
        let (_, said) = audit(&server, &admin, log, &["verify", "--json"]);
        let said: Value = serde_json::from_str(&said).unwrap();
        said["head"].as_str().unwrap().to_owned()
    });
    // Whoever keeps this log can show later that an end was cut off. It is named at the start, and then every minute if it moved.
    assert_eq!(server.stop(), Some(0));
    let again = Server::start(folder.path(), &arguments, 2);
    let started = std::time::Instant::now();
    while !heads.iter().all(|head| again.log().contains(head)) {
        assert!(started.elapsed().as_secs() < 20, "{}", again.log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
